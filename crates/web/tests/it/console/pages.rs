//! Every page renders, with much and with nothing to show; names never become markup.

use bando_app::testing::Shop;
use bando_app::{PaymentFilter, ProviderDraft, RouterDraft};
use bando_domain::Language;

use super::world::{World, worlds};

/// What somebody might write into a name.
const EVIL: &str = "<script>alert(1)</script>\"'&";

/// Pages without an id.
pub(crate) const PAGES: [&str; 35] = [
    "/console",
    "/console/payments",
    "/console/payments?period=today&status=success",
    "/console/payments?period=all&status=failed",
    "/console/payments?q=0712345678",
    "/console/payments?q=nonsense",
    "/console/tickets",
    "/console/tickets?status=active",
    "/console/tickets?q=02:00:5E:10:00:01",
    "/console/tickets?q=nonsense",
    "/console/sell",
    "/console/batches",
    "/console/batches/new",
    "/console/plans",
    "/console/plans/new",
    "/console/sessions",
    "/console/sessions?q=nobody",
    "/console/routers",
    "/console/routers/new",
    "/console/ways",
    "/console/ways/mpesa",
    "/console/confirm",
    "/console/shift",
    "/console/shifts",
    "/console/shifts/day",
    "/console/cases",
    "/console/arrivals",
    "/console/refunds",
    "/console/payouts",
    "/console/statements",
    "/console/ledger",
    "/console/ledger/account?account=revenue",
    "/console/audit",
    "/console/settings",
    "/console/more",
];

async fn fill(world: &World) -> Vec<String> {
    let payment = world.paid().await;
    world.online(&payment).await;
    let shop = &world.shop;
    let batch = world
        .app()
        .order_batch(&shop.owner, shop.plan.id, 3)
        .await
        .unwrap();
    shop.work().await;
    world
        .shop
        .app
        .start_payment(shop.wish("0722000111"))
        .await
        .unwrap();
    vec![
        format!("/console/payments/{}", payment.id),
        format!("/console/tickets/{}", payment.ticket_id.unwrap()),
        format!("/console/batches/{}", batch.id),
        format!("/console/batches/{}/sheet", batch.id),
        format!("/console/plans/{}", shop.plan.id),
        format!("/console/routers/{}", shop.router.id),
        format!(
            "/console/routers/{}?version=6&uplink=ether1&ports=ether2,wlan1",
            shop.router.id
        ),
        format!("/console/routers/{}/edit", shop.router.id),
        "/console/providers".to_owned(),
    ]
}

#[tokio::test]
async fn every_page_renders_with_data() {
    for world in worlds().await {
        let owner = world.owner().await;
        let more = fill(&world).await;
        for path in PAGES.iter().copied().chain(more.iter().map(String::as_str)) {
            let page = owner.get(path).await.is(200);
            assert_eq!(
                page.header("content-type"),
                "text/html; charset=utf-8",
                "{path}"
            );
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            assert!(
                page.header("content-security-policy")
                    .contains("default-src 'none'")
            );
            assert!(page.body.contains("mama-njeri"), "{path}");
            assert!(page.body.contains("</html>"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_page_renders_with_nothing() {
    for world in worlds().await {
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        fill(&world).await;
        let browser = world.signed_in(&neighbour).await;
        for path in PAGES {
            browser.get(path).await.is(200).hides(&[
                "mama-njeri",
                "0712 •••",
                "02:00:5E:10:00:01<",
            ]);
        }
    }
}

#[tokio::test]
async fn names_never_become_markup() {
    for world in worlds().await {
        let (shop, app) = (&world.shop, world.app());
        let draft = ProviderDraft {
            name: EVIL.into(),
            support_phone: String::new(),
            time_zone: "Africa/Nairobi".into(),
            language: Language::En,
        };
        app.save_provider(&shop.owner, draft).await.unwrap();
        let plan = shop.add_plan(EVIL, "20", shop.plan.terms).await.unwrap();
        let mut wish = shop.wish("0712345678");
        wish.plan = plan.id;
        wish.visit = shop.visit(Shop::device(1));
        shop.buy_this(wish).await;
        let draft = RouterDraft {
            name: EVIL.into(),
            hotspot_host: "10.5.50.1".into(),
            coa_address: None,
        };
        app.change_router(&shop.owner, shop.router.id, draft)
            .await
            .unwrap();
        app.give_ticket(&shop.owner, plan.id, "", EVIL)
            .await
            .unwrap();
        let rows = app
            .payments(&shop.owner, &PaymentFilter::default(), None, 9)
            .await
            .unwrap()
            .rows;
        let payment = rows.iter().find(|p| p.plan_id == plan.id).unwrap();
        world.online(payment).await;
        let batch = app.order_batch(&shop.owner, plan.id, 2).await.unwrap();
        shop.work().await;
        let owner = world.owner().await;
        let more = [
            format!("/console/payments/{}", payment.id),
            format!("/console/tickets/{}?done=given", payment.ticket_id.unwrap()),
            format!("/console/batches/{}/sheet", batch.id),
            format!("/console/plans/{}", plan.id),
            format!("/console/plans?saved={}", plan.id),
            format!("/console/routers/{}", shop.router.id),
            "/console/payments?q=%3Cscript%3Ealert(1)".to_owned(),
            "/console/sessions?q=%22%3E%3Cscript%3Ealert(1)".to_owned(),
            "/console?x=%22%3E%3Cscript%3Ealert(1)&done=%3Cscript".to_owned(),
            "/console/routers?\"><script>alert(1)"
                .to_owned()
                .replace('"', "%22")
                .replace('<', "%3C")
                .replace('>', "%3E"),
            format!(
                "/console/routers/{}?uplink=%22%3E%3Cscript%3Ealert(1)",
                shop.router.id
            ),
        ];
        for path in PAGES.iter().copied().chain(more.iter().map(String::as_str)) {
            owner.get(path).await.is(200).hides(&["<script>alert"]);
        }
    }
}

#[tokio::test]
async fn an_address_without_a_page_says_so() {
    for world in worlds().await {
        let owner = world.owner().await;
        for path in [
            "/console/nowhere",
            "/console/plans/abc",
            "/console/payments/1/check",
            "/console/tickets/%00",
        ] {
            owner
                .get(path)
                .await
                .is(404)
                .shows(&["Go to the home page"]);
        }
        owner.post("/console/plans/abc", &[]).await.is(404);
        owner
            .send(
                "POST",
                "/console/plans",
                "a=%ff".into(),
                &[("content-type", "text/plain")],
            )
            .await
            .is(400);
        world.browser().get("/console/nowhere").await.is(303);
        assert_eq!(owner.get("/console/").await.is(308).location(), "/console");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_not_a_fault_of_the_reader() {
    for world in worlds().await {
        let owner = world.owner().await;
        world.app().close().await;
        let page = owner.get("/console/payments?q=0712").await.is(503);
        page.shows(&[
            "The database does not answer",
            "Wait a moment and try again",
        ]);
    }
}

#[tokio::test]
async fn speaks_the_readers_language() {
    for world in worlds().await {
        let browser = world.browser();
        let accept = [("accept-language", "sw-KE,sw;q=0.9,en;q=0.5")];
        let page = browser
            .send("GET", "/console/sign-in", String::new(), &accept)
            .await;
        page.shows(&["lang=\"sw\"", "Nenosiri"]);
        browser
            .get("/console/sign-in?lang=fr")
            .await
            .shows(&["lang=\"fr\""]);
        let pair = [
            ("username", "mama-njeri"),
            ("password", super::world::PASSWORD),
        ];
        browser
            .post("/console/sign-in?lang=fr", &pair)
            .await
            .is(303);
        browser
            .get("/console")
            .await
            .is(200)
            .shows(&["lang=\"fr\"", "Aujourd’hui"]);
    }
}
