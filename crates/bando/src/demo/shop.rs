//! The business of the demo: Mama Njeri's Wi-Fi, with plans, a router, an M-Pesa account and a week
//! behind it.

use anyhow::{Context, Result};
use bando_app::{App, Caller, MpesaSecrets, MpesaSettings, PlanDraft, RouterDraft};
use bando_domain::{
    Burst, Clock, Country, DataLimit, Language, PlanTerms, ProviderId, RateLimit, RouterId, Secret,
    Starts,
};
use bando_store::{Plan, Role, Store};

use super::history;
use crate::world::SystemClock;

/// The business's short name.
pub(super) const SLUG: &str = "mama-njeri";
/// Its paybill.
pub(super) const SHORTCODE: &str = "600584";
/// Its name as payers see it.
pub(super) const MERCHANT: &str = "MAMA NJERI WI-FI";
/// Who owns it.
pub(super) const OWNER: &str = "njeri";
/// Who runs the platform.
pub(super) const SUPER_ADMIN: &str = "admin";
/// The password of both: the demo listens on this machine only.
pub(super) const PASSWORD: &str = "karibu-bando";

/// What was set up.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The owner, at work.
    pub owner: Caller,
    /// The plans, in order.
    pub plans: Vec<Plan>,
    /// The router's id.
    pub router: RouterId,
    /// The router's NAS-Identifier.
    pub identity: String,
    /// The router's RADIUS secret.
    pub secret: Secret,
}

impl Shop {
    /// The shop that is in the database already, or a new one with its history. Either way its M-Pesa
    /// account is with the simulator at `daraja`.
    ///
    /// # Errors
    /// When the database refuses something.
    pub async fn open_or_make(store: &Store, daraja: &str) -> Result<Self> {
        let past = history::Past::new(SystemClock.now());
        let app = past.app(store.clone());
        let is_new = app
            .providers()
            .await?
            .iter()
            .all(|p| p.slug.as_str() != SLUG);
        if is_new {
            make_people(&app).await?;
        }
        let provider = app.provider(SLUG).await?;
        let owner = owner(&app, provider.id).await?;
        if is_new {
            make_plans(&app, &owner).await?;
            let draft = RouterDraft {
                name: "Shop".into(),
                hotspot_host: "127.0.0.1".into(),
                coa_address: None,
            };
            app.add_router(&owner, draft).await?;
        }
        let settings = MpesaSettings {
            environment: daraja.to_owned(),
            shortcode: SHORTCODE.into(),
            till: None,
        };
        let account = bando_sim::daraja::App::paybill(SHORTCODE, MERCHANT);
        let secrets = MpesaSecrets {
            consumer_key: Secret::new(account.consumer_key),
            consumer_secret: Secret::new(account.consumer_secret),
            passkey: Secret::new(account.passkey),
        };
        app.save_mpesa(&owner, settings, secrets, true).await?;
        let router = app
            .routers(&owner)
            .await?
            .into_iter()
            .next()
            .context("the shop's router is gone")?;
        let shop = Self {
            plans: app.plans(&owner).await?,
            owner,
            router: router.id,
            identity: router.identity,
            secret: router.secret,
        };
        if is_new {
            past.happen(&app, &shop).await?;
        }
        Ok(shop)
    }

    /// Tells the program where the simulated router's hotspot and its CoA port are.
    ///
    /// # Errors
    /// When the database refuses it.
    pub async fn connect_router(&self, app: &App, hotspot_host: &str, coa: &str) -> Result<()> {
        let draft = RouterDraft {
            name: "Shop".into(),
            hotspot_host: hotspot_host.to_owned(),
            coa_address: Some(coa.to_owned()),
        };
        Ok(app.change_router(&self.owner, self.router, draft).await?)
    }
}

async fn make_people(app: &App) -> Result<()> {
    let provider = app
        .create_provider(SLUG, "Mama Njeri Wi-Fi", Country::Ke)
        .await?;
    let password = Secret::new(PASSWORD);
    let owner = app
        .create_account(OWNER, &password, "Njeri Wambui", Language::En, false)
        .await?;
    app.add_member(provider.id, owner, Role::Owner).await?;
    app.create_account(SUPER_ADMIN, &password, "Platform", Language::En, true)
        .await?;
    Ok(())
}

async fn owner(app: &App, provider: ProviderId) -> Result<Caller> {
    let signed_in = app
        .check_password(OWNER, &Secret::new(PASSWORD), "demo")
        .await?;
    signed_in
        .caller(Some(provider))
        .context("the owner is no member of the shop any more")
}

/// A plan that ends while you watch, and those that sell.
async fn make_plans(app: &App, owner: &Caller) -> Result<()> {
    let speed = |up: u64, down: u64| Some(RateLimit::steady(up * 1_000_000, down * 1_000_000));
    let quick = RateLimit {
        burst: Some(Burst {
            upload_bps: 4_000_000,
            download_bps: 10_000_000,
            upload_threshold_bps: 1_500_000,
            download_threshold_bps: 4_000_000,
            seconds: 16,
        }),
        ..RateLimit::steady(2_000_000, 5_000_000)
    };
    let hour = 3600;
    let gigabyte = DataLimit::from_bytes(1_000_000_000);
    let terms = |validity_seconds, data, rate, device_limit, starts| PlanTerms {
        validity_seconds,
        data,
        starts,
        rate,
        device_limit,
    };
    let plans = [
        (
            "1 minute, to try",
            "5",
            terms(Some(60), None, speed(2, 5), 1, Starts::Purchase),
        ),
        (
            "1 hour",
            "20",
            terms(Some(hour), None, speed(2, 5), 1, Starts::Purchase),
        ),
        (
            "1 day",
            "50",
            terms(Some(24 * hour), None, Some(quick), 2, Starts::Purchase),
        ),
        (
            "1 week",
            "250",
            terms(Some(7 * 24 * hour), None, speed(4, 8), 3, Starts::FirstUse),
        ),
        (
            "1 GB",
            "100",
            terms(
                Some(30 * 24 * hour),
                Some(gigabyte),
                speed(4, 10),
                2,
                Starts::FirstUse,
            ),
        ),
    ];
    for (position, (name, price, terms)) in (0_i64..).zip(plans) {
        let draft = PlanDraft {
            name: name.into(),
            price: price.into(),
            terms,
            window: None,
            on_sale: true,
            position,
        };
        app.save_plan(owner, None, draft).await?;
    }
    Ok(())
}
