//! What a plan gives and what a ticket has left, in words and bars.

use bando_app::{Plan, TicketPage};
use bando_domain::{PlanTerms, Refusal, TicketState, Timestamp};

use super::guest::Guest;
use crate::format;
use crate::i18n::Lang;
use crate::views::{Gauge, TicketStatus};

/// What one gets besides the name, short: `1 hour`, `2 GB`, `5 Mbps`, `2 devices`. What the name
/// says already is not said twice.
pub(crate) fn facts(lang: Lang, plan: &Plan) -> Vec<String> {
    let terms = &plan.terms;
    let time = terms
        .validity_seconds
        .map(|seconds| format::duration(lang, seconds.into()));
    let data = terms.data.map(|data| format::bytes(lang, data.bytes()));
    let speed = terms
        .rate
        .map(|rate| format::speed(lang, rate.download_bps));
    let devices = (terms.device_limit > 1).then(|| lang.devices(device_limit(terms)));
    let facts = [time, data, speed, devices].into_iter().flatten();
    facts
        .filter(|fact| !fact.eq_ignore_ascii_case(&plan.name))
        .collect()
}

/// What is left of a ticket that still gives something: time, data.
pub(crate) fn words(lang: Lang, page: &TicketPage) -> Vec<String> {
    let Ok(standing) = &page.standing else {
        return Vec::new();
    };
    let time = standing
        .remaining
        .map(|left| format::short_duration(lang, left.as_secs()));
    let data = standing
        .remaining_octets
        .map(|left| format::bytes(lang, left));
    [time, data]
        .into_iter()
        .flatten()
        .map(|what| lang.left(what))
        .collect()
}

/// The bar of the time; none before it starts.
pub(crate) fn time_gauge(guest: &Guest, page: &TicketPage, now: Timestamp) -> Option<Gauge> {
    let lang = guest.lang;
    let ticket = &page.ticket;
    let Some(whole) = ticket.terms.validity() else {
        let left = lang.unlimited().to_owned();
        return Some(Gauge {
            percent: 100,
            left,
            detail: String::new(),
        });
    };
    if ticket.state == TicketState::Unused {
        return None;
    }
    let end = ticket.expires_at?;
    let left = page.standing.ok().map_or(0, |_| end.since(now).as_secs());
    Some(Gauge {
        percent: percent(left, whole.as_secs()),
        left: lang.left(format::short_duration(lang, left)),
        detail: lang.until(guest.near(end, now)),
    })
}

/// The bar of the data; none without a limit.
pub(crate) fn data_gauge(lang: Lang, page: &TicketPage) -> Option<Gauge> {
    let whole = page.ticket.terms.data?.bytes();
    let left = whole.saturating_sub(page.ticket.usage.total());
    Some(Gauge {
        percent: percent(left, whole),
        left: lang.left(format::bytes(lang, left)),
        detail: lang.out_of(format::bytes(lang, whole)),
    })
}

/// Where a ticket stands by the clock, which may be ahead of what is written down.
pub(crate) fn status(page: &TicketPage) -> TicketStatus {
    match (page.standing, page.ticket.state) {
        (Ok(_), TicketState::Unused) => TicketStatus::Unused,
        (Ok(_), _) => TicketStatus::Active,
        (Err(Refusal::UsedUp), _) => TicketStatus::UsedUp,
        (Err(Refusal::Revoked), _) => TicketStatus::Revoked,
        (Err(_), _) => TicketStatus::Expired,
    }
}

/// How many devices terms allow.
pub(crate) fn device_limit(terms: &PlanTerms) -> u64 {
    terms.device_limit.into()
}

fn percent(left: u64, whole: u64) -> u8 {
    let percent = u128::from(left) * 100 / u128::from(whole.max(1));
    u8::try_from(percent.min(100)).unwrap_or(100)
}
