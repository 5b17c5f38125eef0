//! Cases and arrivals: what waits for a person, and what solves it.

use bando_app::{ArrivalState, Role};

use super::stage::comes;
use super::world::{World, worlds};

async fn state(world: &World, id: bando_domain::ArrivalId) -> ArrivalState {
    let arrival = world.app().arrival(&world.shop.owner, id).await;
    arrival.unwrap().state
}

#[tokio::test]
async fn money_of_nobody_is_a_case_and_buys_a_plan() {
    for world in worlds().await {
        let owner = world.owner().await;
        owner
            .get("/console/cases")
            .await
            .is(200)
            .shows(&["Nothing waits for you"]);
        let arrival = comes(&world.shop, "RKL51ZDR4F", 35, "LOST").await;
        let list = owner.get("/console/cases").await.is(200).shows(&[
            "1001 · Belongs to nobody",
            "KES\u{a0}35",
            "left",
            "id=\"rail-cases\" class=\"badge\">1<",
        ]);
        let path = list.body.split("href=\"/console/cases/").nth(1).unwrap();
        let path = format!("/console/cases/{}", path.split('"').next().unwrap());
        owner.get(&path).await.is(200).shows(&[
            "Case 1001",
            "RKL51ZDR4F",
            "LOST",
            "Buy a plan with it",
            "Keep it as credit",
            "Send money back",
            "Solved otherwise",
        ]);
        let decide = format!("/console/arrivals/{arrival}/decide");
        let plan = world.shop.plan.id.to_string();
        let wrong = [
            ("form", "to-plan"),
            ("plan", plan.as_str()),
            ("phone", "12"),
        ];
        owner.post(&decide, &wrong).await.is(422).shows(&[
            "value=\"12\"",
            "aria-invalid",
            "<details class=\"card fold\" open",
        ]);
        let right = [
            ("form", "to-plan"),
            ("plan", plan.as_str()),
            ("phone", "0712345678"),
        ];
        owner
            .submit(&decide, &right)
            .await
            .shows(&["Decided.", "bought something"]);
        assert_eq!(state(&world, arrival).await, ArrivalState::Matched);
        owner
            .get(&path)
            .await
            .is(200)
            .shows(&["solved"])
            .hides(&["to-wallet"]);
        owner.post(&decide, &right).await.is(404);
        owner.post(&decide, &[("form", "steal")]).await.is(400);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn money_goes_into_the_wallet_or_to_its_payment() {
    for world in worlds().await {
        let owner = world.owner().await;
        let first = comes(&world.shop, "RKL51ZDR4F", 35, "LOST").await;
        let form = [("form", "to-wallet"), ("phone", "0712345678")];
        owner
            .submit(&format!("/console/arrivals/{first}/decide"), &form)
            .await
            .shows(&["credit"]);
        assert_eq!(state(&world, first).await, ArrivalState::Credited);
        let second = comes(&world.shop, "RKL51ZDR5G", 20, "LOST").await;
        let wish = world.shop.wish("0722000111");
        let payment = world.app().start_payment(wish).await.unwrap();
        let id = payment.id.to_string();
        let path = format!("/console/arrivals/{second}");
        let form = [("form", "to-payment"), ("payment", id.as_str())];
        owner
            .submit(&format!("{path}/decide"), &form)
            .await
            .shows(&["bought something"]);
        assert!(world.shop.payment(&payment).await.status.was_paid());
        owner
            .get("/console/arrivals?state=matched")
            .await
            .is(200)
            .shows(&["RKL51ZDR5G"])
            .hides(&["RKL51ZDR4F"]);
        owner
            .get("/console/arrivals?state=refuted")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn a_case_is_found_by_its_number_and_solved_with_a_note() {
    for world in worlds().await {
        let owner = world.owner().await;
        comes(&world.shop, "RKL51ZDR4F", 35, "LOST").await;
        owner
            .get("/console/cases?q=%231001")
            .await
            .is(200)
            .shows(&["1001 ·"]);
        let list = owner.get("/console/cases?q=1001").await.is(200);
        let id = list.body.split("href=\"/console/cases/").nth(1).unwrap();
        let path = format!("/console/cases/{}", id.split('"').next().unwrap());
        let solve = format!("{path}/solve");
        owner
            .post(&solve, &[("form", "solve"), ("note", " ")])
            .await
            .is(422)
            .shows(&["Say what was done"]);
        let long = "x".repeat(501);
        owner
            .post(&solve, &[("form", "solve"), ("note", &long)])
            .await
            .is(422)
            .shows(&[&long]);
        owner
            .submit(&solve, &[("note", "<b>called</b> them")])
            .await
            .shows(&["Solved.", "&#60;b&#62;called&#60;/b&#62; them"]);
        owner
            .get("/console/cases?kind=partial&state=all")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        owner
            .get("/console/cases?q=9999")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        owner
            .get("/console/cases?q=nonsense")
            .await
            .is(200)
            .shows(&["Nothing found"]);
    }
}

#[tokio::test]
async fn a_cashier_sees_cases_and_solves_none() {
    for world in worlds().await {
        let arrival = comes(&world.shop, "RKL51ZDR4F", 35, "LOST").await;
        let cashier = world.member(Role::Cashier).await;
        cashier
            .get(&format!("/console/arrivals/{arrival}"))
            .await
            .is(200)
            .hides(&["to-wallet", "to-plan"]);
        let form = [("form", "to-wallet"), ("phone", "0712345678")];
        cashier
            .post(&format!("/console/arrivals/{arrival}/decide"), &form)
            .await
            .is(403);
        assert_eq!(state(&world, arrival).await, ArrivalState::Open);
    }
}
