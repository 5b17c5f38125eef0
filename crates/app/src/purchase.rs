//! Buying: from a chosen plan to a prompt on a phone.

use std::time::Duration;

use bando_domain::{
    Country, Currency, CustomerId, Language, MacAddr, Money, PaymentEvent, PaymentFailure,
    PaymentId, PaymentStatus, Phone, PhoneError, PlanId, ProviderId, Timestamp,
};
use bando_gateways::{Asks, Charge, Profile, Start};
use bando_store::{
    JobKind, Link, Payment, PaymentFilter, PaymentStep, Plan, Provider, ProviderStatus, TenantTx,
    Ticket,
};

use crate::by_hand::{BY_HAND, ByHand, what_to_type};
use crate::calendar;
use crate::crash::crash_point;
use crate::events::Change;
use crate::gateway_accounts::Ready;
use crate::limits::Action;
use crate::{App, Error, Invalid, Result, Visit};

/// How long a prompt can be open on a phone; nobody prompts the phone again before.
pub const PROMPT_LIFETIME: Duration = Duration::from_secs(75);

/// How many whole units of the currency an amount may be lowered by, so that no two payments by a
/// static link ask for the same at the same time.
const UNIQUE_STEPS: i64 = 20;

/// A customer's wish to buy.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// From whom.
    pub provider: ProviderId,
    /// What.
    pub plan: PlanId,
    /// The phone that pays, as it was typed.
    pub phone: String,
    /// By which way to pay: a gateway's name, or none for the first that is offered.
    pub gateway: Option<String>,
    /// The payer will pay by hand, under the reference that the payment's page shows: nobody is
    /// prompted. Only where the gateway tells us of such money
    /// ([`Profile::by_hand`](bando_gateways::Profile::by_hand)).
    pub by_hand: bool,
    /// How the customer came here; default for one who is not at a hotspot.
    pub visit: Visit,
    /// The language of the pages.
    pub language: Language,
    /// The address the wish came from, for limits.
    pub source: String,
}

/// A payment with what its page shows.
#[derive(Clone, Debug)]
pub struct PaymentPage {
    /// The provider.
    pub provider: Provider,
    /// The payment.
    pub payment: Payment,
    /// The ticket, once it is paid.
    pub ticket: Option<Ticket>,
    /// How the customer came.
    pub visit: Visit,
    /// Until when the prompt can be open; past it the customer may try again.
    pub prompt_until: Timestamp,
    /// How the payer is asked; none if they pay by hand, in cash or from the wallet.
    pub asks: Option<Asks>,
    /// What the payer may type into the phone's menu instead, while it is not paid.
    pub by_hand: Option<ByHand>,
    /// What is in the payer's wallet.
    pub credit: Money,
}

impl App {
    /// The plans a customer may buy now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn plans_on_sale(&self, provider: &Provider) -> Result<Vec<Plan>> {
        let local = calendar::Local::at(self.now(), &provider.time_zone);
        let plans = self.store.read(provider.id).await?.plans().await?;
        Ok(plans
            .into_iter()
            .filter(|plan| is_on_sale(plan, local))
            .collect())
    }

    /// Begins a payment: writes it down, then asks the gateway to prompt the phone. Returns the
    /// payment, whatever the gateway answered: its page tells.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::TooMany`], [`Error::PromptOpen`], [`Error::NoGateway`],
    /// [`Error::Suspended`], [`Error::NotFound`]. No payment exists then.
    pub async fn start_payment(&self, purchase: Purchase) -> Result<Payment> {
        let mut tx = self.store.tenant(purchase.provider).await?;
        let provider = tx.provider().await?;
        let phone = Phone::parse(&purchase.phone, provider.country)?;
        self.limit_payments(&purchase, &phone)?;
        let (payment, ready) = self.prepare(&mut tx, &provider, &purchase, &phone).await?;
        tx.commit().await?;
        self.jobs.notify_one();
        self.events.tell(provider.id, Change::Payment(payment.id));
        crash_point("purchase.stored");
        if purchase.by_hand {
            return Ok(payment);
        }
        let charge = self.charge(&provider, &payment, &phone);
        // On its own: a customer who closes the browser meanwhile must not lose the gateway's answer,
        // without whose reference nobody can ask about the payment.
        let (app, id) = (self.clone(), payment.id);
        let prompt = tokio::spawn(async move {
            let start = ready.gateway.start(&ready.account, &charge).await;
            crash_point("purchase.answered");
            app.note_start(provider.id, id, start).await
        });
        // Cut short only when the program stops: then nothing more is known of it.
        prompt.await.unwrap_or(Ok(payment))
    }

    /// What the payer of a payment is asked for: the same every time, so that a start whose answer
    /// was lost can be searched for.
    pub(crate) fn charge(&self, provider: &Provider, payment: &Payment, phone: &Phone) -> Charge {
        let vault = self.store.vault();
        let callback = vault.link(Link::Callback, provider.id, payment.id.uuid());
        let page = vault.link(Link::Payment, provider.id, payment.id.uuid());
        let base = &self.settings.public_url;
        Charge {
            reference: payment.id.uuid().hyphenated().to_string(),
            account_reference: payment.account_reference.clone().unwrap_or_default(),
            description: "Wi-Fi".to_owned(),
            amount: payment.amount,
            phone: phone.clone(),
            callback_url: format!("{base}/cb/k/{callback}"),
            return_url: format!("{base}/p/{}/pay/{page}", provider.slug),
        }
    }

    /// Whether a browser may be sent to the login address of this visit, and its device be believed:
    /// the visit names a router of this provider, and its login page is that router's own.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn trusted_visit(&self, provider: ProviderId, visit: &Visit) -> Result<bool> {
        if visit.identity.is_empty() {
            return Ok(false);
        }
        let mut tx = self.store.read(provider).await?;
        match check_visit(&mut tx, visit).await {
            Ok(router) => Ok(router.is_some()),
            Err(Error::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The page of a payment by the token in its URL.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is not ours.
    pub async fn payment_page(&self, token: &str) -> Result<PaymentPage> {
        let (provider, payment) = self
            .store
            .vault()
            .read_link(Link::Payment, token)
            .ok_or(Error::NotFound("payment"))?;
        let mut tx = self.store.read(provider).await?;
        let payment = tx
            .payment(PaymentId::from_uuid(payment))
            .await?
            .ok_or(Error::NotFound("payment"))?;
        let ticket = match payment.ticket_id {
            Some(id) => tx.ticket(id).await?,
            None => None,
        };
        let visit = payment
            .visit
            .clone()
            .and_then(|v| serde_json::from_value(v).ok())
            .unwrap_or_default();
        let mut asks = self
            .gateways
            .get(&payment.gateway)
            .map(|gateway| gateway.profile().asks);
        let mut by_hand = None;
        if !payment.status.was_paid() && asks == Some(Asks::Push) {
            by_hand = self.by_hand(&mut tx, &payment).await?;
            if by_hand.is_some() && self.is_by_hand(&mut tx, &payment).await? {
                asks = None;
            }
        }
        let customer = tx.customer_by_id(payment.customer_id).await?;
        Ok(PaymentPage {
            provider: tx.provider().await?,
            ticket,
            visit,
            prompt_until: payment.created_at.plus(PROMPT_LIFETIME),
            asks,
            by_hand,
            credit: customer.map_or(Money::zero(payment.amount.currency()), |c| c.credit),
            payment,
        })
    }

    /// The payment that a gateway calls `checkout` and that went to it under our name `reference`, for a
    /// payer's browser that comes back without a link of ours. Nobody can guess either, and both must
    /// fit; that it came back says nothing of the money.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn payment_come_back(
        &self,
        provider: ProviderId,
        gateway: &str,
        reference: &str,
        checkout: &str,
    ) -> Result<PaymentId> {
        let mut tx = self.store.read(provider).await?;
        let payment = tx.payment_by_checkout(gateway, checkout).await?;
        payment
            .map(|payment| payment.id)
            .filter(|id| id.uuid().hyphenated().to_string() == reference)
            .ok_or(Error::NotFound("payment"))
    }

    /// The token of a payment's page.
    pub fn payment_token(&self, provider: ProviderId, payment: PaymentId) -> String {
        self.store
            .vault()
            .link(Link::Payment, provider, payment.uuid())
    }

    /// The newest payment for a device: what "same as last time" offers, and the page a browser
    /// that lost its place is led back to.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn last_payment_of(
        &self,
        provider: ProviderId,
        mac: MacAddr,
    ) -> Result<Option<Payment>> {
        let filter = PaymentFilter {
            mac: Some(mac),
            ..PaymentFilter::default()
        };
        let page = self
            .store
            .read(provider)
            .await?
            .payments(&filter, None, 1)
            .await?;
        Ok(page.rows.into_iter().next())
    }

    fn limit_payments(&self, purchase: &Purchase, phone: &Phone) -> Result<()> {
        let by_device = match purchase.visit.mac {
            Some(mac) => (Action::StartPayment, mac.to_string()),
            None => (Action::StartPaymentFrom, purchase.source.clone()),
        };
        let by_phone = (Action::StartPayment, phone.digits().to_owned());
        for key in [by_phone, by_device] {
            let allowance = key.0.allowance();
            self.limits
                .by_text
                .take(key, allowance, self.now())
                .map_err(|retry_after| Error::TooMany { retry_after })?;
        }
        Ok(())
    }

    /// The account that a customer's wish to pay goes to: the one named, else the first there is.
    async fn account_for(&self, tx: &mut TenantTx, wanted: Option<&str>) -> Result<Ready> {
        for gateway in self.gateways.iter() {
            let name = gateway.profile().name;
            if wanted.is_some_and(|wanted| wanted != name) {
                continue;
            }
            if let Some(ready) = self.account_to_pay(tx, name).await? {
                return Ok(ready);
            }
        }
        Err(Error::NoGateway)
    }

    /// Checks the wish and writes the payment down, with the job that will ask about it.
    async fn prepare(
        &self,
        tx: &mut TenantTx,
        provider: &Provider,
        purchase: &Purchase,
        phone: &Phone,
    ) -> Result<(Payment, Ready)> {
        if provider.status == ProviderStatus::Suspended {
            return Err(Error::Suspended);
        }
        let now = self.now();
        let plan = tx
            .plan(purchase.plan)
            .await?
            .ok_or(Error::NotFound("plan"))?;
        if !is_on_sale(&plan, calendar::Local::at(now, &provider.time_zone)) {
            return Err(Invalid::NotOnSale.into());
        }
        let ready = self.account_for(tx, purchase.gateway.as_deref()).await?;
        let profile = ready.gateway.profile();
        // A phone elsewhere has no M-Pesa: say so before anybody is prompted.
        if let Some(country) = home_of(profile).filter(|c| phone.country() != Some(*c)) {
            return Err(PhoneError::NotMobile(country).into());
        }
        let fits = plan
            .price
            .whole_major()
            .is_some_and(|whole| profile.amounts.contains(&whole));
        if !fits || !profile.currencies.contains(&plan.price.currency()) {
            return Err(Invalid::Price.into());
        }
        if purchase.by_hand && what_to_type(&ready, None).is_none() {
            return Err(Invalid::field("by_hand", "this way to pay needs a prompt").into());
        }
        let router_id = check_visit(tx, &purchase.visit).await?;
        let customer = tx
            .customer(CustomerId::new(&*self.clock, &*self.entropy), phone, now)
            .await?;
        let id = PaymentId::new(&*self.clock, &*self.entropy);
        let amount = match profile.asks {
            Asks::Link if ready.account.is_on("unique_amounts") => {
                unique_amount(tx, profile.name, plan.price).await?
            }
            _ => plan.price,
        };
        let payment = Payment {
            id,
            gateway: profile.name.to_owned(),
            status: PaymentStatus::Pending,
            amount,
            plan_id: plan.id,
            plan_name: plan.name,
            terms: plan.terms,
            customer_id: customer.id,
            phone: Some(phone.clone()),
            mac: purchase.visit.mac,
            router_id,
            visit: Some(serde_json::json!(purchase.visit)),
            language: purchase.language,
            account_reference: Some(account_reference(provider, id)),
            redirect_url: None,
            identity_mac: purchase
                .visit
                .mac
                .is_none()
                .then(|| MacAddr::random_local(&*self.entropy)),
            sold_by: None,
            collected: ready.collected,
            fee: Money::zero(amount.currency()),
            refunded: Money::zero(amount.currency()),
            merchant_request_id: None,
            checkout_request_id: None,
            receipt: None,
            failure: None,
            result_code: None,
            result_text: None,
            checks: 0,
            ticket_id: None,
            created_at: now,
            prompted_at: None,
            finished_at: None,
        };
        let is_prompt = profile.asks == Asks::Push && !purchase.by_hand;
        if is_prompt
            && !tx
                .take_prompt(phone, payment.id, now, now.plus(PROMPT_LIFETIME))
                .await?
        {
            return Err(Error::PromptOpen);
        }
        tx.insert_payment(&payment).await?;
        tx.add_payment_step(
            payment.id,
            self.next_step_id(),
            now,
            PaymentStep::Asked,
            purchase.by_hand.then_some(BY_HAND),
        )
        .await?;
        let first = self
            .settings
            .check_schedule
            .first()
            .copied()
            .unwrap_or(PROMPT_LIFETIME);
        tx.enqueue(JobKind::CheckPayment, payment.id.uuid(), now.plus(first))
            .await?;
        Ok((payment, ready))
    }

    /// Writes down what the gateway answered. A callback may have been faster: what it decided stays.
    async fn note_start(
        &self,
        provider: ProviderId,
        id: PaymentId,
        start: Start,
    ) -> Result<Payment> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        let mut payment = tx
            .lock_payment(id)
            .await?
            .ok_or(Error::NotFound("payment"))?;
        let (step, detail) = match start {
            Start::Accepted {
                reference,
                redirect,
            } => {
                payment
                    .merchant_request_id
                    .get_or_insert(reference.merchant_request_id);
                payment
                    .checkout_request_id
                    .get_or_insert(reference.checkout_request_id);
                payment.redirect_url = payment.redirect_url.take().or(redirect);
                payment.prompted_at = Some(now);
                (PaymentStep::Prompted, None)
            }
            Start::Refused {
                failure,
                code,
                message,
            } => {
                let detail = format!("{code} {message}");
                fail(
                    &mut tx,
                    &mut payment,
                    failure,
                    Some(code),
                    Some(message),
                    now,
                )
                .await?;
                tx.cancel_job(JobKind::CheckPayment, id.uuid()).await?;
                (PaymentStep::Refused, Some(detail))
            }
            Start::Unknown { why } => (PaymentStep::NoAnswer, Some(why)),
        };
        tx.update_payment(&payment).await?;
        tx.add_payment_step(id, self.next_step_id(), now, step, detail.as_deref())
            .await?;
        tx.commit().await?;
        crash_point("purchase.noted");
        self.events.tell(provider, Change::Payment(id));
        Ok(payment)
    }
}

/// Marks a payment failed, unless its outcome is known already, and frees its phone. The caller
/// writes the payment. It may still be asked about: by whoever has news of it meanwhile.
pub(crate) async fn fail(
    tx: &mut TenantTx,
    payment: &mut Payment,
    failure: PaymentFailure,
    code: Option<String>,
    text: Option<String>,
    now: Timestamp,
) -> Result<bool> {
    let event = match failure {
        PaymentFailure::Cancelled => PaymentEvent::Cancelled,
        PaymentFailure::NeverConfirmed => PaymentEvent::Expired,
        _ => PaymentEvent::Failed,
    };
    let Some(status) = payment.status.after(event) else {
        return Ok(false);
    };
    payment.status = status;
    payment.failure = Some(failure);
    payment.result_code = code;
    payment.result_text = text;
    payment.finished_at = Some(now);
    if let Some(phone) = &payment.phone {
        tx.release_prompt(payment.id, phone).await?;
    }
    Ok(true)
}

/// The router a visit came by. A visit that names none is not at a hotspot; one that would send the
/// browser anywhere but to that router's own login page is refused, because the code goes there.
pub(crate) async fn check_visit(
    tx: &mut TenantTx,
    visit: &Visit,
) -> Result<Option<bando_domain::RouterId>> {
    if visit.identity.is_empty() && visit.link_login_only.is_empty() {
        return Ok(None);
    }
    let routers = tx.routers().await?;
    let router = routers
        .into_iter()
        .find(|r| r.identity == visit.identity)
        .ok_or(Invalid::LoginAddress)?;
    let fits = visit.link_login_only.is_empty()
        || visit
            .login_host()
            .is_some_and(|host| host.eq_ignore_ascii_case(&router.hotspot_host));
    if fits {
        Ok(Some(router.id))
    } else {
        Err(Invalid::LoginAddress.into())
    }
}

/// The only country whose phones a gateway reaches, if it is only one.
fn home_of(profile: &Profile) -> Option<Country> {
    (profile.currencies == [Currency::Kes] && profile.asks == Asks::Push).then_some(Country::Ke)
}

/// The price, lowered by as few units as it takes so that no open payment of this gateway asks for
/// the same: then the amount alone tells whose money it is. The price itself when all are taken.
async fn unique_amount(tx: &mut TenantTx, gateway: &str, price: Money) -> Result<Money> {
    // Two buyers at once must not both find the same amount free.
    tx.hold(&format!("amounts:{gateway}")).await?;
    let taken = tx.pending_amounts(gateway).await?;
    let unit = price.currency().minor_per_major();
    let steps = UNIQUE_STEPS.min(price.minor() / unit / 10);
    let free = (0..=steps)
        .map(|step| Money::from_minor(price.minor() - step * unit, price.currency()))
        .find(|amount| !taken.contains(amount));
    Ok(free.unwrap_or(price))
}

pub(crate) fn is_on_sale(plan: &Plan, local: calendar::Local) -> bool {
    plan.on_sale
        && plan.price.is_positive()
        && plan
            .window
            .is_none_or(|window| window.contains(local.weekday, local.minute))
}

/// What the payer reads as the account number: the provider's short name and a piece of the
/// payment's id, at most twelve letters and digits.
pub(crate) fn account_reference(provider: &Provider, id: PaymentId) -> String {
    let id = id.uuid().simple().to_string();
    let piece = id[id.len() - 5..].to_ascii_uppercase();
    reference_prefix(provider) + &piece
}

/// What the account references of a provider begin with.
pub(crate) fn reference_prefix(provider: &Provider) -> String {
    let letters = provider.slug.as_str().chars();
    letters
        .filter(char::is_ascii_alphanumeric)
        .take(7)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}
