//! The ledger: what each account holds on a day, what went through one, and all of it as a file.

use bando_app::{BookSpan, Cursor, Entry, LEDGER_COLUMNS, ledger_row};
use bando_domain::{LedgerTransferId, Money, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, file, form_urlencoded, html};
use super::csv;
use super::fields::{Asked, Fields};
use super::who::SignedInCaller;
use super::words;
use crate::i18n::Lang;
use crate::views::console::{AccountPage, EntryRow, Ledger, LedgerRow, Paging, Section};

/// Rows of one page.
const PAGE: usize = 50;

/// Rows of one part of the file.
const PART: usize = 500;

/// The days that an address asks for, both included.
struct Days {
    from: Option<Date>,
    to: Option<Date>,
}

/// `GET /console/ledger?at=`
pub(super) async fn balances(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let at: Option<Date> = query.parsed("at");
    let end = at.and_then(|day| midnight(&who, day.tomorrow().ok()?));
    let balances = who.app.account_balances(&who.caller, end).await?;
    let names = who.app.member_names(&who.caller).await?;
    let mut rows: Vec<LedgerRow> = balances
        .into_iter()
        .map(|balance| LedgerRow {
            text: words::account(&who, &names, &balance.account),
            amount: balance.amount.to_string(),
            href: account_address(&balance.account),
            account: balance.account,
        })
        .collect();
    rows.sort_by(|a, b| a.text.cmp(&b.text));
    html(&Ledger {
        page: who.page(Section::Ledger),
        rows,
        at: at.map(|day| day.to_string()).unwrap_or_default(),
    })
}

/// `GET /console/ledger/account?account=&from=&to=&before=`
pub(super) async fn account(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let account = query.text("account");
    if account.is_empty() {
        return Err(Fault::NotFound);
    }
    let days = Days::of(&query);
    let before = query.parsed::<LedgerTransferId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let span = days.span(&who);
    let found = who
        .app
        .account_statement(&who.caller, account, &span, after, PAGE)
        .await?;
    let names = who.app.member_names(&who.caller).await?;
    let row = |entry: &Entry| EntryRow {
        when: who.near(entry.transfer.at),
        other: words::account(&who, &names, &entry.other),
        what: movement(who.t, &entry.transfer.kind),
        href: entry
            .transfer
            .payment
            .map(|id| format!("/console/payments/{id}")),
        change: signed(entry.change),
        is_out: entry.change.minor() < 0,
        balance: entry.balance.to_string(),
    };
    html(&AccountPage {
        page: who.page(Section::Ledger),
        title: words::account(&who, &names, account),
        from: days.from.map(|day| day.to_string()).unwrap_or_default(),
        to: days.to.map(|day| day.to_string()).unwrap_or_default(),
        rows: found.rows.iter().map(row).collect(),
        paging: Paging {
            newest_href: before.map(|_| days.address(account, &[])),
            older_href: found
                .next
                .map(|next| days.address(account, &[("before", &next.0.to_string())])),
        },
        account: account.to_owned(),
    })
}

/// `GET /console/ledger.csv?from=&to=`: every movement, newest first.
pub(super) async fn export(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let span = Days::of(&query).span(&who);
    let name = format!("ledger-{}.csv", who.provider.slug);
    let head = csv::line(LEDGER_COLUMNS);
    let (app, caller) = (who.app, who.caller);
    let body = csv::body(head, None, move |after| {
        let (app, caller, span) = (app.clone(), caller.clone(), span);
        async move {
            let page = app
                .ledger_export(&caller, &span, after, PART)
                .await
                .map_err(Fault::from)?;
            let lines: String = page
                .rows
                .iter()
                .map(|transfer| csv::line(ledger_row(transfer)))
                .collect();
            Ok((lines, page.next.map(Some)))
        }
    });
    file(&name, "text/csv; charset=utf-8", body)
}

/// The page of an account of the ledger.
pub(super) fn account_address(account: &str) -> String {
    format!(
        "/console/ledger/account?{}",
        form_urlencoded("account", account)
    )
}

impl Days {
    fn of(query: &Fields) -> Self {
        Self {
            from: query.parsed("from"),
            to: query.parsed("to"),
        }
    }

    /// The moments between the first midnight and the one after the last day.
    fn span(&self, who: &SignedInCaller) -> BookSpan {
        BookSpan {
            from: self.from.and_then(|day| midnight(who, day)),
            to: self.to.and_then(|day| midnight(who, day.tomorrow().ok()?)),
        }
    }

    fn address(&self, account: &str, more: &[(&str, &str)]) -> String {
        const PATH: &str = "/console/ledger/account?";
        let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
        query.append_pair("account", account);
        query.extend_pairs(self.from.map(|day| ("from", day.to_string())));
        query.extend_pairs(self.to.map(|day| ("to", day.to_string())));
        query.extend_pairs(more);
        query.finish()
    }
}

/// The first moment of a day where the provider is.
fn midnight(who: &SignedInCaller, day: Date) -> Option<Timestamp> {
    let zone = TimeZone::get(&who.provider.time_zone).unwrap_or(TimeZone::UTC);
    let start = day.to_zoned(zone).ok()?;
    Some(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

/// An amount with its sign, also above zero.
fn signed(amount: Money) -> String {
    match amount.minor() > 0 {
        true => format!("+{amount}"),
        false => amount.to_string(),
    }
}

/// What a movement is, in words; of a kind that has none, its name in the books.
fn movement(t: Lang, kind: &str) -> String {
    let known = match kind {
        "payment" => t.move_payment(),
        "fee" => t.move_fee(),
        "excess" => t.move_excess(),
        "arrival" => t.move_arrival(),
        "allocation" => t.move_allocation(),
        "refund" => t.move_refund(),
        "payout" => t.move_payout(),
        "handover" => t.move_count(),
        "difference" => t.till_difference(),
        other => return other.replace('_', " "),
    };
    known.to_owned()
}
