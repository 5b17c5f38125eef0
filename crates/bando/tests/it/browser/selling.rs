//! What happens in the console while customers buy: it shows by itself where scripts run, and on the next load where
//! they do not.

use bando_app::{Purchase, Visit};
use bando_domain::Language;

use super::console::goes_on;
use super::look::{Face, see};
use super::stage::{self, Customer};
use crate::support::browser::{Browser, View};

/// Begins to pay an hour.
async fn asks_to_pay(customer: &Customer) {
    let wish = Purchase {
        gateway: None,
        by_hand: false,
        provider: customer.demo.shop.owner.provider,
        plan: stage::plan(customer.demo, "1 hour").id,
        phone: customer.number.clone(),
        visit: Visit::default(),
        language: Language::En,
        source: customer.mac.to_string(),
    };
    customer.demo.app().start_payment(wish).await.unwrap();
}

#[tokio::test]
async fn a_payment_arrives_without_a_reload() {
    let Some(browser) = Browser::open(View::desk()).await else {
        return;
    };
    let customer = Customer::arrives(stage::shared().await, 40).await;
    goes_on(&browser, customer.demo, "payments").await;
    browser.run("window.untouched = true").await;
    asks_to_pay(&customer).await;
    let row = browser
        .wait_for_text(".payments .row", &customer.masked())
        .await;
    assert!(row.contains("waiting"), "{row}");
    see(&browser, Face::Console, "console-payments-waiting.desk").await;
    customer.approves().await;
    let paid = format!(
        ".payments .row[href='{}']",
        path_of(&browser, &customer).await
    );
    browser.wait_for_text(&paid, "paid").await;
    assert_eq!(browser.run("return window.untouched").await, true);

    browser.click(&paid).await;
    browser.wait_for_text(".timeline", "Ticket issued").await;
    see(&browser, Face::Console, "console-payment-paid.desk").await;
    browser.click(".facts a[href*='/tickets/']").await;
    browser.wait_for_text("h1", "1 hour").await;
    see(&browser, Face::Console, "console-ticket-unused.desk").await;
}

/// Where the row of this customer's payment leads.
async fn path_of(browser: &Browser, customer: &Customer) -> String {
    let script = format!(
        "return [...document.querySelectorAll('.payments .row')].find(row => row.innerText.includes('{}'))
            .getAttribute('href')",
        customer.masked()
    );
    browser.run(&script).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_is_there_after_a_reload_without_scripts() {
    let Some(browser) = Browser::open(View::phone().without_scripts()).await else {
        return;
    };
    let customer = Customer::arrives(stage::shared().await, 41).await;
    goes_on(&browser, customer.demo, "").await;
    asks_to_pay(&customer).await;
    browser.reload().await;
    let row = browser
        .wait_for_text(".payments .row", &customer.masked())
        .await;
    assert!(row.contains("waiting"), "{row}");
    customer.declines().await;
    let page = path_of(&browser, &customer).await;
    stage::until("the payment to be refused", async || {
        browser
            .go(&format!("{}{page}", customer.demo.base_url))
            .await;
        let timeline = browser.text("main").await;
        timeline.contains("Cancelled on the phone").then_some(())
    })
    .await;
    see(&browser, Face::Console, "console-payment-refused.phone").await;
}

#[tokio::test]
async fn a_plan_made_on_a_phone_is_sold_at_once() {
    makes_a_plan(View::phone(), "Night pass").await;
}

#[tokio::test]
async fn a_plan_made_at_a_desk_without_scripts_is_sold_at_once() {
    makes_a_plan(View::desk().without_scripts(), "Lunch pass").await;
}

async fn makes_a_plan(view: View, plan: &str) {
    let Some(browser) = Browser::open(view).await else {
        return;
    };
    let demo = stage::shared().await;
    let base_url = &demo.base_url;
    goes_on(&browser, demo, "plans/new").await;
    browser.type_into("#name", plan).await;
    browser.type_into("#price", "free").await;
    browser.type_into("#validity", "8").await;
    browser.click(".actions button").await;
    browser.wait_for_text("[role=alert]", "number").await;
    see(&browser, Face::Console, "console-plan-wrong").await;
    browser.type_into("#price", "30").await;
    browser.click(".actions button").await;
    browser.wait_for_text(".plans .row", plan).await;
    browser.go(&format!("{base_url}/p/mama-njeri")).await;
    let sold = browser.wait_for_text("label.plan", plan).await;
    assert!(
        sold.contains("8 hours") && sold.contains("KES 30"),
        "{sold}"
    );

    browser.go(&format!("{base_url}/console/plans")).await;
    let script = "return [...document.querySelectorAll('.plans .row')].find(row => row.innerText.includes('PLAN')).href";
    let page = browser.run(&script.replace("PLAN", plan)).await;
    browser.go(page.as_str().unwrap()).await;
    browser.click("details.danger summary").await;
    browser.click("button[name=delete]").await;
    browser
        .wait_for_text("[role=status]", "no longer sold")
        .await;
    browser.go(&format!("{base_url}/p/mama-njeri")).await;
    assert!(!browser.text("main").await.contains(plan));
}

#[tokio::test]
async fn a_batch_of_vouchers_is_made_and_printed() {
    let Some(browser) = Browser::open(View::phone()).await else {
        return;
    };
    let demo = stage::shared().await;
    goes_on(&browser, demo, "batches/new").await;
    browser.type_into("#count", "20000").await;
    browser.click("main form button").await;
    browser.wait_for_text(".gauges", "of 20,000").await;
    see(&browser, Face::Console, "console-batch-making.phone").await;

    browser
        .go(&format!("{}/console/batches/new", demo.base_url))
        .await;
    browser.type_into("#count", "20").await;
    browser.click("main form button").await;
    browser.wait_for_text(".tiles", "ready").await;
    see(&browser, Face::Console, "console-batch.phone").await;
    browser.click(".chips a").await;
    browser.wait_for(".voucher [data-ticket-code]").await;
    assert_eq!(browser.count(".voucher svg").await, 20);
    see(&browser, Face::Console, "console-sheet.phone").await;
}

#[tokio::test]
async fn somebody_online_is_put_off() {
    let Some(browser) = Browser::open(View::phone()).await else {
        return;
    };
    let demo = stage::shared().await;
    let customer = Customer::arrives(demo, 42).await;
    let mine = format!("sessions?q={}", customer.mac);
    goes_on(&browser, demo, &mine).await;
    browser.wait_for(".empty").await;
    see(&browser, Face::Console, "console-sessions-nobody.phone").await;

    let plan = stage::plan(demo, "1 day").id;
    let ticket = demo
        .app()
        .give_ticket(&demo.shop.owner, plan, &customer.number, "")
        .await
        .unwrap();
    let code = ticket.code.as_str();
    demo.router.login(customer.mac, code, code).await.unwrap();
    browser
        .wait_for_text(".sessions .row", &customer.masked())
        .await;
    see(&browser, Face::Console, "console-sessions.phone").await;
    browser.click(".sessions .row button").await;
    browser.wait_for_text("[role=status]", "Disconnected").await;
    customer.is_put_off().await;
    browser
        .go(&format!("{}/console/{mine}", demo.base_url))
        .await;
    browser.wait_for(".empty").await;
}
