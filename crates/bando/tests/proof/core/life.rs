//! One life of the program: it goes on with what the last one left, a few things happen in it, and
//! then it ends, or dies at a marked point on the way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use bando_app::testing::{ManualClock, NOON, SeededEntropy};
use bando_app::{
    App, Caller, CashSale, Disconnected, GatewayAccount, Incoming, Parts, PaymentFilter, Plan,
    PlanDraft, Purchase, RefundDraft, RefundFilter, RefundOf, RefundWay, Role, RouterControl,
    SendState, Sending, Settings, Taken, Visit,
};
use bando_domain::{
    AccountId, Clock as _, Country, Language, PaymentStatus, PlanTerms, ProviderId, Secret, Starts,
};
use bando_store::{DatabaseUrl, MasterKey, Store, Vault};
use bando_store::{Options, Router, Session};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::companies::{
    self, Book, Entry, NAMES, SIGNATURE, Told, arriving, conversation, fate, receipt,
};
use crate::proof::dice::Dice;

/// What a life is told, as JSON in its environment.
pub(crate) const LIFE: &str = "BANDO_CRASH_LIFE";

/// How far apart lives are: longer than any lease.
const BETWEEN: Duration = Duration::from_secs(15 * 60);

/// How many things happen in a life that is not cut short.
const THINGS: u32 = 4;

/// The one business.
const SLUG: &str = "mlima";

/// What a life is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) database: String,
    pub(crate) key: String,
    pub(crate) book: PathBuf,
    pub(crate) seed: u64,
    /// Which life it is; none for the one that sets everything up.
    pub(crate) number: u64,
    /// Nothing new happens, but all that was lost is repeated and all that waits is waited for.
    pub(crate) heal: bool,
}

/// Lives, if this process was started for that; otherwise returns at once.
pub(crate) fn live_if_told() -> Result<bool> {
    let Ok(told) = std::env::var(LIFE) else {
        return Ok(false);
    };
    let life: Life = serde_json::from_str(&told)?;
    // One thread: nothing but the seed decides what happens.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(life.live())?;
    Ok(true)
}

struct World {
    app: App,
    clock: Arc<ManualClock>,
    book: Book,
    seed: u64,
    dice: Dice,
    owner: Caller,
    manager: Caller,
    plan: Plan,
}

impl Life {
    async fn live(&self) -> Result<()> {
        let clock = Arc::new(ManualClock::new(
            NOON.plus(BETWEEN * u32::try_from(self.number)?),
        ));
        let mixed = self.seed.wrapping_mul(1_000_003).wrapping_add(self.number);
        let entropy = Arc::new(SeededEntropy::new(mixed));
        let vault = Vault::new(&MasterKey::parse(&self.key)?, &[]);
        let url = DatabaseUrl::parse(&self.database)?;
        let store = Store::open(&url, Options::default(), vault).await?;
        let book = Book::open(&self.book)?;
        let mut settings = Settings::new("https://wifi.example");
        settings.queries_per_minute = u32::MAX;
        let app = App::new(Parts {
            store,
            clock: Arc::clone(&clock) as _,
            entropy: entropy as _,
            gateways: companies::companies(self.seed, &book),
            routers: Arc::new(NoRouters),
            settings,
        });
        if self.number == 0 {
            let (owner, manager) = found(&app).await?;
            book.add(&Entry::Founded { owner, manager });
            app.close().await;
            return Ok(());
        }
        let provider = app.provider(SLUG).await?;
        let Some(Entry::Founded { owner, manager }) = book.read()?.into_iter().next() else {
            bail!("nothing was founded");
        };
        let owner = caller(provider.id, owner, Role::Owner);
        let manager = caller(provider.id, manager, Role::Manager);
        let plan = app.plans(&owner).await?.pop().context("no plan")?;
        let world = World {
            app,
            clock,
            book,
            seed: self.seed,
            dice: Dice::new(mixed ^ 0x5EED),
            owner,
            manager,
            plan,
        };
        world.work().await?;
        if self.heal {
            world.heal().await?;
        } else {
            for _ in 0..THINGS {
                world.something_happens().await?;
                world.work().await?;
            }
        }
        world.app.close().await;
        Ok(())
    }
}

/// Sets the business up.
async fn found(app: &App) -> Result<(AccountId, AccountId)> {
    let provider = app.create_provider(SLUG, SLUG, Country::Ke).await?;
    let password = Secret::new("a password that nobody uses");
    let mut members = Vec::new();
    for (name, role) in [("owner", Role::Owner), ("manager", Role::Manager)] {
        let account = app
            .create_account(name, &password, name, Language::En, false)
            .await?;
        app.add_member(provider.id, account, role).await?;
        members.push(account);
    }
    let owner = caller(provider.id, members[0], Role::Owner);
    for name in NAMES {
        app.save_gateway(&owner, name, GatewayAccount::default(), true)
            .await?;
    }
    let draft = PlanDraft {
        name: "1 hour".into(),
        price: "20".into(),
        terms: PlanTerms {
            validity_seconds: Some(3600),
            data: None,
            starts: Starts::Purchase,
            rate: None,
            device_limit: 1,
        },
        window: None,
        on_sale: true,
        position: 0,
    };
    app.save_plan(&owner, None, draft).await?;
    Ok((members[0], members[1]))
}

fn caller(provider: ProviderId, account: AccountId, role: Role) -> Caller {
    Caller {
        account,
        name: role.name().to_owned(),
        provider,
        role,
    }
}

impl World {
    /// Works off whatever is due, one thing after the other.
    async fn work(&self) -> Result<()> {
        for _ in 0..10_000 {
            if !self.app.run_one_due_job().await? {
                return Ok(());
            }
        }
        bail!("the work never ends")
    }

    async fn something_happens(&self) -> Result<()> {
        match self.dice.below(16) {
            0..=6 => self.somebody_buys().await,
            7 | 8 => self.somebody_pays_by_hand().await,
            9 => self.somebody_spends_credit().await,
            10..=12 => self.somebody_gets_money_back().await,
            13 => self.somebody_pays_cash().await,
            14 => self.a_statement_comes().await,
            _ => self.an_old_message_comes_again().await,
        }
    }

    /// A customer buys by one of the ways to pay; the company's word comes, or not, or three times.
    async fn somebody_buys(&self) -> Result<()> {
        let gateway = *self.dice.one_of(&NAMES);
        let purchase = Purchase {
            provider: self.owner.provider,
            plan: self.plan.id,
            phone: self.some_phone(),
            gateway: Some(gateway.to_owned()),
            by_hand: false,
            visit: Visit::default(),
            language: Language::En,
            source: "x".into(),
        };
        // Refused if that phone has an open prompt: as in the wild.
        let Ok(payment) = self.app.start_payment(purchase).await else {
            return Ok(());
        };
        let reference = payment.id.uuid().hyphenated().to_string();
        for _ in 0..*self.dice.one_of(&[0, 1, 1, 1, 3]) {
            self.tell_of(&reference).await?;
            if self.dice.chance(50) {
                self.work().await?;
            }
        }
        self.work().await?;
        self.clock.advance(Duration::from_secs(self.dice.below(60)));
        Ok(())
    }

    /// The company's word about a payment comes on its link.
    async fn tell_of(&self, reference: &str) -> Result<()> {
        let entries = self.book.read()?;
        let asked = entries.iter().find_map(|entry| match entry {
            Entry::Asked {
                gateway,
                reference: asked,
                minor,
                callback,
                ..
            } if asked == reference => Some((gateway.clone(), *minor, callback.clone())),
            _ => None,
        });
        let Some((gateway, minor, callback)) = asked else {
            return Ok(());
        };
        let paid = arriving(fate(self.seed, reference), minor);
        let told = match gateway.as_str() {
            "pesapal" => Told::Look {
                reference: reference.to_owned(),
            },
            _ => Told::Payment {
                reference: reference.to_owned(),
                paid: paid.map(|minor| (receipt(reference), minor)),
            },
        };
        self.deliver(&callback, &told).await
    }

    /// Money is paid by hand, and the company tells, or not.
    async fn somebody_pays_by_hand(&self) -> Result<()> {
        let entries = self.book.read()?;
        let asked: Vec<String> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Asked { phone, .. } => Some(phone.clone()),
                _ => None,
            })
            .collect();
        let phone = if asked.is_empty() || self.dice.chance(50) {
            format!("25471{:07}", self.dice.below(200))
        } else {
            self.dice.one_of(&asked).clone()
        };
        let minor = *self.dice.one_of(&[2000, 2000, 1500, 5000]);
        let receipt = receipt(&format!("by hand {} {}", self.clock.now(), phone));
        let entry = Entry::ByHand {
            receipt,
            minor,
            phone,
            reference: "nothing".into(),
        };
        self.book.add(&entry);
        for _ in 0..*self.dice.one_of(&[0, 1, 1, 2]) {
            self.tell_of_money(&entry).await?;
        }
        Ok(())
    }

    async fn tell_of_money(&self, entry: &Entry) -> Result<()> {
        let Entry::ByHand {
            receipt,
            minor,
            phone,
            reference,
        } = entry
        else {
            return Ok(());
        };
        let told = Told::Movement {
            receipt: receipt.clone(),
            minor: *minor,
            phone: phone.clone(),
            reference: reference.clone(),
        };
        let state = self.app.gateway_account(&self.owner, "mpesa").await?;
        self.deliver(&state.message_url, &told).await
    }

    /// Somebody with credit buys with it.
    async fn somebody_spends_credit(&self) -> Result<()> {
        let customers = self.app.customers(&self.owner, None, 200).await?.rows;
        let rich: Vec<_> = customers
            .iter()
            .filter(|customer| customer.credit.minor() >= self.plan.price.minor())
            .collect();
        if !rich.is_empty() {
            let customer = *self.dice.one_of(&rich);
            let token = self.app.wallet_token(self.owner.provider, customer.id);
            self.app
                .buy_with_credit(&token, self.plan.id, customer.credit, &Visit::default())
                .await?;
        }
        Ok(())
    }

    /// The manager asks for a refund, the owner agrees, and the company says what became of it, or not.
    async fn somebody_gets_money_back(&self) -> Result<()> {
        let filter = PaymentFilter {
            status: Some(PaymentStatus::Success),
            ..PaymentFilter::default()
        };
        let paid = self
            .app
            .payments(&self.owner, &filter, None, 50)
            .await?
            .rows;
        if paid.is_empty() {
            return Ok(());
        }
        let draft = RefundDraft {
            of: RefundOf::Payment(self.dice.one_of(&paid).id),
            amount: None,
            way: *self.dice.one_of(&[RefundWay::Gateway, RefundWay::Wallet]),
            reason: "asked for".into(),
            revoke: self.dice.chance(50),
        };
        // Refused where that way is not open, such as for cash.
        let Ok(refund) = self.app.request_refund(&self.manager, draft).await else {
            return Ok(());
        };
        self.app.decide_refund(&self.owner, refund.id, true).await?;
        self.work().await?;
        for _ in 0..*self.dice.one_of(&[0, 1, 2]) {
            self.tell_of_refunds().await?;
        }
        Ok(())
    }

    /// The companies say that all they sent back has arrived.
    async fn tell_of_refunds(&self) -> Result<()> {
        for entry in self.book.read()? {
            if let Entry::Sent {
                reference, result, ..
            } = entry
            {
                let told = Told::Sent {
                    conversation: conversation(&reference),
                    done: true,
                };
                self.deliver(&result, &told).await?;
            }
        }
        Ok(())
    }

    async fn somebody_pays_cash(&self) -> Result<()> {
        let sale = CashSale {
            plan: self.plan.id,
            phone: self.dice.chance(50).then(|| self.some_phone()),
        };
        self.app.sell_for_cash(&self.manager, sale).await?;
        Ok(())
    }

    async fn a_statement_comes(&self) -> Result<()> {
        let gateway = *self.dice.one_of(&NAMES);
        self.app.pull_statement(&self.owner, gateway).await?;
        self.work().await
    }

    /// What nobody knows the end of is looked up by a person.
    async fn resolve_refunds(&self) -> Result<()> {
        let sent: Vec<String> = self
            .book
            .read()?
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::Sent { reference, .. } => Some(reference),
                _ => None,
            })
            .collect();
        let filter = RefundFilter {
            state: Some(SendState::Unknown),
            ..RefundFilter::default()
        };
        for refund in self
            .app
            .refunds(&self.owner, &filter, None, 200)
            .await?
            .rows
        {
            let reference = refund.id.uuid().hyphenated().to_string();
            let happened = sent.contains(&reference);
            self.app
                .resolve_sent(&self.owner, Sending::Refund(refund.id), happened, None)
                .await?;
        }
        Ok(())
    }

    /// A company repeats itself.
    async fn an_old_message_comes_again(&self) -> Result<()> {
        let entries = self.book.read()?;
        if entries.is_empty() {
            return Ok(());
        }
        match self.dice.one_of(&entries) {
            Entry::Asked { reference, .. } => self.tell_of(reference).await,
            entry => self.tell_of_money(entry).await,
        }
    }

    /// Everything that was ever said is said again, and everything that waits is waited for.
    async fn heal(&self) -> Result<()> {
        for entry in self.book.read()? {
            match &entry {
                Entry::Asked { reference, .. } => self.tell_of(reference).await?,
                entry => self.tell_of_money(entry).await?,
            }
        }
        self.tell_of_refunds().await?;
        for _ in 0..200 {
            self.work().await?;
            self.clock.advance(Duration::from_secs(600));
        }
        self.resolve_refunds().await
    }

    /// Brings a message to the door. What is answered with success is written down.
    async fn deliver(&self, url: &str, told: &Told) -> Result<()> {
        let token = url.rsplit('/').next().unwrap_or_default();
        let body = serde_json::to_vec(told)?;
        let headers = [(SIGNATURE.to_owned(), "good".to_owned())];
        let incoming = Incoming {
            headers: &headers,
            body: &body,
            source: "company",
        };
        let taken = self.app.take_message(token, incoming).await?;
        ensure!(matches!(taken, Taken::Kept(_)), "a good message is refused");
        self.book.add(&Entry::Answered {
            digest: hex(&Sha256::digest(&body)),
        });
        Ok(())
    }

    fn some_phone(&self) -> String {
        format!("0711{:06}", self.dice.below(1_000))
    }
}

/// Small hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct NoRouters;

#[async_trait]
impl RouterControl for NoRouters {
    async fn disconnect(&self, _: &Router, _: &Session) -> Disconnected {
        Disconnected::NotThere
    }
}
