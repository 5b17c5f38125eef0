//! Paying by hand: through the phone's own menu, without a prompt.

use std::time::Duration;

use bando_domain::{PaymentStatus, ProviderId};
use bando_gateways::{Asks, C2bRejection, C2bValidation, Movement, read_c2b_validation};
use bando_store::{Link, Payment, PaymentStep, Provider, TenantTx, gateway_of_row};

use crate::arrivals::{elsewhere, plain};
use crate::gateway_accounts::Ready;
use crate::mpesa::MPESA;
use crate::purchase::reference_prefix;
use crate::{App, Error, Result};

/// What is noted of a payment that nobody was prompted for.
pub(crate) const BY_HAND: &str = "by hand";

/// How long judging a payment may take: the gateway waits eight seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The letters of a business's name that it takes to tell its references from other account numbers.
const TELLING_PREFIX: usize = 4;

/// What a payer types into the phone's menu.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ByHand {
    /// The Paybill or till number.
    pub number: String,
    /// Whether it is a till (Buy Goods), which asks for no account number.
    pub is_till: bool,
    /// The account number, for a Paybill.
    pub account: Option<String>,
}

impl App {
    /// Whether a payment that somebody is about to make by hand may be made, in the JSON that the
    /// gateway wants to hear. Only what certainly cannot be meant is refused, while the payer can
    /// still mend it; whatever goes wrong on our side lets the money come, which can be sent back.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that is not ours.
    pub async fn validate_by_hand(&self, token: &str, body: &[u8]) -> Result<String> {
        let (provider, _) = self
            .store
            .vault()
            .read_link(Link::Account, token)
            .filter(|(_, row)| gateway_of_row(*row).as_deref() == Some(MPESA))
            .ok_or(Error::NotFound("account"))?;
        let movement = match read_c2b_validation(body) {
            Ok(movement) => movement,
            Err(error) => {
                tracing::warn!(%provider, %error, "a payment by hand cannot be judged; it may come");
                return Ok(C2bValidation::Accept.json());
            }
        };
        let judged = tokio::time::timeout(PATIENCE, self.judge(provider, &movement)).await;
        let validation = match judged {
            Ok(Ok(validation)) => validation,
            Ok(Err(error)) => {
                tracing::error!(%provider, %error, "a payment by hand could not be judged; it may come");
                C2bValidation::Accept
            }
            Err(_) => {
                tracing::error!(%provider, "a payment by hand was not judged in time; it may come");
                C2bValidation::Accept
            }
        };
        Ok(validation.json())
    }

    async fn judge(&self, provider: ProviderId, movement: &Movement) -> Result<C2bValidation> {
        let mut tx = self.store.read(provider).await?;
        let own = self.own_account(&mut tx, MPESA).await?;
        if own.is_some_and(|ready| elsewhere(&ready, movement).is_some()) {
            return Ok(C2bValidation::Reject(C2bRejection::Shortcode));
        }
        let typed = plain(movement.reference.as_deref().unwrap_or_default());
        if typed.is_empty() {
            return Ok(C2bValidation::Accept);
        }
        let meant = tx.payments_by_reference(MPESA, &typed).await?;
        Ok(match meant.first() {
            Some(payment) if is_too_little(movement, payment) => {
                C2bValidation::Reject(C2bRejection::Amount)
            }
            None if is_like_ours(&tx.provider().await?, &typed) => {
                C2bValidation::Reject(C2bRejection::AccountNumber)
            }
            _ => C2bValidation::Accept,
        })
    }

    /// What may be typed to pay this payment by hand, where that is possible.
    pub(crate) async fn by_hand(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
    ) -> Result<Option<ByHand>> {
        let ready = self.account_of(tx, payment).await?;
        Ok(ready
            .filter(|ready| ready.enabled)
            .and_then(|ready| what_to_type(&ready, payment.account_reference.as_deref())))
    }

    /// Whether the payer of an open payment pays by hand and was not prompted.
    pub(crate) async fn is_by_hand(&self, tx: &mut TenantTx, payment: &Payment) -> Result<bool> {
        if payment.prompted_at.is_some() || payment.checkout_request_id.is_some() {
            return Ok(false);
        }
        let timeline = tx.payment_timeline(payment.id).await?;
        Ok(timeline
            .iter()
            .any(|e| e.step == PaymentStep::Asked && e.detail.as_deref() == Some(BY_HAND)))
    }
}

/// What may be typed to pay into this account under this reference; none where we would not hear of
/// the money.
pub(crate) fn what_to_type(ready: &Ready, reference: Option<&str>) -> Option<ByHand> {
    let profile = ready.gateway.profile();
    let hears = profile.by_hand && profile.asks == Asks::Push && ready.account.is_on("c2b");
    if !hears || ready.collected {
        return None;
    }
    let till = ready.account.setting("till");
    let number = till.or_else(|| ready.account.setting("shortcode"))?;
    Some(ByHand {
        number: number.to_owned(),
        is_till: till.is_some(),
        account: reference.filter(|_| till.is_none()).map(ToOwned::to_owned),
    })
}

/// Whether less is offered than is asked for: it would buy nothing.
fn is_too_little(movement: &Movement, payment: &Payment) -> bool {
    payment.status == PaymentStatus::Pending
        && movement.amount.currency() == payment.amount.currency()
        && movement.amount.minor() < payment.amount.minor()
}

/// Whether an account number has the shape of our own references, so that it is one mistyped.
fn is_like_ours(provider: &Provider, typed: &str) -> bool {
    let prefix = reference_prefix(provider);
    prefix.len() >= TELLING_PREFIX
        && typed
            .strip_prefix(&prefix)
            .is_some_and(|rest| rest.len() == 5 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}
