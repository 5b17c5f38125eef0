//! Signing in and out, and requests that other sites send.

use bando_app::Role;

use super::world::{PASSWORD, worlds};

const OWNER: &str = "mama-njeri";

#[tokio::test]
async fn leads_to_the_page_that_was_asked_for_and_out_again() {
    for world in worlds().await {
        let browser = world.browser();
        let refused = browser.get("/console/payments?status=failed").await.is(303);
        let there = refused.location();
        assert_eq!(
            there,
            "/console/sign-in?next=%2Fconsole%2Fpayments%3Fstatus%3Dfailed"
        );
        browser
            .get(&there)
            .await
            .is(200)
            .shows(&["value=\"/console/payments?status=failed\""]);

        let fields = [
            ("username", " Mama-Njeri "),
            ("password", PASSWORD),
            ("next", "/console/payments?status=failed"),
        ];
        let taken = browser.post("/console/sign-in", &fields).await.is(303);
        assert_eq!(taken.location(), "/console/payments?status=failed");
        let cookie = taken.header("set-cookie");
        assert!(cookie.starts_with("__Host-bando="), "{cookie}");
        for part in [
            "HttpOnly",
            "SameSite=Lax",
            "Path=/",
            "Secure",
            "Max-Age=1209600",
        ] {
            assert!(cookie.contains(part), "{cookie}");
        }
        browser.get(&taken.location()).await.is(200);
        assert_eq!(browser.get("/console/sign-in").await.location(), "/console");

        let out = browser.post("/console/sign-out", &[]).await.is(303);
        assert!(!browser.has("__Host-bando"));
        browser
            .get(&out.location())
            .await
            .is(200)
            .shows(&["You are signed out."]);
        browser.get("/console").await.is(303);
    }
}

#[tokio::test]
async fn a_wrong_pair_says_nothing_about_which_part_is_wrong() {
    for world in worlds().await {
        let browser = world.browser();
        let wrong = [("username", OWNER), ("password", "guess guess guess")];
        let unknown = [("username", "nobody"), ("password", PASSWORD)];
        let a = browser.post("/console/sign-in", &wrong).await.is(401);
        let b = browser.post("/console/sign-in", &unknown).await.is(401);
        assert_eq!(a.body.replace(OWNER, ""), b.body.replace("nobody", ""));
        assert!(!browser.has("__Host-bando"));
        let a = a.hides(&["guess"]);
        assert_eq!(a.header("cache-control"), "no-store");
        assert!(
            a.header("content-security-policy")
                .contains("script-src 'self'")
        );
    }
}

#[tokio::test]
async fn tries_are_limited() {
    for world in worlds().await {
        let browser = world.browser();
        let wrong = [("username", OWNER), ("password", "guess guess guess")];
        for _ in 0..10 {
            browser.post("/console/sign-in", &wrong).await.is(401);
        }
        let right = [("username", OWNER), ("password", PASSWORD)];
        browser
            .post("/console/sign-in", &right)
            .await
            .is(429)
            .shows(&["Too many tries"]);
        assert!(!browser.has("__Host-bando"));
    }
}

#[tokio::test]
async fn a_token_that_was_there_before_is_never_taken_over() {
    for world in worlds().await {
        let victim = world.browser();
        victim.keep("__Host-bando", "chosen-by-an-attacker");
        let pair = [("username", OWNER), ("password", PASSWORD)];
        victim.post("/console/sign-in", &pair).await.is(303);
        let attacker = world.browser();
        attacker.keep("__Host-bando", "chosen-by-an-attacker");
        attacker.get("/console").await.is(303);

        // Signing in once more ends the sign-in that the browser had.
        let browser = world.owner().await;
        let copy = world.browser();
        copy.keep("__Host-bando", &browser.cookie("__Host-bando"));
        copy.get("/console").await.is(200);
        browser.post("/console/sign-in", &pair).await.is(303);
        browser.get("/console").await.is(200);
        copy.get("/console").await.is(303);
    }
}

#[tokio::test]
async fn never_leads_to_another_site() {
    for world in worlds().await {
        for next in [
            "https://evil.example/console",
            "//evil.example",
            "/console\\@evil.example",
            "/portal",
        ] {
            let browser = world.browser();
            let fields = [("username", OWNER), ("password", PASSWORD), ("next", next)];
            let taken = browser.post("/console/sign-in", &fields).await.is(303);
            assert_eq!(taken.location(), "/console");
        }
    }
}

#[tokio::test]
async fn parts_and_streams_of_a_page_are_told_plainly() {
    for world in worlds().await {
        let browser = world.browser();
        let part = browser
            .send("GET", "/console", String::new(), &[("hx-request", "true")])
            .await;
        assert_eq!(
            part.is(401).header("hx-redirect"),
            "/console/sign-in?next=%2Fconsole"
        );
        let accept = [("accept", "text/event-stream")];
        browser
            .send("GET", "/console/events", String::new(), &accept)
            .await
            .is(401);
    }
}

#[tokio::test]
async fn what_other_sites_send_does_nothing() {
    for world in worlds().await {
        let owner = world.owner().await;
        let plan = [
            ("name", "Evil"),
            ("price", "1"),
            ("limit", "time"),
            ("validity", "1"),
            ("devices", "1"),
        ];
        for headers in [
            [("sec-fetch-site", "cross-site")].as_slice(),
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ],
        ] {
            let answer = owner
                .post_with("/console/plans", &plan, headers)
                .await
                .is(403);
            answer.shows(&["This did not come from our own page"]);
            owner
                .post_with("/console/sign-out", &[], headers)
                .await
                .is(403);
            let pair = [("username", OWNER), ("password", PASSWORD)];
            world
                .browser()
                .post_with("/console/sign-in", &pair, headers)
                .await
                .is(403);
        }
        assert_eq!(world.app().plans(&world.shop.owner).await.unwrap().len(), 1);
        owner.get("/console").await.is(200);
        let own = [("origin", "https://wifi.example")];
        owner.post_with("/console/plans", &plan, &own).await.is(303);
    }
}

#[tokio::test]
async fn a_member_of_several_businesses_chooses_one() {
    for world in worlds().await {
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        let member = world.hire(world.shop.provider(), Role::Cashier).await;
        world
            .app()
            .add_member(neighbour.provider, member.account, Role::Manager)
            .await
            .unwrap();
        let browser = world.signed_in(&member).await;
        browser.get("/console/providers").await.is(200).shows(&[
            "mama-njeri",
            "stage-cyber",
            "cashier",
        ]);
        let id = neighbour.provider.to_string();
        browser
            .post("/console/providers", &[("provider", &id)])
            .await
            .is(303);
        browser
            .get("/console/plans")
            .await
            .is(200)
            .shows(&["stage-cyber", "No plans yet"]);
        browser.get("/console/plans/new").await.is(200);
        let ours = world.shop.provider().to_string();
        browser
            .post("/console/providers", &[("provider", &ours)])
            .await
            .is(303);
        browser.get("/console/plans/new").await.is(403);

        // A cookie of one's own making opens nothing.
        let stranger = world.owner().await;
        stranger
            .post("/console/providers", &[("provider", &id)])
            .await
            .is(404);
        stranger.keep("bando-provider", &id);
        stranger
            .get("/console/plans")
            .await
            .is(200)
            .shows(&["1 hour"])
            .hides(&["stage-cyber"]);
    }
}

#[tokio::test]
async fn someone_without_a_business_is_told_so() {
    for world in worlds().await {
        let password = bando_domain::Secret::new(PASSWORD);
        let language = bando_domain::Language::En;
        let account = world
            .app()
            .create_account("alone", &password, "Alone", language, false);
        let account = account.await.unwrap();
        let token = world.app().begin_sign_in(account, "x").await.unwrap();
        let browser = world.browser();
        browser.keep("__Host-bando", token.expose());
        browser
            .get("/console")
            .await
            .is(403)
            .shows(&["You belong to no business"]);
    }
}
