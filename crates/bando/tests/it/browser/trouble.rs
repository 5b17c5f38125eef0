//! The portal when something goes wrong: one sentence that says what, one button that is right for it.

use bando_app::{Purchase, Visit};
use bando_domain::{Currency, Language, Money};

use super::look::{Face, see};
use super::stage::{self, Customer, until};
use crate::support::browser::{Browser, View};

#[tokio::test]
async fn a_payment_that_fails_says_why_and_can_be_tried_again() {
    fails(View::phone().dark(), "phone-dark", 30).await;
}

#[tokio::test]
async fn a_payment_that_fails_without_scripts_does_so_too() {
    fails(View::desk().without_scripts(), "desk-plain", 31).await;
}

async fn fails(view: View, name: &str, n: u8) {
    let Some(browser) = Browser::open(view).await else {
        return;
    };
    let customer = Customer::arrives(stage::shared().await, n).await;
    let picture = |page: &str| format!("portal-{page}.{name}");
    let phones = customer.demo.daraja.phones();
    let shillings = |amount| Money::from_major(amount, Currency::Kes).unwrap();

    browser.go(&customer.hotspot()).await;
    browser.type_into("#phone", "12").await;
    browser.click("form.buy button.main").await;
    browser
        .wait_for_text("[role=alert]", "not a phone number")
        .await;
    see(&browser, Face::Portal, &picture("wrong-number")).await;

    phones.set_balance(&customer.phone, shillings(1));
    browser.type_into("#phone", &customer.number).await;
    browser.click("form.buy button.main").await;
    browser.wait_for_text("h1", "enter your M-Pesa PIN").await;
    customer.approves().await;
    browser.wait_for_text("h1", "Not enough money").await;
    browser
        .wait_for_text(
            "[role=status]",
            "Top up and try again, or choose a cheaper plan",
        )
        .await;
    browser
        .wait_for_text("a.button.main", "Choose another plan")
        .await;
    see(&browser, Face::Portal, &picture("no-money")).await;

    phones.set_balance(&customer.phone, shillings(1000));
    browser.click("form[action*='/again'] button").await;
    browser.wait_for_text("h1", "enter your M-Pesa PIN").await;
    customer.declines().await;
    browser.wait_for_text("h1", "Cancelled on the phone").await;
    browser
        .wait_for_text("[role=status]", "Nothing was taken")
        .await;
    browser.wait_for_text("button.main", "Try again").await;
    see(&browser, Face::Portal, &picture("cancelled")).await;

    browser.click("button.main").await;
    browser.wait_for_text("h1", "enter your M-Pesa PIN").await;
    customer.approves().await;
    browser.wait_for_text("h1", "Online until").await;
    customer.is_let_in().await;
}

#[tokio::test]
async fn who_has_already_paid_pastes_the_message() {
    let Some(browser) = Browser::open(View::phone()).await else {
        return;
    };
    let demo = stage::shared().await;
    let customer = Customer::arrives(demo, 32).await;
    let wish = Purchase {
        gateway: None,
        by_hand: false,
        provider: demo.shop.owner.provider,
        plan: stage::plan(demo, "1 day").id,
        phone: customer.number.clone(),
        visit: Visit::default(),
        language: Language::En,
        source: "elsewhere".into(),
    };
    demo.app().start_payment(wish).await.unwrap();
    customer.approves().await;
    let message = until("the message from M-Pesa", async || {
        demo.daraja.phones().messages(&customer.phone).pop()
    })
    .await;

    browser.go(&customer.hotspot()).await;
    browser.click("footer a[href*='/paid']").await;
    browser.type_into("#message", "I paid you yesterday").await;
    browser.click("button.main").await;
    browser
        .wait_for_text("[role=alert]", "There is no payment code in this")
        .await;
    see(&browser, Face::Portal, "portal-paid-wrong.phone").await;
    browser.type_into("#message", &message.text).await;
    see(&browser, Face::Portal, "portal-paid.phone").await;
    browser.click("button.main").await;
    customer.is_let_in().await;
    browser.wait_for_text("h1", "Online until").await;
}
