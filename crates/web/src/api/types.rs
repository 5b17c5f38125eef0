//! What the API says of money, time, plans' terms and lists: the shapes that several answers share.

use bando_app::{ArrivalState, CaseKind, CaseState, Cursor, Page, SendState};
use bando_domain::{
    Burst, DataLimit, PaymentStatus, PlanTerms, RateLimit, SellingWindow, Starts, TicketState,
    Timestamp,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use super::caller::Bearer;
use super::problem::{Kind, Problem};
use crate::Web;

/// The most items of one page.
const MAX_ITEMS: usize = 100;

/// An amount of money.
#[derive(Serialize, ToSchema, Debug)]
#[schema(examples(json!({"amount": "50.00", "minor": 5000, "currency": "KES"})))]
pub(crate) struct Money {
    /// As a decimal number with the currency's own number of decimals.
    amount: String,
    /// In minor units: cents, or whole francs where there are no cents.
    minor: i64,
    /// ISO 4217.
    currency: &'static str,
}

impl From<bando_domain::Money> for Money {
    fn from(money: bando_domain::Money) -> Self {
        Self {
            amount: money.decimal(),
            minor: money.minor(),
            currency: money.currency().code(),
        }
    }
}

/// An amount as it is sent to us: `"49.50"` or `49.5`, in the currency of the business. Read as
/// text, so that it is exact either way.
#[derive(Clone, Debug)]
pub(crate) struct Amount(pub(crate) String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Number(number) => Ok(Self(number.to_string())),
            _ => Err(D::Error::custom(
                "an amount is a decimal number such as \"49.50\"",
            )),
        }
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let types = [Type::String, Type::Number].into_iter().collect();
        ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::SchemaType::Array(types))
            .description(Some(
                "A decimal number in the currency of the business, as text or as a number.",
            ))
            .examples([serde_json::json!("49.50")])
            .into()
    }
}

impl ToSchema for Amount {}

/// A point in time, written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([serde_json::json!("2026-11-20T15:42:07.000Z")])
            .into()
    }
}

impl ToSchema for Time {}

/// Reads a time of a query.
pub(crate) fn read_time(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    // A plus that nobody escaped has become a space.
    let parsed: Result<jiff::Timestamp, _> = text.replace(' ', "+").parse();
    match parsed {
        Ok(at) => Ok(Some(Timestamp::from_millis(at.as_millisecond()))),
        Err(_) => Err(Problem::new(
            Kind::Invalid,
            format!("{field}: write a time like 2026-11-20T15:42:07Z"),
        )
        .at(field)),
    }
}

/// One page of a list, newest first.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct List<T> {
    /// The items.
    items: Vec<T>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(value_type = Option<Uuid>)]
    next: Option<Uuid>,
}

impl<T> List<T> {
    /// A page as the store cut it.
    pub(crate) fn of<R>(page: Page<R>, item: impl Fn(R) -> T) -> Self {
        Self {
            items: page.rows.into_iter().map(item).collect(),
            next: page.next.map(|Cursor(id)| id),
        }
    }

    /// A list that has only one page.
    pub(crate) fn whole<R>(rows: Vec<R>, item: impl Fn(R) -> T) -> Self {
        Self {
            items: rows.into_iter().map(item).collect(),
            next: None,
        }
    }
}

/// Which page of a list.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

impl PageQuery {
    /// Where the page begins and how long it is.
    pub(crate) fn bounds(&self) -> Result<(Option<Cursor>, usize), Problem> {
        bounds(self.cursor, self.limit)
    }
}

/// Checks where a page begins and how long it is.
pub(crate) fn bounds(
    cursor: Option<Uuid>,
    limit: Option<usize>,
) -> Result<(Option<Cursor>, usize), Problem> {
    let size = limit.unwrap_or(50);
    if !(1..=MAX_ITEMS).contains(&size) {
        return Err(Problem::new(Kind::Invalid, "limit: between 1 and 100").at("limit"));
    }
    Ok((cursor.map(Cursor), size))
}

/// The states of a payment, for the API's description.
pub(crate) fn payment_status() -> Schema {
    names(
        "Where a payment stands. A late success outweighs failed, expired and cancelled; nothing \
         else changes once it is said.",
        PaymentStatus::ALL.map(PaymentStatus::name),
    )
}

/// The states of a ticket, for the API's description.
pub(crate) fn ticket_state() -> Schema {
    names(
        "Where a ticket is in its life.",
        TicketState::ALL.map(TicketState::name),
    )
}

/// How far money has come that is sent, for the API's description.
pub(crate) fn sending() -> Schema {
    names(
        "How far money has come that is sent. `unknown`: nobody knows whether it left; a member says.",
        SendState::ALL.iter().map(|state| state.name()),
    )
}

/// What has become of money that arrived unasked, for the API's description.
pub(crate) fn arrival_state() -> Schema {
    names(
        "What has become of it. `open` waits for a person; `unproved` is being asked about.",
        ArrivalState::ALL.iter().map(|state| state.name()),
    )
}

/// Why a person is asked, for the API's description.
pub(crate) fn case_kind() -> Schema {
    names(
        "Why a person is asked.",
        CaseKind::ALL.iter().map(|kind| kind.name()),
    )
}

/// Where a case stands, for the API's description.
pub(crate) fn case_state() -> Schema {
    names(
        "Where a case stands.",
        CaseState::ALL.iter().map(|state| state.name()),
    )
}

fn names(about: &str, names: impl IntoIterator<Item = &'static str>) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .enum_values(Some(names))
        .into()
}

/// Reads a word that is one of a few.
pub(crate) fn read_word<T>(
    field: &'static str,
    text: Option<&str>,
    named: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let word = named(text).ok_or_else(|| {
        let detail = format!("{field}: there is no such word here; /api/docs lists them");
        Problem::new(Kind::Invalid, detail).at(field)
    })?;
    Ok(Some(word))
}

/// Reads an amount in the currency of the business.
pub(crate) async fn read_amount(
    web: &Web,
    bearer: &Bearer,
    amount: &Amount,
) -> Result<bando_domain::Money, Problem> {
    let provider = web.app.provider_by_id(bearer.0.provider).await?;
    bando_domain::Money::parse(&amount.0, provider.currency)
        .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).at("amount"))
}

/// A plan by id and name.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct PlanName {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its name at the time.
    pub(crate) name: String,
}

/// When the time of a ticket begins to run.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema, Default, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// At the moment of payment.
    #[default]
    Purchase,
    /// When a device first comes online with it.
    FirstUse,
}

/// What a plan or ticket gives. It must end: by time, by data, or by both.
#[derive(Clone, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"validity_seconds": 3600, "data_bytes": null, "starts": "purchase",
    "speed": {"upload_bps": 2_000_000, "download_bps": 5_000_000, "burst": null}, "device_limit": 1})))]
pub(crate) struct Terms {
    /// How long it lasts, seconds; null without an end by time.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 315_360_000)]
    validity_seconds: Option<u32>,
    /// How much data, bytes up and down together; null for unlimited.
    #[serde(default)]
    #[schema(minimum = 1)]
    data_bytes: Option<u64>,
    /// When its time begins to run.
    #[serde(default)]
    starts: Start,
    /// The speed; null for whatever the router allows.
    #[serde(default)]
    speed: Option<Speed>,
    /// How many devices may use it.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    device_limit: u16,
}

const fn one() -> u16 {
    1
}

/// A speed, bits per second.
#[derive(Clone, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Speed {
    /// From the customer.
    #[schema(minimum = 1)]
    upload_bps: u64,
    /// To the customer.
    #[schema(minimum = 1)]
    download_bps: u64,
    /// A short time at a higher speed, so that pages open quickly.
    #[serde(default)]
    burst: Option<BurstSpeed>,
}

/// RouterOS's burst: these speeds are allowed until the average passes the thresholds.
#[derive(Clone, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(as = Burst)]
pub(crate) struct BurstSpeed {
    /// From the customer while bursting.
    upload_bps: u64,
    /// To the customer while bursting.
    download_bps: u64,
    /// Average upload at which the burst ends.
    upload_threshold_bps: u64,
    /// Average download at which the burst ends.
    download_threshold_bps: u64,
    /// Seconds over which the average is taken.
    #[schema(minimum = 1)]
    seconds: u32,
}

impl From<PlanTerms> for Terms {
    fn from(terms: PlanTerms) -> Self {
        Self {
            validity_seconds: terms.validity_seconds,
            data_bytes: terms.data.map(DataLimit::bytes),
            starts: match terms.starts {
                Starts::Purchase => Start::Purchase,
                Starts::FirstUse => Start::FirstUse,
            },
            speed: terms.rate.map(|rate| Speed {
                upload_bps: rate.upload_bps,
                download_bps: rate.download_bps,
                burst: rate.burst.map(|b| BurstSpeed {
                    upload_bps: b.upload_bps,
                    download_bps: b.download_bps,
                    upload_threshold_bps: b.upload_threshold_bps,
                    download_threshold_bps: b.download_threshold_bps,
                    seconds: b.seconds,
                }),
            }),
            device_limit: terms.device_limit,
        }
    }
}

impl From<Terms> for PlanTerms {
    fn from(terms: Terms) -> Self {
        Self {
            validity_seconds: terms.validity_seconds,
            data: terms.data_bytes.map(DataLimit::from_bytes),
            starts: match terms.starts {
                Start::Purchase => Starts::Purchase,
                Start::FirstUse => Starts::FirstUse,
            },
            rate: terms.speed.map(|speed| RateLimit {
                upload_bps: speed.upload_bps,
                download_bps: speed.download_bps,
                burst: speed.burst.map(|b| Burst {
                    upload_bps: b.upload_bps,
                    download_bps: b.download_bps,
                    upload_threshold_bps: b.upload_threshold_bps,
                    download_threshold_bps: b.download_threshold_bps,
                    seconds: b.seconds,
                }),
            }),
            device_limit: terms.device_limit,
        }
    }
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// When a plan is on sale, in the time zone of the business. One that ends before it begins runs
/// past midnight and belongs to the day it began on.
#[derive(Clone, Serialize, Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(as = SellingWindow, examples(json!({"days": ["fri", "sat"], "from_minute": 1320, "to_minute": 360})))]
pub(crate) struct Window {
    /// The days it begins on.
    days: Vec<Day>,
    /// The minute of the day it opens at.
    #[schema(maximum = 1439)]
    from_minute: u16,
    /// The minute of the day it closes at.
    #[schema(maximum = 1440)]
    to_minute: u16,
}

impl From<SellingWindow> for Window {
    fn from(window: SellingWindow) -> Self {
        let open = |day: &Day| window.days & day.bit() != 0;
        Self {
            days: Day::ALL.into_iter().filter(open).collect(),
            from_minute: window.from_minute,
            to_minute: window.to_minute,
        }
    }
}

impl From<Window> for SellingWindow {
    fn from(window: Window) -> Self {
        Self {
            days: window.days.iter().fold(0, |days, day| days | day.bit()),
            from_minute: window.from_minute,
            to_minute: window.to_minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let read = |json: &str| serde_json::from_str::<Amount>(json).map(|a| a.0).ok();
        assert_eq!(read("\"49.50\"").as_deref(), Some("49.50"));
        assert_eq!(read("50").as_deref(), Some("50"));
        assert_eq!(read("0.1").as_deref(), Some("0.1"));
        assert_eq!(read("true"), None);
        assert_eq!(read("null"), None);
    }

    #[test]
    fn terms_and_windows_go_there_and_back() {
        let terms = PlanTerms {
            validity_seconds: Some(3600),
            data: Some(DataLimit::from_bytes(5)),
            starts: Starts::FirstUse,
            rate: "2M/5M 4M/10M 1M/3M 16/16".parse().ok(),
            device_limit: 3,
        };
        assert!(terms.rate.is_some());
        assert_eq!(PlanTerms::from(Terms::from(terms)), terms);
        let window = SellingWindow {
            days: 0b100_0001,
            from_minute: 5,
            to_minute: 1440,
        };
        assert_eq!(SellingWindow::from(Window::from(window)), window);
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let at = Timestamp::from_millis(1_795_178_527_123);
        let text = at.to_string();
        let read = |text: &str| read_time("from", Some(text)).ok().flatten();
        assert_eq!(read(&text), Some(at));
        assert_eq!(
            read("2026-11-20T15:42:07 03:00"),
            Some(Timestamp::from_seconds(1_795_178_527))
        );
        assert_eq!(read("yesterday"), None);
    }
}
