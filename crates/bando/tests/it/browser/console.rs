//! The console: every page of it, and what is done there once.

use bando::demo::Demo;

use super::VIEWS;
use super::look::{Face, see};
use super::stage;
use crate::support::browser::{Browser, View};

/// Where the console's pages are, and what each is called in a picture.
const PAGES: [&str; 25] = [
    "payments",
    "tickets",
    "batches",
    "batches/new",
    "plans",
    "plans/new",
    "sessions",
    "routers",
    "routers/new",
    "ways",
    "ways/mpesa",
    "ways/wave_link",
    "confirm",
    "shift",
    "shifts",
    "cases",
    "arrivals",
    "refunds",
    "payouts",
    "statements",
    "sell",
    "settings",
    "ledger",
    "audit",
    "more",
];

/// Lists whose first row opens a page.
const LISTS: [&str; 6] = ["payments", "tickets", "plans", "routers", "ways", "ledger"];

/// The owner of the shop, who signed in earlier: signing in may not be tried as often as these tests run.
pub(super) async fn goes_on(browser: &Browser, demo: &Demo, page: &str) {
    let app = demo.app();
    let token = app
        .begin_sign_in(demo.shop.owner.account, "a test")
        .await
        .unwrap();
    browser
        .go(&format!("{}/console/sign-in", demo.base_url))
        .await;
    browser.take_cookie("bando", token.expose()).await;
    browser
        .go(&format!("{}/console/{page}", demo.base_url))
        .await;
    browser.wait_for("body.shell").await;
}

/// Opens the console and signs in as the owner of the shop.
async fn sign_in(browser: &Browser, base_url: &str) {
    browser.go(&format!("{base_url}/console")).await;
    browser.type_into("#username", "njeri").await;
    browser.type_into("#password", "karibu-bando").await;
    browser.click("main button").await;
    browser.wait_for("body.shell").await;
}

#[tokio::test]
async fn every_page_on_a_phone_with_scripts() {
    walks(0).await;
}

#[tokio::test]
async fn every_page_on_a_phone_without_scripts() {
    walks(1).await;
}

#[tokio::test]
async fn every_page_at_a_desk_with_scripts() {
    walks(2).await;
}

#[tokio::test]
async fn every_page_at_a_desk_without_scripts() {
    walks(3).await;
}

/// Signs in and looks at every page: more of them in a row than a browser opens connections.
async fn walks(view: usize) {
    let (name, view) = VIEWS[view];
    let Some(browser) = Browser::open(view).await else {
        return;
    };
    let base_url = &stage::shared().await.base_url;
    let picture = |page: &str| format!("console-{}.{name}", page.replace('/', "-"));
    browser.go(&format!("{base_url}/console/plans")).await;
    see(&browser, Face::Console, &picture("sign-in")).await;
    sign_in(&browser, base_url).await;
    browser.wait_for_text(".hero", "Today").await;
    see(&browser, Face::Console, &picture("home")).await;
    for page in PAGES {
        browser.go(&format!("{base_url}/console/{page}")).await;
        browser.wait_for("main h1").await;
        see(&browser, Face::Console, &picture(page)).await;
    }
    for list in LISTS {
        browser.go(&format!("{base_url}/console/{list}")).await;
        browser.click("a.row, a.routercard").await;
        browser.wait_for("a.up").await;
        see(&browser, Face::Console, &picture(&format!("{list}-one"))).await;
    }
    browser.go(&format!("{base_url}/console/nowhere")).await;
    browser.wait_for_text("main", "This page is not here").await;
    see(&browser, Face::Console, &picture("nowhere")).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_signing_out_is_final() {
    let Some(browser) = Browser::open(View::phone().without_scripts()).await else {
        return;
    };
    let base_url = &stage::shared().await.base_url;
    browser.go(&format!("{base_url}/console")).await;
    browser.type_into("#username", "njeri").await;
    browser.type_into("#password", "karibu").await;
    browser.click("main button").await;
    browser.wait_for_text("[role=alert]", "do not match").await;
    see(&browser, Face::Console, "console-sign-in-wrong.phone").await;
    sign_in(&browser, base_url).await;
    browser.go(&format!("{base_url}/console/more")).await;
    browser.click("main form[action$='/sign-out'] button").await;
    browser.go(&format!("{base_url}/console/payments")).await;
    browser.wait_for("#password").await;
}

#[tokio::test]
async fn settings_are_tested_against_m_pesa_and_a_router_gets_its_script() {
    let Some(browser) = Browser::open(View::desk()).await else {
        return;
    };
    let demo = stage::shared().await;
    goes_on(&browser, demo, "ways/mpesa").await;
    browser.click("button[formaction$='/test']").await;
    browser.wait_for("#test .note.ok").await;
    see(&browser, Face::Console, "console-mpesa-tested.desk").await;
    browser
        .go(&format!("{}/console/routers", demo.base_url))
        .await;
    browser.click("a.routercard").await;
    browser.wait_for_text("#script-text", "/radius").await;
    browser.wait_for("button[data-copy='#script-text']").await;
    browser.click("label[for=version-6]").await;
    browser.click("#script form button").await;
    browser.wait_for("#version-6:checked").await;
    browser.wait_for_text("#script-text", "/radius").await;
}
