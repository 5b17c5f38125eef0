//! Rows to begin with.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{
    AccountId, ArrivalId, BatchId, CaseId, Clock, Country, Currency, CustomerId, DataLimit,
    DifferenceId, Language, LedgerTransferId, MacAddr, MessageId, Money, PaymentId, PaymentStatus,
    PayoutId, Phone, PlanId, PlanTerms, ProviderId, RefundId, RouterId, Secret, SessionId, ShiftId,
    Starts, StatementId, TicketCode, TicketId, TicketState, Timestamp, Usage,
};
use bando_store::testing::{ManualClock, SeededEntropy, TestStore};
use bando_store::{
    About, Account, Batch, GatewayAccount, GatewayMessage, NewRouter, Origin, Payment, Plan,
    Provider, ProviderStatus, SessionUpdate, Store, Ticket, Transfer,
};
use uuid::Uuid;

/// 2026-11-20T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_795_176_000);

pub(crate) const TERMS: PlanTerms = PlanTerms {
    validity_seconds: Some(3600),
    data: Some(DataLimit::from_bytes(1_000_000)),
    starts: Starts::FirstUse,
    rate: None,
    device_limit: 2,
};

/// A seeded world that makes rows.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
}

macro_rules! new_ids {
    ($($name:ident -> $id:ident;)*) => {$(
        pub(crate) fn $name(&self) -> $id {
            $id::new(&self.clock, &self.entropy)
        }
    )*};
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            clock: Arc::new(ManualClock::new(NOON)),
            entropy: Arc::new(SeededEntropy::new(seed)),
        }
    }

    new_ids! {
        account_id -> AccountId;
        arrival_id -> ArrivalId;
        case_id -> CaseId;
        difference_id -> DifferenceId;
        payout_id -> PayoutId;
        refund_id -> RefundId;
        shift_id -> ShiftId;
        statement_id -> StatementId;
        batch_id -> BatchId;
        customer_id -> CustomerId;
        message_id -> MessageId;
        payment_id -> PaymentId;
        plan_id -> PlanId;
        provider_id -> ProviderId;
        router_id -> RouterId;
        session_id -> SessionId;
        ticket_id -> TicketId;
        transfer_id -> LedgerTransferId;
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.message_id().uuid()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_millis(1));
    }

    pub(crate) async fn stores(&self) -> Vec<TestStore> {
        bando_store::testing::stores(&*self.entropy).await
    }

    /// A new provider.
    pub(crate) async fn provider(&self, store: &Store, slug: &str) -> ProviderId {
        let provider = Provider {
            id: self.provider_id(),
            slug: slug.parse().expect("slug"),
            name: format!("Wi-Fi {slug}"),
            status: ProviderStatus::Active,
            country: Country::Ke,
            currency: Currency::Kes,
            language: Language::En,
            time_zone: "Africa/Nairobi".into(),
            support_phone: None,
            created_at: self.now(),
        };
        let mut tx = store.system().await.expect("tx");
        tx.insert_provider(&provider).await.expect("provider");
        tx.commit().await.expect("commit");
        provider.id
    }

    pub(crate) async fn account(&self, store: &Store, username: &str) -> AccountId {
        let account = Account {
            id: self.account_id(),
            username: username.into(),
            password_hash: "$argon2id$".into(),
            name: "Njeri".into(),
            language: Language::Sw,
            super_admin: false,
            created_at: self.now(),
            disabled_at: None,
        };
        let mut tx = store.system().await.expect("tx");
        tx.insert_account(&account).await.expect("account");
        tx.commit().await.expect("commit");
        account.id
    }

    pub(crate) fn plan(&self) -> Plan {
        Plan {
            id: self.plan_id(),
            name: "1 hour".into(),
            price: kes(20),
            terms: TERMS,
            window: None,
            on_sale: true,
            position: 1,
            created_at: self.now(),
        }
    }

    pub(crate) fn payment(&self, customer: CustomerId, phone: &Phone) -> Payment {
        Payment {
            id: self.payment_id(),
            gateway: "mpesa".into(),
            status: PaymentStatus::Pending,
            amount: kes(20),
            plan_id: self.plan_id(),
            plan_name: "1 hour".into(),
            terms: TERMS,
            customer_id: customer,
            phone: Some(phone.clone()),
            mac: Some(mac(1)),
            router_id: None,
            visit: Some(serde_json::json!({"mac": "02:00:00:00:00:01"})),
            language: Language::En,
            account_reference: None,
            redirect_url: None,
            identity_mac: None,
            sold_by: None,
            collected: false,
            merchant_request_id: None,
            checkout_request_id: None,
            receipt: None,
            fee: kes(0),
            refunded: kes(0),
            failure: None,
            result_code: None,
            result_text: None,
            checks: 0,
            ticket_id: None,
            created_at: self.now(),
            prompted_at: None,
            finished_at: None,
        }
    }

    /// A payment that is stored, of a customer with this phone.
    pub(crate) async fn stored_payment(
        &self,
        store: &Store,
        provider: ProviderId,
        phone: &Phone,
    ) -> Payment {
        let mut tx = store.tenant(provider).await.expect("tx");
        let customer = tx
            .customer(self.customer_id(), phone, self.now())
            .await
            .expect("customer");
        let payment = self.payment(customer.id, phone);
        tx.insert_payment(&payment).await.expect("payment");
        tx.commit().await.expect("commit");
        payment
    }

    pub(crate) fn ticket(&self, provider: ProviderId, origin: Origin) -> Ticket {
        Ticket {
            provider,
            id: self.ticket_id(),
            code: TicketCode::random(&*self.entropy),
            state: TicketState::Unused,
            plan_id: self.plan_id(),
            plan_name: "1 hour".into(),
            price: kes(20),
            terms: TERMS,
            origin,
            phone: None,
            identity_mac: None,
            created_at: self.now(),
            activated_at: None,
            expires_at: None,
            ended_at: None,
            usage: Usage::default(),
        }
    }

    /// A ticket that runs, stored.
    pub(crate) async fn active_ticket(
        &self,
        store: &Store,
        provider: ProviderId,
        expires_at: Option<Timestamp>,
    ) -> Ticket {
        let mut ticket = self.ticket(provider, Origin::Gift(self.account_id()));
        ticket.state = TicketState::Active;
        ticket.activated_at = Some(self.now());
        ticket.expires_at = expires_at;
        let mut tx = store.tenant(provider).await.expect("tx");
        assert!(
            tx.insert_ticket(&ticket, &*self.entropy)
                .await
                .expect("ticket")
        );
        tx.commit().await.expect("commit");
        ticket
    }

    pub(crate) fn new_router(&self) -> NewRouter {
        let id = self.router_id();
        NewRouter {
            id,
            name: "Gate".into(),
            identity: format!("bando-{}", id.uuid().simple()),
            secret: Secret::new("a-router-secret"),
            hotspot_host: "10.5.50.1".into(),
            coa_address: None,
            created_at: self.now(),
        }
    }

    pub(crate) async fn router(&self, store: &Store, provider: ProviderId) -> RouterId {
        let router = self.new_router();
        let mut tx = store.tenant(provider).await.expect("tx");
        tx.insert_router(&router, &*self.entropy)
            .await
            .expect("router");
        tx.commit().await.expect("commit");
        router.id
    }

    pub(crate) fn update(
        &self,
        router: RouterId,
        ticket: Option<TicketId>,
        octets: (u64, u64),
        seconds: u64,
    ) -> SessionUpdate {
        SessionUpdate {
            id: self.session_id(),
            router_id: router,
            ticket_id: ticket,
            acct_session_id: "80000001".into(),
            user_name: "K7MPQ2XW9R".into(),
            mac: Some(mac(1)),
            framed_ip: Some("10.5.50.9".into()),
            at: NOON.plus(Duration::from_secs(seconds)),
            seconds,
            usage: Usage {
                octets_in: octets.0,
                octets_out: octets.1,
            },
            stopped: None,
        }
    }

    pub(crate) fn batch(&self, size: u32) -> Batch {
        Batch {
            id: self.batch_id(),
            plan_id: self.plan_id(),
            plan_name: "1 hour".into(),
            price: kes(20),
            terms: TERMS,
            size,
            made: 0,
            created_by: self.account_id(),
            created_at: self.now(),
            finished_at: None,
        }
    }

    pub(crate) fn message(&self, payment: PaymentId, body: &[u8]) -> GatewayMessage {
        GatewayMessage {
            id: self.message_id(),
            about: About::Payment,
            subject: payment.uuid(),
            gateway: "mpesa".into(),
            body: body.to_vec(),
            signed: false,
            source: "127.0.0.1".into(),
            received_at: self.now(),
            times_seen: 1,
            outcome: None,
        }
    }

    pub(crate) fn transfer(&self, payment: PaymentId) -> Transfer {
        Transfer {
            id: self.transfer_id(),
            kind: "payment".into(),
            debit: "gateway:mpesa".into(),
            credit: "revenue".into(),
            amount: kes(20),
            subject: payment.uuid(),
            payment: Some(payment),
            at: self.now(),
        }
    }

    pub(crate) fn gateway_account(&self, secrets: &str) -> GatewayAccount {
        GatewayAccount {
            gateway: "mpesa".into(),
            settings: serde_json::json!({"environment": "sandbox", "shortcode": "174379"}),
            secrets: Secret::new(secrets),
            enabled: true,
            updated_at: self.now(),
            tested_at: None,
            test_result: None,
        }
    }
}

pub(crate) fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

pub(crate) fn mac(last: u8) -> MacAddr {
    MacAddr::new([2, 0, 0, 0, 0, last])
}

pub(crate) fn phone(n: u32) -> Phone {
    Phone::from_international(&format!("2547{n:08}")).expect("phone")
}

/// The first column of the first row, as a number.
pub(crate) async fn number(test: &TestStore, sql: &str) -> i64 {
    let rows = test.raw(sql).await.expect("raw");
    rows[0][0]
        .as_deref()
        .expect("not null")
        .parse()
        .expect("a number")
}
