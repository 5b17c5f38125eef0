//! The portal when all goes well: from the hotspot to the internet, and back another day.

use std::time::Duration;

use bando_app::PlanDraft;
use bando_domain::{PlanTerms, Starts};

use super::VIEWS;
use super::look::{Face, see};
use super::stage::{self, Customer, until};
use crate::support::browser::{Browser, View};

#[tokio::test]
async fn a_customer_on_a_phone_buys_with_scripts() {
    buys(0).await;
}

#[tokio::test]
async fn a_customer_on_a_phone_buys_without_scripts() {
    buys(1).await;
}

#[tokio::test]
async fn a_customer_at_a_desk_buys_with_scripts() {
    buys(2).await;
}

#[tokio::test]
async fn a_customer_at_a_desk_buys_without_scripts() {
    buys(3).await;
}

/// Hotspot, portal, plan, phone number, PIN, internet; then off and on again without paying.
async fn buys(view: u8) {
    let (name, seen_as) = VIEWS[usize::from(view)];
    let Some(browser) = Browser::open(seen_as).await else {
        return;
    };
    let customer = Customer::arrives(stage::shared().await, 10 + view).await;
    let picture = |page: &str| format!("portal-{page}.{name}");

    browser.go(&customer.hotspot()).await;
    assert!(browser.url().await.starts_with(&customer.demo.base_url));
    see(&browser, Face::Portal, &picture("landing")).await;
    browser.click("label[for=p2]").await;
    browser.wait_for_text("button.main", "Pay KES 20").await;
    browser.type_into("#phone", &customer.number).await;
    browser.click("button.main").await;

    browser.wait_for_text("h1", "enter your M-Pesa PIN").await;
    see(&browser, Face::Portal, &picture("waiting")).await;
    let purchase = browser.url().await;
    customer.approves().await;
    let session = customer.is_let_in().await;
    browser.wait_for_text("h1", "Online until").await;
    see(&browser, Face::Portal, &picture("success")).await;
    let code = browser
        .attribute("[data-ticket-code]", "data-ticket-code")
        .await;
    assert_eq!(code, Some(session.user));

    browser.click("a.button.main").await;
    browser.wait_for_text("p", "The internet: /news").await;

    browser.go(&purchase).await;
    browser.click("a[href*='/receipt']").await;
    browser.wait_for_text(".receipt", "KES 20").await;
    see(&browser, Face::Portal, &picture("receipt")).await;
    browser.click(".row a").await;
    browser.click("a[href*='/t/']").await;
    browser.wait_for_text(".gauges", "left").await;
    see(&browser, Face::Portal, &picture("status")).await;

    browser.click("form[action*='/disconnect'] button").await;
    browser.wait_for_text("[role=status]", "Disconnected").await;
    customer.is_put_off().await;
    browser.go(&customer.hotspot()).await;
    browser.wait_for_text("p", "The internet: /news").await;
    customer.is_let_in().await;
}

#[tokio::test]
async fn a_voucher_is_as_good_as_money() {
    let Some(browser) = Browser::open(View::phone().without_scripts()).await else {
        return;
    };
    let demo = stage::shared().await;
    let customer = Customer::arrives(demo, 20).await;
    let (app, owner) = (demo.app(), &demo.shop.owner);
    let plan = stage::plan(demo, "1 week").id;
    let batch = app.order_batch(owner, plan, 1).await.unwrap();
    let voucher = until("the voucher", async || {
        app.vouchers(owner, batch.id, 0, 1).await.unwrap().pop()
    })
    .await;

    browser.go(&customer.hotspot()).await;
    browser.click("footer a[href*='/voucher']").await;
    see(&browser, Face::Portal, "portal-voucher.phone").await;
    browser.type_into("#code", "AAAAA AAAAA").await;
    browser.click("button.main").await;
    browser
        .wait_for_text("[role=alert]", "We do not know this code")
        .await;
    see(&browser, Face::Portal, "portal-voucher-wrong.phone").await;

    let (first, second) = voucher.code.as_str().split_at(5);
    let typed = format!("{}-{}", first.to_lowercase(), second.to_lowercase());
    browser.type_into("#code", &typed).await;
    browser.click("button.main").await;
    assert_eq!(customer.is_let_in().await.user, voucher.code.as_str());
    browser.wait_for_text("h1", "1 week").await;
    see(&browser, Face::Portal, "portal-status-voucher.phone").await;
}

#[tokio::test]
async fn a_ticket_is_over_on_the_second_and_its_page_says_so() {
    let Some(browser) = Browser::open(View::phone().dark()).await else {
        return;
    };
    let demo = stage::shared().await;
    let customer = Customer::arrives(demo, 21).await;
    let (app, owner) = (demo.app(), &demo.shop.owner);
    let brief = PlanDraft {
        name: "6 seconds".into(),
        price: "1".into(),
        terms: PlanTerms {
            validity_seconds: Some(6),
            data: None,
            starts: Starts::FirstUse,
            rate: None,
            device_limit: 1,
        },
        window: None,
        on_sale: false,
        position: 99,
    };
    let plan = app.save_plan(owner, None, brief).await.unwrap();
    let ticket = app.give_ticket(owner, plan.id, "", "a test").await.unwrap();

    browser.go(&customer.hotspot()).await;
    browser.click("footer a[href*='/voucher']").await;
    browser.type_into("#code", ticket.code.as_str()).await;
    browser.click("button.main").await;
    customer.is_let_in().await;
    browser.wait_for_text(".gauges", "left").await;
    let page = browser.url().await;
    customer.is_put_off().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    browser.go(&page).await;
    browser.wait_for_text(".chip", "over").await;
    see(&browser, Face::Portal, "portal-status-over.phone-dark").await;
    browser.click("a.button.main").await;
    browser.wait_for_text("h1", "Choose a plan").await;
    browser.go(&customer.hotspot()).await;
    assert!(browser.url().await.starts_with(&demo.base_url));
}

#[tokio::test]
async fn the_portal_speaks_three_languages() {
    let Some(browser) = Browser::open(View::phone()).await else {
        return;
    };
    let customer = Customer::arrives(stage::shared().await, 22).await;
    browser.go(&customer.hotspot()).await;
    for (language, title, waiting, failed) in [
        (
            "fr",
            "Choisissez un forfait",
            "saisissez votre code PIN",
            "Annulé sur le téléphone",
        ),
        (
            "sw",
            "Chagua kifurushi",
            "uweke PIN ya M-Pesa",
            "Limeghairiwa kwenye simu",
        ),
    ] {
        let picture = |page: &str| format!("portal-{page}.phone-{language}");
        browser.click(&format!("nav a[lang={language}]")).await;
        browser.wait_for_text("h1", title).await;
        assert_eq!(
            browser.attribute("html", "lang").await.as_deref(),
            Some(language)
        );
        see(&browser, Face::Portal, &picture("landing")).await;
        browser.click("footer a[href*='/help']").await;
        see(&browser, Face::Portal, &picture("help")).await;
        browser.click(".row a").await;
        browser.type_into("#phone", &customer.number).await;
        browser.click("form.buy button.main").await;
        browser.wait_for_text("h1", waiting).await;
        see(&browser, Face::Portal, &picture("waiting")).await;
        customer.declines().await;
        browser.wait_for_text("h1", failed).await;
        see(&browser, Face::Portal, &picture("failed")).await;
        browser.go(&customer.hotspot()).await;
    }
}
