//! The provider's settings, the member's, and M-Pesa.

use super::world::{PASSWORD, worlds};

#[tokio::test]
async fn settings_are_saved_or_come_back() {
    for world in worlds().await {
        let owner = world.owner().await;
        let form = [
            ("provider_name", "Mama Njeri Wi-Fi"),
            ("support_phone", "0712 345 678"),
            ("zone", "Africa/Kampala"),
            ("portal_language", "sw"),
            ("language", "fr"),
            ("theme", "dark"),
        ];
        let page = owner.submit("/console/settings", &form).await;
        page.shows(&[
            "Mama Njeri Wi-Fi",
            "value=\"0712 345 678\"",
            "Enregistré.",
            "data-theme=\"dark\"",
            "lang=\"fr\"",
        ]);
        let provider = world.app().provider("mama-njeri").await.unwrap();
        assert_eq!(provider.time_zone, "Africa/Kampala");
        assert_eq!(provider.language, bando_domain::Language::Sw);
        world
            .browser()
            .get("/p/mama-njeri")
            .await
            .is(200)
            .shows(&["Mama Njeri Wi-Fi"]);

        let wrong = |name: &'static str, value: &'static str| {
            form.map(|(n, v)| if n == name { (n, value) } else { (n, v) })
        };
        owner
            .post("/console/settings", &wrong("support_phone", "12"))
            .await
            .is(422)
            .shows(&["value=\"12\"", "aria-invalid"]);
        owner
            .post("/console/settings", &wrong("provider_name", " "))
            .await
            .is(422)
            .shows(&["aria-invalid"]);
        owner
            .post("/console/settings", &wrong("zone", "Mars/Base"))
            .await
            .is(422);
    }
}

#[tokio::test]
async fn a_cashier_sets_only_their_own_language() {
    for world in worlds().await {
        let cashier = world.member(bando_app::Role::Cashier).await;
        let form = [
            ("provider_name", "Mine now"),
            ("zone", "UTC"),
            ("language", "sw"),
            ("theme", "auto"),
        ];
        let page = cashier.submit("/console/settings", &form).await;
        page.shows(&["lang=\"sw\"", "Imehifadhiwa."])
            .hides(&["Mine now", "provider_name"]);
        assert_eq!(
            world.app().provider("mama-njeri").await.unwrap().name,
            "mama-njeri"
        );
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_sign_in() {
    for world in worlds().await {
        let (here, elsewhere) = (world.owner().await, world.owner().await);
        let path = "/console/settings/password";
        let wrong = [
            ("current", "not this one"),
            ("password", "a brand new password"),
        ];
        here.post(path, &wrong)
            .await
            .is(422)
            .shows(&["This is not your current password."]);
        let short = [("current", PASSWORD), ("password", "short")];
        here.post(path, &short)
            .await
            .is(422)
            .shows(&["Too short"])
            .hides(&["value=\"short\""]);
        let right = [("current", PASSWORD), ("password", " spaces count ")];
        here.submit(path, &right)
            .await
            .shows(&["Password changed."]);
        elsewhere.get("/console").await.is(303);
        let pair = [("username", "mama-njeri"), ("password", " spaces count ")];
        world
            .browser()
            .post("/console/sign-in", &pair)
            .await
            .is(303);
    }
}

#[tokio::test]
async fn mpesa_is_saved_and_tested_and_its_keys_never_come_back() {
    for world in worlds().await {
        let owner = world.owner().await;
        let keys = ["consumer-key", "consumer-secret", "value=\"passkey\""];
        owner
            .get("/console/mpesa")
            .await
            .is(200)
            .shows(&["174379", "Leave empty to keep it"])
            .hides(&keys);
        let form = [
            ("environment", "sandbox"),
            ("kind", "till"),
            ("shortcode", "600100"),
            ("till", "123456"),
            ("consumer_key", ""),
            ("consumer_secret", ""),
            ("passkey", "new-passkey"),
            ("enabled", "1"),
        ];
        let page = owner.post("/console/mpesa/test", &form).await.is(200);
        page.shows(&["M-Pesa accepts these settings.", "600100", "123456"])
            .hides(&["new-passkey"]);
        owner
            .get("/console/mpesa")
            .await
            .is(200)
            .shows(&["Last tested", "600100"])
            .hides(&["new-passkey"]);
        let state = world.app().mpesa(&world.shop.owner).await.unwrap().unwrap();
        assert_eq!(state.settings.till.as_deref(), Some("123456"));
        assert!(state.enabled);

        let wrong = form.map(|(n, v)| if n == "till" { (n, "12") } else { (n, v) });
        owner
            .post("/console/mpesa", &wrong)
            .await
            .is(422)
            .shows(&["5 to 7 digits", "value=\"12\""]);
        let off: Vec<_> = form.into_iter().filter(|(n, _)| *n != "enabled").collect();
        owner
            .submit("/console/mpesa", &off)
            .await
            .shows(&["Saved."]);
        assert!(
            !world
                .app()
                .mpesa(&world.shop.owner)
                .await
                .unwrap()
                .unwrap()
                .enabled
        );
        // Any base URL would send the keys anywhere.
        let elsewhere = form.map(|(n, v)| {
            if n == "environment" {
                (n, "https://evil.example")
            } else {
                (n, v)
            }
        });
        owner.post("/console/mpesa", &elsewhere).await.is(422);
    }
}
