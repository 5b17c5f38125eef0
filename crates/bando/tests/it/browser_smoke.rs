//! The browser harness itself, against a page of its own.

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;

use super::support::browser::{Browser, View};

const PAGE: &str = r#"<!doctype html><html lang="en"><title>Shop</title>
<style>
 body { background: white; margin: 0 }
 @media (prefers-color-scheme: dark) { body { background: black; color: white } }
</style>
<h1 data-price="20">Prices</h1>
<p id="scripts">without scripts</p>
<noscript><p id="plain">plain page</p></noscript>
<form action="/buy"><input name="phone" value="old"><button>Pay</button></form>
<script>
 document.getElementById("scripts").textContent = "with scripts";
 setTimeout(() => document.body.append(Object.assign(document.createElement("b"), { textContent: "late" })), 300);
</script>"#;

#[derive(Deserialize)]
struct Order {
    phone: String,
}

async fn shop() -> String {
    let buy = |Query(order): Query<Order>| async move {
        Html(format!("<h1>Sold to {}</h1>", order.phone))
    };
    let routes = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/buy", get(buy));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

#[tokio::test]
async fn a_phone_with_scripts_sees_what_scripts_do() {
    let url = shop().await;
    let Some(browser) = Browser::open(View::phone()).await else {
        return;
    };
    browser.go(&url).await;
    assert_eq!(browser.title().await, "Shop");
    assert_eq!(browser.text("#scripts").await, "with scripts");
    assert_eq!(browser.count("#plain").await, 0);
    browser.wait_for_text("b", "late").await;
    assert_eq!(
        browser.attribute("h1", "data-price").await.as_deref(),
        Some("20")
    );
    assert_eq!(browser.attribute("h1", "data-none").await, None);
    assert_eq!(
        browser.run("return [innerWidth, innerHeight]").await,
        serde_json::json!([360, 640])
    );
    assert_eq!(browser.overflow().await, 0);
    browser.run("console.error('a complaint')").await;
    assert_eq!(
        browser
            .complaints()
            .await
            .iter()
            .filter(|said| said.contains("a complaint"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_desk_without_scripts_can_buy() {
    let url = shop().await;
    let Some(browser) = Browser::open(View::desk().without_scripts()).await else {
        return;
    };
    browser.go(&url).await;
    assert_eq!(browser.text("#scripts").await, "without scripts");
    assert_eq!(browser.text("#plain").await, "plain page");
    browser.type_into("input[name=phone]", "0712345678").await;
    browser.click("button").await;
    browser.wait_for_text("h1", "Sold to 0712345678").await;
    browser.reload().await;
    assert!(browser.url().await.ends_with("/buy?phone=0712345678"));
}

#[tokio::test]
async fn dark_is_dark_and_pictures_are_taken() {
    let url = shop().await;
    let Some(browser) = Browser::open(View::phone().dark()).await else {
        return;
    };
    browser.go(&url).await;
    let colour = browser
        .run("return getComputedStyle(document.body).backgroundColor")
        .await;
    assert_eq!(colour, "rgb(0, 0, 0)");
    for path in [
        browser.screenshot("smoke").await,
        browser.screenshot_whole("smoke-whole").await,
    ] {
        assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG"));
    }
}
