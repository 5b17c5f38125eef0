//! Payments by a provider's merchant link: no API is needed, and none tells which payment is whose.
//!
//! Without a key only the provider, the payer's transaction id or a webhook says that money came.
//! With a key the wallet's transactions are looked through for a payment of exactly this amount by
//! exactly this phone since the payer was sent to the link.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, Money, PaymentFailure, Phone, Timestamp};
use reqwest::Client;

use super::account::{self, Access};
use super::api::{Call, CallError};
use super::refund::send_back;
use super::start::{francs, refused};
use super::{FIND_DAYS, found, probe, signature};
use super::{read_wave_message, wave_transaction_id};
use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Authenticity, Charge, Found, Gateway, Message, MessageError, Movement, MovementKind,
    NoStatement, Notification, Paid, Profile, Reference, Refund, Refunds, Search, Sent, Span,
    Start, TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, SetupError, Timeouts};

/// How long after the payer was sent to the link a payment can be the one.
const WINDOW: Duration = Duration::from_secs(2 * 3600);

/// What paying by merchant link is like.
pub static WAVE_LINK_PROFILE: Profile = Profile {
    name: "wave_link",
    title: "Wave",
    asks: Asks::Link,
    word: Word::Signed,
    queried: true,
    by_hand: true,
    refunds: Refunds::Whole,
    knows_refunds: true,
    payouts: false,
    statement: true,
    currencies: &[Currency::Xof],
    amounts: super::AMOUNTS,
    settings: account::LINK_SETTINGS,
};

/// Payments by merchant link. One serves all providers.
pub struct WaveLink {
    client: Client,
    clock: Arc<dyn Clock>,
}

/// What to look for, kept in [`Reference::checkout_request_id`]: no other name is known for such a
/// payment. It has the payer's number in it, so it is as private.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Expected {
    amount: Money,
    phone: Phone,
    since: Timestamp,
}

impl Expected {
    fn write(&self, reference: &str) -> String {
        let (francs, phone) = (self.amount.decimal(), self.phone.digits());
        format!("{reference}/{francs}/{phone}/{}", self.since.as_seconds())
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('/').skip(1);
        let francs: i64 = parts.next()?.parse().ok()?;
        let phone = Phone::from_international(parts.next()?)?;
        let since = parts.next()?.parse().ok()?;
        Some(Self {
            amount: Money::from_minor(francs, Currency::Xof),
            phone,
            since: Timestamp::from_seconds(since),
        })
    }

    /// Whether a movement is a payment by link that may be this one.
    fn fits(&self, movement: &Movement) -> bool {
        movement.kind == MovementKind::Payment
            && movement.checkout_request_id.is_none()
            && movement.amount == self.amount
            && movement.phone.as_ref() == Some(&self.phone)
            && movement
                .at
                .is_some_and(|at| self.since <= at && at <= self.since.plus(WINDOW))
    }
}

impl WaveLink {
    /// A client that tells the time by `clock`.
    ///
    /// # Errors
    /// [`SetupError`] when the machine cannot do HTTPS.
    pub fn new(clock: Arc<dyn Clock>, timeouts: Timeouts) -> Result<Self, SetupError> {
        Ok(Self {
            client: http::client(timeouts)?,
            clock,
        })
    }

    fn call<'a>(&'a self, access: &'a Access) -> Call<'a> {
        Call {
            client: &self.client,
            access,
            now: self.clock.now(),
        }
    }

    /// The payments that fit, less those that went back under the same id.
    async fn look(&self, access: &Access, expected: &Expected) -> Result<Vec<Movement>, CallError> {
        let call = self.call(access);
        let span = Span {
            from: expected.since,
            to: expected
                .since
                .plus(WINDOW)
                .min(call.now)
                .plus(Duration::from_secs(1)),
        };
        let mut movements = Vec::new();
        let mut at = span.from;
        loop {
            movements.extend(call.day(at).await?);
            let next = Timestamp::from_seconds(
                (at.as_seconds().div_euclid(24 * 3600) + 1).saturating_mul(24 * 3600),
            );
            if next >= span.to {
                break;
            }
            at = next;
        }
        let went_back = |receipt: &str| {
            movements
                .iter()
                .any(|m| m.kind == MovementKind::Reversal && m.receipt == receipt)
        };
        Ok(movements
            .iter()
            .filter(|m| expected.fits(m) && !went_back(&m.receipt))
            .cloned()
            .collect())
    }
}

#[async_trait]
impl Gateway for WaveLink {
    fn profile(&self) -> &'static Profile {
        &WAVE_LINK_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        account::check_link(account)
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        let link = match account::merchant_link(account) {
            Ok(link) => link,
            Err(bad) => {
                let failure = PaymentFailure::ProviderMisconfigured;
                return refused(failure, "setting", bad.to_string());
            }
        };
        let francs = match francs(charge) {
            Ok(francs) => francs,
            Err(refusal) => return refusal,
        };
        let expected = Expected {
            amount: charge.amount,
            phone: charge.phone.clone(),
            since: self.clock.now(),
        };
        Start::Accepted {
            reference: Reference {
                merchant_request_id: charge.reference.clone(),
                checkout_request_id: expected.write(&charge.reference),
            },
            redirect: Some(link.asking(francs)),
        }
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        let pending = |why: &str| Verdict::Pending { why: why.into() };
        let Ok(access) = Access::read(account) else {
            return pending("without an API key only the provider can tell");
        };
        let Some(expected) = Expected::read(&reference.checkout_request_id) else {
            return pending("this payment cannot be looked for");
        };
        let mut fitting = match self.look(&access, &expected).await {
            Ok(fitting) => fitting,
            Err(error) => {
                return match error.too_often() {
                    Some(retry_after) => Verdict::RateLimited { retry_after },
                    None => Verdict::Unreachable { why: error.why() },
                };
            }
        };
        match (fitting.pop(), fitting.is_empty()) {
            (Some(movement), true) => Verdict::Paid(Paid {
                receipt: Some(movement.receipt),
                amount: Some(movement.amount),
                fee: movement.fee,
                phone: movement.phone,
                at: movement.at,
            }),
            // Money is never guessed at: whose payment is which, the transaction id tells.
            (Some(_), false) => pending("more than one payment fits"),
            (None, _) => pending("no such payment yet"),
        }
    }

    async fn find(&self, account: &Account, search: &Search) -> Found {
        let Ok(access) = Access::read(account) else {
            return Found::CannotAsk;
        };
        match wave_transaction_id(&search.receipt) {
            Some(id) => found(self.call(&access).payment(&id, FIND_DAYS).await),
            None => Found::NotThere,
        }
    }

    fn authenticate(&self, account: &Account, message: &Message<'_>) -> Authenticity {
        signature::authenticate(account, message)
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        read_wave_message(body)
    }

    fn acknowledgement(&self, _: &[u8]) -> String {
        "{}".to_owned()
    }

    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        match Access::read(account) {
            Ok(access) => send_back(&self.call(&access), refund).await,
            Err(_) => Sent::CannotSend,
        }
    }

    async fn statement(
        &self,
        account: &Account,
        span: &Span,
    ) -> Result<Vec<Movement>, NoStatement> {
        match Access::read(account) {
            Ok(access) => self.call(&access).statement(span).await,
            Err(_) => Err(NoStatement::CannotAsk),
        }
    }

    async fn test(&self, account: &Account) -> TestReport {
        let link = match account::check_link(account) {
            Ok(()) => TestResult::Passed,
            Err(bad) => TestResult::Failed {
                why: bad.to_string(),
            },
        };
        let wallet = match Access::read(account) {
            Ok(access) => probe::wallet(&self.call(&access)).await,
            Err(_) => TestResult::Unclear {
                why: "Without an API key nothing can be tried: open the link on a phone and see \
                      whether it shows your name"
                    .into(),
            },
        };
        TestReport {
            sign_in: link,
            shortcode: wallet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_survives_being_kept() {
        let expected = Expected {
            amount: Money::from_minor(200, Currency::Xof),
            phone: Phone::from_international("2250707123456").expect("a phone"),
            since: Timestamp::from_seconds(1_795_174_500),
        };
        let kept = expected.write("0190a0b0-0000-7000-8000-000000000001");
        assert_eq!(
            kept,
            "0190a0b0-0000-7000-8000-000000000001/200/2250707123456/1795174500"
        );
        assert_eq!(Expected::read(&kept), Some(expected));
        for odd in ["", "a", "a/b/c/d", "a/200/123/5", "cos-18qq25rgr100a"] {
            assert_eq!(Expected::read(odd), None, "{odd}");
        }
    }
}
