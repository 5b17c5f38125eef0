//! The ways to pay: settings by gateway, their test, collection by the platform.

use bando_app::Role;
use bando_app::testing::Shop;

use super::world::{World, worlds};

const FORM: [(&str, &str); 7] = [
    ("environment", "sandbox"),
    ("shortcode", "600100"),
    ("till", "123456"),
    ("consumer_key", ""),
    ("consumer_secret", ""),
    ("passkey", "new-passkey"),
    ("enabled", "true"),
];

#[tokio::test]
async fn every_gateway_is_listed_with_where_it_stands() {
    for world in worlds().await {
        let owner = world.owner().await;
        owner.get("/console/ways").await.is(200).shows(&[
            "M-Pesa",
            "/console/ways/mpesa",
            "A request rings on the customer",
            "not set up",
        ]);
        // The old address still leads there.
        let page = owner.get("/console/mpesa").await.is(308);
        assert_eq!(page.location(), "/console/ways/mpesa");
        owner.get("/console/ways/bank").await.is(404);
        owner.post("/console/ways/bank", &[]).await.is(404);
    }
}

#[tokio::test]
async fn settings_are_saved_and_tested_and_keys_never_come_back() {
    for world in worlds().await {
        let owner = world.owner().await;
        let keys = ["consumer-key", "consumer-secret", "value=\"passkey\""];
        owner
            .get("/console/ways/mpesa")
            .await
            .is(200)
            .shows(&["174379", "Leave empty to keep it", "<textarea", "/cb/k/"])
            .hides(&keys);
        let page = owner.post("/console/ways/mpesa/test", &FORM).await.is(200);
        page.shows(&["M-Pesa accepts these settings.", "600100", "123456"])
            .hides(&["new-passkey"]);
        owner
            .get("/console/ways/mpesa")
            .await
            .is(200)
            .shows(&["Last tested", "600100", "on, tested"])
            .hides(&["new-passkey"]);
        let off: Vec<_> = FORM.into_iter().filter(|(n, _)| *n != "enabled").collect();
        owner
            .submit("/console/ways/mpesa", &off)
            .await
            .shows(&["Saved."]);
        let state = world
            .app()
            .gateway_account(&world.shop.owner, "mpesa")
            .await
            .unwrap();
        assert!(!state.enabled);
        assert_eq!(state.settings["till"], "123456");
        assert_eq!(state.saved_secrets.len(), 3);
    }
}

#[tokio::test]
async fn what_is_wrong_comes_back_with_what_was_typed() {
    for world in worlds().await {
        let owner = world.owner().await;
        // Any base URL would send the keys anywhere.
        let elsewhere = FORM.map(|(n, v)| match n {
            "environment" => (n, "https://evil.example"),
            _ => (n, v),
        });
        let form: Vec<_> = [("form", "way")].into_iter().chain(elsewhere).collect();
        owner
            .post("/console/ways/mpesa", &form)
            .await
            .is(422)
            .shows(&["aria-invalid", "value=\"600100\""])
            .hides(&["new-passkey"]);
    }
}

#[tokio::test]
async fn the_platform_collects_for_who_asks_for_it() {
    for mut shop in Shop::open_all(31).await {
        shop.collect(150, "0722000111").await.unwrap();
        let world = World::of(shop);
        let owner = world.owner().await;
        owner
            .get("/console/ways/platform")
            .await
            .is(200)
            .shows(&["less 1.50 %", "value=\"0722 000 111\""]);
        let wrong = [("form", "collection"), ("phone", "12"), ("enabled", "true")];
        owner
            .post("/console/ways/platform", &wrong)
            .await
            .is(422)
            .shows(&["value=\"12\"", "aria-invalid"]);
        let off = [("form", "collection"), ("phone", "0722000111")];
        owner
            .submit("/console/ways/platform", &off)
            .await
            .shows(&["Saved.", ">off<"]);
        let manager = world.member(Role::Manager).await;
        manager.get("/console/ways/platform").await.is(403);
        manager.post("/console/ways/platform", &off).await.is(403);
    }
    for world in worlds().await {
        let owner = world.owner().await;
        owner.get("/console/ways/platform").await.is(404);
    }
}
