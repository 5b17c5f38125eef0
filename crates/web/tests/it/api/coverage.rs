//! Who may do what, on every route of the description: a route that is added without an entry here
//! fails these tests.

use bando_app::{
    Arrival, ArrivalSource, ArrivalState, CaseFilter, CashSale, Payout, RefundDraft, RefundOf,
    RefundWay, Role, SendState,
};
use bando_domain::{ArrivalId, Currency, Money, PayoutId, Phone, PlanId};
use http::Method;
use serde_json::{Value, json};

use super::world::{World, member, text, worlds};

/// The operations that need no token. A new one has to be written down here, on purpose.
const PUBLIC: [&str; 15] = [
    "GET /api/gateways",
    "GET /api/packages",
    "GET /api/payments/{token}/status",
    "GET /api/tickets/{code}/status",
    "GET /api/user/status",
    "POST /api/admin/login",
    "POST /api/auth/login/",
    "POST /api/auth/logout/",
    "POST /api/auth/refresh/",
    "POST /api/captive/{id}/initiate-mpesa",
    "POST /api/pay",
    "POST /api/payment/init_wave/",
    "POST /api/payments/initiate/",
    "POST /api/providers/{id}/pesapal/create-order",
    "POST /api/tickets/{code}/activate",
];

/// The operations that change something, with the least role that may and a good body.
fn changes(plan: &str) -> Vec<(&'static str, Role, Option<Value>)> {
    let draft = json!({"name": "x", "price": "5", "terms": {"validity_seconds": 60}});
    vec![
        ("POST /api/plans", Role::Manager, Some(draft.clone())),
        ("PUT /api/plans/{id}", Role::Manager, Some(draft)),
        ("DELETE /api/plans/{id}", Role::Manager, None),
        (
            "POST /api/tickets",
            Role::Cashier,
            Some(json!({"plan_id": plan})),
        ),
        ("POST /api/tickets/{id}/revoke", Role::Manager, None),
        (
            "POST /api/batches",
            Role::Cashier,
            Some(json!({"plan_id": plan, "size": 1})),
        ),
        ("POST /api/sessions/{id}/disconnect", Role::Manager, None),
        (
            "POST /api/sales",
            Role::Cashier,
            Some(json!({"plan_id": plan})),
        ),
        ("POST /api/payments/{id}/confirm", Role::Cashier, None),
        ("POST /api/payments/{id}/reject", Role::Cashier, None),
        (
            "POST /api/arrivals/{id}/allot",
            Role::Manager,
            Some(json!({"refuted": true})),
        ),
        (
            "POST /api/cases/{id}/solve",
            Role::Manager,
            Some(json!({"solution": "done"})),
        ),
        (
            "POST /api/refunds",
            Role::Cashier,
            Some(json!({"payment_id": plan, "way": "gateway", "reason": "x"})),
        ),
        ("POST /api/refunds/{id}/approve", Role::Manager, None),
        ("POST /api/refunds/{id}/decline", Role::Cashier, None),
        (
            "POST /api/payouts",
            Role::Owner,
            Some(json!({"amount": "10"})),
        ),
        ("POST /api/payouts/{id}/approve", Role::Manager, None),
        ("POST /api/payouts/{id}/decline", Role::Manager, None),
    ]
}

/// Every operation of the description as `GET /path`, with whether it asks for a token.
fn operations() -> Vec<(String, bool)> {
    let spec = serde_json::json!(bando_web::openapi());
    let mut all = Vec::new();
    for (path, item) in spec["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let needs_token = operation["security"][0]["bearer"].is_array();
            all.push((format!("{} {path}", method.to_uppercase()), needs_token));
        }
    }
    all
}

/// The method and path of an operation, with `id` for its variable.
fn concrete(operation: &str, id: &str) -> (Method, String) {
    let (method, path) = operation.split_once(' ').expect("operation");
    let path = match (path.find('{'), path.find('}')) {
        (Some(from), Some(to)) => format!("{}{id}{}", &path[..from], &path[to + 1..]),
        _ => path.to_owned(),
    };
    (method.parse().expect("method"), path)
}

/// An id that nothing has.
fn nobody(world: &World) -> String {
    PlanId::from_uuid(world.app.new_uuid()).to_string()
}

#[tokio::test]
async fn every_operation_asks_for_a_token_or_is_public_on_purpose() {
    let all = operations();
    for public in PUBLIC {
        assert!(
            all.iter().any(|(operation, _)| operation == public),
            "{public} is gone"
        );
    }
    for (operation, needs_token) in all {
        assert_ne!(
            needs_token,
            PUBLIC.contains(&operation.as_str()),
            "{operation} must ask for a token, or be listed as public"
        );
    }
    for world in worlds().await {
        let id = nobody(&world);
        for (operation, needs_token) in operations() {
            let (method, path) = concrete(&operation, &id);
            // Whatever else is wrong with the request, nobody learns it without a token.
            let call = world.call(method, path).body("text/plain", "{");
            let answer = call.await;
            if needs_token {
                answer.is_problem(401, "signed-out");
            } else {
                assert_ne!(answer.status, 401, "{operation}");
                assert!(
                    !answer.status.is_server_error(),
                    "{operation}: {}",
                    answer.text
                );
            }
        }
    }
}

#[tokio::test]
async fn roles_decide_what_members_may_change() {
    for world in worlds().await {
        let plan = world.ours.plan.clone();
        let table = changes(&plan);
        let all = operations();
        let mutating: Vec<_> = all
            .iter()
            .filter(|(operation, needs_token)| *needs_token && !operation.starts_with("GET "))
            .collect();
        for (operation, _) in &mutating {
            let known = table.iter().any(|(name, ..)| name == operation);
            assert!(known, "{operation} has no least role in this test");
        }
        assert_eq!(mutating.len(), table.len());
        for role in [Role::Support, Role::Cashier, Role::Manager, Role::Owner] {
            if role != Role::Owner {
                member(&world.app, &world.ours.provider, role).await;
            }
            let pair = world.sign_in(&format!("{}@ours", role.name())).await;
            let token = text(&pair["access"]);
            for (operation, least, body) in &table {
                let (method, path) = concrete(operation, &nobody(&world));
                let mut call = world.call(method, path).token(&token);
                if let Some(body) = body {
                    call = call.json(body);
                }
                let answer = call.await;
                if role >= *least {
                    // The platform owes these businesses nothing that could be paid out.
                    let owed = *operation != "POST /api/payouts" || answer.status != 422;
                    let done = answer.status.is_success() || answer.status == 404 || !owed;
                    assert!(done, "{operation} as {role:?}: {}", answer.text);
                } else {
                    answer.is_problem(403, "forbidden");
                }
            }
            for (operation, needs_token) in &all {
                if *needs_token && operation.starts_with("GET ") {
                    let (method, path) = concrete(operation, &nobody(&world));
                    let answer = world.call(method, path).token(&token).await;
                    let seen = answer.status == 200 || answer.status == 404;
                    assert!(seen, "{operation} as {role:?}: {}", answer.text);
                }
            }
        }
    }
}

/// One of everything that has an id, of the business called ours.
async fn things(world: &World, token: &str) -> Vec<(&'static str, String)> {
    let plan = &world.ours.plan;
    let ticket = world.post("/api/tickets", json!({"plan_id": plan}));
    let ticket = text(&ticket.token(token).await.is(201).json["id"]);
    let batch = world.post("/api/batches", json!({"plan_id": plan, "size": 1}));
    let batch = text(&batch.token(token).await.is(202).json["id"]);
    let payment = world.pay(&world.ours, "0712345678", None).await;
    let payment = text(&payment.is(202).json["payment"]);
    vec![
        ("plans", plan.clone()),
        ("tickets", ticket),
        ("batches", batch),
        ("payments", payment),
        ("sessions", world.session(&world.ours).await),
        ("refunds", refund(world).await),
        ("payouts", payout(world).await),
        ("arrivals", arrival(world).await),
        ("cases", case(world).await),
    ]
}

/// A refund that somebody asked for.
async fn refund(world: &World) -> String {
    let owner = &world.ours.owner;
    let sale = CashSale {
        plan: world.ours.plan.parse().expect("an id"),
        phone: None,
    };
    let sold = world.app.sell_for_cash(owner, sale).await.expect("sold");
    let draft = RefundDraft {
        of: RefundOf::Payment(sold.payment.id),
        amount: None,
        way: RefundWay::Cash,
        reason: "the rain".into(),
        revoke: false,
    };
    let refund = world.app.request_refund(owner, draft).await;
    refund.expect("asked for").id.to_string()
}

/// A payout that somebody asked for.
async fn payout(world: &World) -> String {
    let payout = Payout {
        id: PayoutId::from_uuid(world.app.new_uuid()),
        amount: Money::from_minor(1000, Currency::Kes),
        phone: Phone::from_international("254712345678").expect("a phone"),
        state: SendState::Requested,
        requested_by: world.ours.owner.account,
        requested_at: world.app.now(),
        decided_by: None,
        decided_at: None,
        conversation_id: None,
        receipt: None,
        result_text: None,
        finished_at: None,
    };
    let mut tx = world
        .test
        .store
        .tenant(world.ours.provider.id)
        .await
        .expect("tx");
    tx.insert_payout(&payout).await.expect("written");
    tx.commit().await.expect("committed");
    payout.id.to_string()
}

/// Money that nobody can prove.
async fn arrival(world: &World) -> String {
    let arrival = Arrival {
        id: ArrivalId::from_uuid(world.app.new_uuid()),
        gateway: "mpesa".into(),
        receipt: "SGH7KL2M9P".into(),
        kind: "payment".into(),
        amount: Money::from_minor(1000, Currency::Kes),
        fee: None,
        phone: Phone::from_international("254712345678"),
        payer: Some("NICHOLAS".into()),
        reference: None,
        account: None,
        at: None,
        source: ArrivalSource::Message,
        state: ArrivalState::Unproved,
        payment: None,
        customer: None,
        seen_at: world.app.now(),
        decided_at: None,
    };
    let mut tx = world
        .test
        .store
        .tenant(world.ours.provider.id)
        .await
        .expect("tx");
    tx.insert_arrival(&arrival).await.expect("written");
    tx.commit().await.expect("committed");
    arrival.id.to_string()
}

/// A claim that nothing was found for.
async fn case(world: &World) -> String {
    let provider = world.ours.provider.id;
    let claim = world.app.claim(provider, "SGH7KL2M9Q", None, "10.0.0.1");
    claim.await.expect("a claim");
    let (owner, all) = (&world.ours.owner, CaseFilter::default());
    let cases = world.app.cases(owner, &all, None, 1).await;
    cases.expect("cases").rows[0].opened.id.to_string()
}

#[tokio::test]
async fn what_belongs_to_others_looks_like_what_does_not_exist() {
    for world in worlds().await {
        let ours = world.owner_token(&world.ours).await;
        let theirs = world.owner_token(&world.theirs).await;
        let things = things(&world, &ours).await;
        let bodies = changes(&world.theirs.plan);
        let mut tried = 0;
        for (operation, needs_token) in operations() {
            if !needs_token || !operation.contains("{id}") {
                continue;
            }
            let thing = things
                .iter()
                .find(|(path, _)| operation.contains(&format!("/{path}/{{id}}")));
            let (_, id) = thing.unwrap_or_else(|| panic!("no thing of ours for {operation}"));
            let body = bodies
                .iter()
                .find(|(name, ..)| *name == operation)
                .and_then(|(_, _, body)| body.clone());
            let ask = |id: &str| {
                let (method, path) = concrete(&operation, id);
                let call = world.call(method, path).token(&theirs);
                match &body {
                    Some(body) => call.json(body),
                    None => call,
                }
            };
            let foreign = ask(id).await;
            foreign.is_problem(404, "not-found");
            let random = ask(&nobody(&world)).await;
            assert_eq!(foreign.text, random.text, "{operation}");
            let odd = ask("not-an-id").await;
            assert_eq!(foreign.text, odd.text, "{operation}");
            tried += 1;
        }
        assert!(tried >= 8, "{tried} operations");

        // By body, by query, by naming the business.
        let plan = &world.ours.plan;
        for (path, body) in [
            ("/api/tickets", json!({"plan_id": plan})),
            ("/api/batches", json!({"plan_id": plan, "size": 1})),
        ] {
            let answer = world.post(path, body).token(&theirs).await;
            answer.is_problem(404, "not-found");
        }
        let body = json!({"phone": "0712345670", "plan_id": plan});
        let answer = world.post("/api/captive/theirs/initiate-mpesa", body).await;
        answer.is_problem(404, "not-found");
        for (path, id) in &things {
            if *path == "batches" {
                let path = format!("/api/tickets?batch={id}");
                let answer = world.get(path).token(&theirs).await;
                assert_eq!(answer.is(200).json["items"], json!([]));
            }
        }
        let ours_named = world.get("/api/plans?provider=ours").token(&theirs).await;
        ours_named.is_problem(404, "not-found");
        let nowhere = world
            .get("/api/plans?provider=nowhere")
            .token(&theirs)
            .await;
        assert_eq!(ours_named.text, nowhere.text);
        let id = world.ours.provider.id;
        let by_id = world
            .get(format!("/api/plans?provider={id}"))
            .token(&theirs);
        assert_eq!(by_id.await.text, nowhere.text);
        for list in [
            "tickets",
            "payments",
            "sessions",
            "batches",
            "admin/users",
            "admin/payments",
            "refunds",
            "payouts",
            "arrivals",
            "cases",
            "confirmations",
            "ledger/balances",
            "ledger/accounts/revenue",
        ] {
            let answer = world.get(format!("/api/{list}")).token(&theirs).await;
            assert_eq!(answer.is(200).json["items"], json!([]), "{list}");
        }
    }
}
