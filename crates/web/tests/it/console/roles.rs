//! Who may do what, route by route; and that one business never sees another's things.

use bando_app::Role;
use bando_app::testing::Shop;

use super::world::{Browser, Page, World, worlds};

/// A route, the least role that may use it, and what it is sent.
struct Route {
    method: &'static str,
    path: String,
    least: Role,
    fields: Vec<(&'static str, String)>,
}

/// Every route of the console that needs a sign-in, on things of the shop. Those that change things
/// come last, the most destructive at the end.
async fn routes(world: &World) -> Vec<Route> {
    let shop = &world.shop;
    let payment = world.paid().await;
    let ticket = payment.ticket_id.unwrap();
    let session = world.online(&payment).await;
    let batch = world
        .app()
        .order_batch(&shop.owner, shop.plan.id, 2)
        .await
        .unwrap()
        .id;
    shop.work().await;
    let money = super::stage::Money::of(shop).await;
    let (plan, router, payment) = (shop.plan.id, shop.router.id, payment.id);
    let get = |least, path: String| Route {
        method: "GET",
        path,
        least,
        fields: Vec::new(),
    };
    let post = |least, path: String, fields: &[(&'static str, &str)]| Route {
        method: "POST",
        path,
        least,
        fields: fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect(),
    };
    let at = |path: &str| format!("/console{path}");
    let (support, cashier, manager, owner) =
        (Role::Support, Role::Cashier, Role::Manager, Role::Owner);
    let way = [
        ("environment", "sandbox"),
        ("shortcode", "174379"),
        ("enabled", "true"),
    ];
    let plan_text = plan.to_string();
    vec![
        get(support, at("")),
        get(support, at("/payments")),
        get(support, at("/payments?format=csv")),
        get(support, at(&format!("/payments/{payment}"))),
        get(support, at("/tickets")),
        get(support, at(&format!("/tickets/{ticket}"))),
        get(support, at("/sessions")),
        get(support, at("/batches")),
        get(support, at(&format!("/batches/{batch}"))),
        get(support, at("/plans")),
        get(support, at("/routers")),
        get(support, at(&format!("/routers/{router}"))),
        get(support, at("/ledger")),
        get(support, at("/settings")),
        get(support, at("/providers")),
        get(support, at("/more")),
        get(cashier, at("/sell")),
        get(cashier, at("/batches/new")),
        get(cashier, at(&format!("/batches/{batch}/sheet"))),
        get(cashier, at(&format!("/batches/{batch}/codes.csv"))),
        get(manager, at("/plans/new")),
        get(manager, at(&format!("/plans/{plan}"))),
        get(manager, at("/routers/new")),
        get(manager, at(&format!("/routers/{router}/edit"))),
        get(manager, at(&format!("/routers/{router}/script.rsc"))),
        get(manager, at(&format!("/routers/{router}/remove.rsc"))),
        get(owner, at("/ways")),
        get(owner, at("/ways/mpesa")),
        get(support, at("/badges")),
        get(support, at("/cases")),
        get(support, at(&format!("/cases/{}", money.case))),
        get(support, at("/arrivals")),
        get(support, at(&format!("/arrivals/{}", money.arrival))),
        get(support, at("/refunds")),
        get(support, at(&format!("/refunds/{}", money.refund))),
        get(support, at("/ledger.csv")),
        get(support, at("/ledger/account?account=revenue")),
        get(cashier, at("/confirm")),
        get(cashier, at("/shift")),
        get(cashier, at("/shifts")),
        get(cashier, at("/shifts/day")),
        get(cashier, at(&format!("/payments/{payment}/refund"))),
        get(cashier, at(&format!("/arrivals/{}/refund", money.arrival))),
        get(manager, at("/statements")),
        get(manager, at(&format!("/statements/{}", money.statement))),
        get(manager, at("/differences")),
        get(manager, at(&format!("/differences/{}", money.difference))),
        get(manager, at("/payouts")),
        get(owner, at("/audit")),
        post(support, at(&format!("/payments/{payment}/check")), &[]),
        post(
            cashier,
            at("/sell"),
            &[("how", "gift"), ("plan", &plan_text)],
        ),
        post(
            cashier,
            at(&format!("/confirm/{}", money.waiting)),
            &[("answer", "yes")],
        ),
        post(
            cashier,
            at(&format!("/payments/{payment}/refund")),
            &[("amount", "1"), ("way", "cash"), ("reason", "slow")],
        ),
        post(
            manager,
            at(&format!("/cases/{}/solve", money.case)),
            &[("note", "called them")],
        ),
        post(
            manager,
            at(&format!("/statements/{}/compare", money.statement)),
            &[],
        ),
        post(
            manager,
            at(&format!("/statements/{}/mend", money.statement)),
            &[],
        ),
        post(
            cashier,
            at("/batches"),
            &[("plan", &plan_text), ("count", "1")],
        ),
        post(
            manager,
            at("/plans"),
            &[
                ("name", "New"),
                ("price", "5"),
                ("validity", "1"),
                ("devices", "1"),
            ],
        ),
        post(
            manager,
            at(&format!("/plans/{plan}")),
            &[
                ("name", "Old"),
                ("price", "5"),
                ("validity", "1"),
                ("devices", "1"),
            ],
        ),
        post(
            manager,
            at("/routers"),
            &[("name", "New"), ("address", "10.0.0.1")],
        ),
        post(
            manager,
            at(&format!("/routers/{router}")),
            &[("name", "Gate"), ("address", "10.5.50.1")],
        ),
        post(owner, at("/ways/mpesa"), &way),
        post(owner, at("/ways/mpesa/test"), &way),
        post(manager, at(&format!("/sessions/{session}/disconnect")), &[]),
        post(
            manager,
            at(&format!("/tickets/{ticket}/forget")),
            &[("device", &Shop::device(1).to_string())],
        ),
        post(manager, at(&format!("/tickets/{ticket}/revoke")), &[]),
        post(
            manager,
            at(&format!("/routers/{router}")),
            &[("delete", "1")],
        ),
        post(manager, at(&format!("/plans/{plan}")), &[("delete", "1")]),
    ]
}

async fn call(browser: &Browser, route: &Route) -> Page {
    let fields: Vec<(&str, &str)> = route.fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    match route.method {
        "GET" => browser.get(&route.path).await,
        _ => browser.post(&route.path, &fields).await,
    }
}

#[tokio::test]
async fn each_role_may_what_it_may_and_no_more() {
    for world in worlds().await {
        let routes = routes(&world).await;
        for role in [Role::Support, Role::Cashier, Role::Manager] {
            let browser = world.member(role).await;
            for route in &routes {
                let destroys = route.fields.iter().any(|(name, _)| *name == "delete");
                if role >= route.least && destroys {
                    continue;
                }
                let page = call(&browser, route).await;
                let (status, name) = (
                    page.status.as_u16(),
                    format!("{} {} as {}", route.method, route.path, role.name()),
                );
                if role >= route.least {
                    assert!(
                        matches!(status, 200 | 303),
                        "{name}: {status}\n{}",
                        page.body
                    );
                } else {
                    assert_eq!(status, 403, "{name}");
                    page.shows(&["You may not do this"]);
                }
            }
        }
        let owner = world.owner().await;
        for route in &routes {
            let page = call(&owner, route).await;
            assert!(
                matches!(page.status.as_u16(), 200 | 303),
                "{} {}: {}",
                route.method,
                route.path,
                page.status
            );
        }
    }
}

#[tokio::test]
async fn support_sees_neither_unsold_codes_nor_secrets() {
    for world in worlds().await {
        let shop = &world.shop;
        let ticket = world
            .app()
            .give_ticket(&shop.owner, shop.plan.id, "", "")
            .await
            .unwrap();
        let support = world.member(Role::Support).await;
        support
            .get("/console/tickets")
            .await
            .is(200)
            .hides(&[&ticket.code.grouped(), ticket.code.as_str()]);
        let page = support
            .get(&format!("/console/tickets/{}", ticket.id))
            .await
            .is(200);
        page.hides(&[&ticket.code.grouped(), ticket.code.as_str(), "class=\"qr\""]);
        let page = support
            .get(&format!("/console/routers/{}", shop.router.id))
            .await
            .is(200);
        page.hides(&[shop.router.secret.expose()]);
    }
}

#[tokio::test]
async fn nobody_reaches_what_belongs_to_another_business() {
    for world in worlds().await {
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        let stranger = world.signed_in(&neighbour).await;
        let mut asked = 0;
        for route in routes(&world).await {
            let names_a_thing = route.path.bytes().filter(|b| *b == b'-').count() >= 4;
            let takes_a_plan = route.fields.iter().any(|(name, _)| *name == "plan");
            if !names_a_thing && !takes_a_plan {
                continue;
            }
            asked += 1;
            let page = call(&stranger, &route).await;
            assert_eq!(
                page.status.as_u16(),
                404,
                "{} {}\n{}",
                route.method,
                route.path,
                page.body
            );
            page.hides(&[
                "mama-njeri",
                "0712",
                "Gate",
                world.shop.router.secret.expose(),
            ]);
        }
        assert!(asked >= 20, "only {asked} routes name a thing");
        // A cursor into another's list shows one's own rows.
        let theirs = world.paid().await;
        stranger
            .get(&format!("/console/payments?before={}", theirs.id))
            .await
            .is(200)
            .hides(&["0712"]);
        // And nothing of it has happened.
        let page = world
            .owner()
            .await
            .get(&format!("/console/tickets/{}", theirs.ticket_id.unwrap()))
            .await;
        page.is(200).shows(&["Stop it now"]);
    }
}

#[tokio::test]
async fn every_route_wants_a_sign_in() {
    for world in worlds().await {
        let nobody = world.browser();
        for route in routes(&world).await {
            let page = call(&nobody, &route).await.is(303);
            assert!(
                page.location().starts_with("/console/sign-in?next="),
                "{}",
                route.path
            );
        }
    }
}
