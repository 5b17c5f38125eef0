//! Statements against the books: what is planted is found, nothing else is, and what is mended stays
//! mended.

mod mending;
mod planted;
mod sources;

use std::time::Duration;

use bando_app::testing::Shop;
use bando_app::{
    DifferenceFilter, DifferenceState, Disagreement, Mend, Mended, Payment, Statement,
};
use bando_domain::{Country, Currency, Money, PaymentStatus, Phone, Timestamp};
use bando_gateways::{Movement, MovementKind};

pub(super) const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

pub(super) fn phone(n: usize) -> Phone {
    Phone::from_international(&format!("2547{n:08}")).unwrap()
}

pub(super) fn movement(receipt: &str, amount: Money, at: Timestamp) -> Movement {
    Movement {
        kind: MovementKind::Payment,
        receipt: receipt.to_owned(),
        amount,
        fee: None,
        at: Some(at),
        phone: None,
        payer: None,
        reference: None,
        account: Some("174379".into()),
        checkout_request_id: None,
    }
}

/// Has the gateway give this statement, and has it compared.
pub(super) async fn reconcile(shop: &Shop, movements: Vec<Movement>) -> Statement {
    shop.gateway.answer_statement(Ok(movements));
    shop.app.pull_statement(&shop.owner, "mpesa").await.unwrap();
    shop.work().await;
    // What mended itself is compared once more.
    shop.clock.advance(Duration::from_secs(2));
    shop.work().await;
    newest(shop).await
}

pub(super) async fn newest(shop: &Shop) -> Statement {
    let page = shop
        .app
        .statements(&shop.owner, Some("mpesa"), None, 1)
        .await;
    page.unwrap().rows.pop().unwrap()
}

pub(super) async fn all(shop: &Shop, filter: DifferenceFilter) -> Vec<Disagreement> {
    let page = shop
        .app
        .disagreements(&shop.owner, &filter, None, 1000)
        .await;
    page.unwrap().rows
}

pub(super) async fn open(shop: &Shop) -> Vec<Disagreement> {
    let filter = DifferenceFilter {
        state: Some(DifferenceState::Open),
        ..DifferenceFilter::default()
    };
    all(shop, filter).await
}

pub(super) async fn only_open(shop: &Shop) -> Disagreement {
    let mut found = open(shop).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    found.pop().unwrap()
}

pub(super) async fn mend(shop: &Shop, found: &Disagreement, mend: Mend) -> Mended {
    let id = found.difference.id;
    let done = shop
        .app
        .mend_difference(&shop.owner, id, mend, "a test")
        .await;
    done.unwrap()
}

/// A while after the shop's last deed, so that no word can still be on its way.
pub(super) async fn later(shop: &Shop) {
    shop.clock.advance(HOUR);
    shop.work().await;
}

/// A payment that is settled, with its receipt.
pub(super) async fn paid(shop: &Shop, phone: &str) -> Payment {
    let begun = shop.app.start_payment(shop.wish(phone)).await.unwrap();
    shop.pay(&begun).await;
    shop.payment(&begun).await
}

/// A payment of which nobody ever heard again.
pub(super) async fn given_up(shop: &Shop, phone: &str) -> Payment {
    let begun = shop.app.start_payment(shop.wish(phone)).await.unwrap();
    for hours in [1, 6, 24, 1] {
        shop.clock.advance(hours * HOUR);
        shop.work().await;
    }
    let given_up = shop.payment(&begun).await;
    assert_eq!(given_up.status, PaymentStatus::Pending);
    given_up
}

pub(super) fn line_of(payment: &Payment) -> Movement {
    let receipt = payment.receipt.clone().unwrap();
    movement(&receipt, payment.amount, payment.created_at)
}

pub(super) fn phone_of(number: &str) -> Phone {
    Phone::parse(number, Country::Ke).unwrap()
}

pub(super) async fn balance(shop: &Shop, account: &str) -> Money {
    let balances = shop.app.account_balances(&shop.owner, None).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(kes(0), |b| b.amount)
}
