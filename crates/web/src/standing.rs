//! What a plan gives and where a ticket stands, in words and bars: told alike to the customer and to
//! the provider.

use bando_app::{Device, Ticket, TicketPage};
use bando_domain::{Entitlement, PlanTerms, Refusal, Timestamp};

use crate::format::{self, Times};
use crate::i18n::Lang;
use crate::views::{Gauge, TicketStatus};

/// What terms give, short: `1 hour`, `2 GB`, `5 Mbps`, `2 devices`.
pub(crate) fn terms(lang: Lang, terms: &PlanTerms) -> Vec<String> {
    let time = terms
        .validity_seconds
        .map(|seconds| format::duration(lang, seconds.into()));
    let data = terms.data.map(|data| format::bytes(lang, data.bytes()));
    let speed = terms
        .rate
        .map(|rate| format::speed(lang, rate.download_bps));
    let devices = (terms.device_limit > 1).then(|| lang.devices(u64::from(terms.device_limit)));
    [time, data, speed, devices].into_iter().flatten().collect()
}

/// What a ticket gives at `now`.
///
/// # Errors
/// Why it gives nothing any more.
pub(crate) fn of(ticket: &Ticket, now: Timestamp) -> Result<Entitlement, Refusal> {
    let (terms, usage) = (&ticket.terms, ticket.usage);
    Entitlement::of(ticket.state, terms, ticket.expires_at, usage, now).map_err(Refusal::from)
}

/// Where a ticket stands by the clock, which may be ahead of what is written down.
pub(crate) fn status(standing: Result<Entitlement, Refusal>) -> TicketStatus {
    match standing {
        Ok(entitlement) if entitlement.activates => TicketStatus::Unused,
        Ok(_) => TicketStatus::Active,
        Err(Refusal::UsedUp) => TicketStatus::UsedUp,
        Err(Refusal::Revoked) => TicketStatus::Revoked,
        Err(_) => TicketStatus::Expired,
    }
}

/// What is left, where there is a limit: time, then data.
pub(crate) fn left(lang: Lang, entitlement: &Entitlement) -> Vec<String> {
    let time = entitlement
        .remaining
        .map(|left| format::short_duration(lang, left.as_secs()));
    let data = entitlement
        .remaining_octets
        .map(|left| format::bytes(lang, left));
    let both = [time, data].into_iter().flatten();
    both.map(|what| lang.left(what)).collect()
}

/// The bar of the time; none before it starts.
pub(crate) fn time_gauge(
    lang: Lang,
    times: &Times,
    page: &TicketPage,
    now: Timestamp,
) -> Option<Gauge> {
    let Some(whole) = page.ticket.terms.validity() else {
        return Some(Gauge {
            percent: 100,
            left: lang.unlimited().to_owned(),
            detail: String::new(),
        });
    };
    let end = page.ticket.expires_at?;
    let left = page.standing.map_or(0, |_| end.since(now).as_secs());
    Some(Gauge {
        percent: percent(left, whole.as_secs()),
        left: lang.left(format::short_duration(lang, left)),
        detail: lang.until(times.near(end.as_millis(), now.as_millis())),
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

/// When a device of the ticket was there last.
pub(crate) fn seen(
    lang: Lang,
    times: &Times,
    page: &TicketPage,
    device: &Device,
    now: Timestamp,
) -> String {
    if page.is_online(device.mac) {
        lang.online_word().to_owned()
    } else {
        lang.last_seen(times.ago(device.last_seen_at.as_millis(), now.as_millis()))
    }
}

fn percent(left: u64, whole: u64) -> u8 {
    let percent = u128::from(left) * 100 / u128::from(whole.max(1));
    u8::try_from(percent.min(100)).unwrap_or(100)
}
