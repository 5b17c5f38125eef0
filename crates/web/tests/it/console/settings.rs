//! The provider's settings and the member's.

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
