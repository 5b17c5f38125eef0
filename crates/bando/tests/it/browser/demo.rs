//! The demo's own page: the whole product in a minute.

use super::look::{Face, see};
use super::stage;
use crate::support::browser::{Browser, View};

#[tokio::test]
async fn a_visitor_sees_the_whole_way_of_a_shilling() {
    let Some(browser) = Browser::open(View::desk()).await else {
        return;
    };
    // Its own: the page answers whichever prompt is open.
    let demo = stage::start("demo").await;
    browser.go(&format!("{}/demo", demo.base_url)).await;
    browser
        .wait_for_text("[data-list=hosts]", "DA:A1:19:00:00:01")
        .await;
    see(&browser, Face::Console, "demo.desk").await;
    let takings = browser.text("[data-text='money.today']").await;

    browser.enter_frame("iframe").await;
    browser.click("label[for=p2]").await;
    browser.type_into("#phone", "0712345678").await;
    browser.click("button.main").await;
    browser.wait_for_text("h1", "enter your M-Pesa PIN").await;
    browser.leave_frames().await;

    browser
        .wait_for_text(".stk-text", "KSh. 20 to MAMA NJERI WI-FI")
        .await;
    see(&browser, Face::Console, "demo-prompt.desk").await;
    for digit in ["4", "3", "2", "1"] {
        browser.click(&format!("[data-key='{digit}']")).await;
    }
    browser.click(".stk-actions button:not([formaction])").await;

    browser
        .wait_for_text("[data-list=messages]", "Confirmed. Ksh20.00 sent")
        .await;
    browser
        .wait_for_text("[data-list=active]", "DA:A1:19:00:00:01")
        .await;
    browser
        .wait_for_text("[data-list=packets]", "Access-Accept")
        .await;
    browser
        .wait_for_text("[data-list=timeline]", "Let in by the router")
        .await;
    browser.wait_for_text("[data-balanced]", "balance").await;
    assert_ne!(browser.text("[data-text='money.today']").await, takings);
    browser.enter_frame("iframe").await;
    browser.wait_for_text("h1", "Online until").await;
    browser.leave_frames().await;
    see(&browser, Face::Console, "demo-online.desk").await;

    for (name, view) in [
        ("phone", View::phone()),
        ("desk-plain-dark", View::desk().without_scripts().dark()),
    ] {
        let Some(other) = Browser::open(view).await else {
            return;
        };
        other.go(&format!("{}/demo", demo.base_url)).await;
        other
            .wait_for_text("[data-list=active]", "DA:A1:19:00:00:01")
            .await;
        see(&other, Face::Console, &format!("demo.{name}")).await;
    }
    demo.stop().await;
}
