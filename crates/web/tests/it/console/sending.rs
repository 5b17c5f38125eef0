//! Money that goes back, and money that is paid out.

use bando_app::testing::Shop;
use bando_app::{Role, SendState};
use bando_domain::PaymentStatus;
use bando_gateways::Sent;

use super::stage::comes;
use super::world::{World, worlds};

#[tokio::test]
async fn one_asks_and_another_agrees() {
    for world in worlds().await {
        let payment = world.paid().await;
        let cashier = world.member(Role::Cashier).await;
        let path = format!("/console/payments/{}", payment.id);
        cashier.get(&path).await.is(200).shows(&["Send money back"]);
        let ask = format!("{path}/refund");
        cashier
            .get(&ask)
            .await
            .is(200)
            .shows(&["value=\"20.00\"", "in cash, out of your till"]);
        let form = |amount: &'static str, reason: &'static str| {
            [
                ("form", "refund"),
                ("amount", amount),
                ("way", "wallet"),
                ("reason", reason),
                ("revoke", "true"),
            ]
        };
        for (amount, reason, says) in [
            ("20", " ", "Say why"),
            ("lots", "slow", "Write a number"),
            ("21", "slow", "aria-invalid"),
        ] {
            cashier
                .post(&ask, &form(amount, reason))
                .await
                .is(422)
                .shows(&[says, &format!("value=\"{amount}\"")]);
        }
        let bogus = [("amount", "20"), ("way", "pigeon"), ("reason", "slow")];
        cashier.post(&ask, &bogus).await.is(400);
        let asked = cashier.post(&ask, &form("20", "slow")).await.is(303);
        let there = asked.location();
        let here = there.split('?').next().unwrap();
        cashier
            .get(&there)
            .await
            .is(200)
            .shows(&["to be agreed to", "slow", "Take it back"])
            .hides(&["Agree: send it"]);
        let decide = format!("{here}/decide");
        let yes = [("form", "decide"), ("approve", "yes")];
        cashier.post(&decide, &yes).await.is(403);
        let manager = world.member(Role::Manager).await;
        manager
            .get("/console")
            .await
            .shows(&["1 refund to agree to"]);
        manager.get(here).await.is(200).shows(&["Agree: send it"]);
        manager
            .submit(&decide, &yes)
            .await
            .shows(&["Decided.", ">done<"]);
        manager.post(&decide, &yes).await.is(404);
        let after = world.shop.payment(&payment).await;
        assert_eq!(after.status, PaymentStatus::Refunded);
        manager
            .get(&path)
            .await
            .is(200)
            .shows(&["Sent back", "KES\u{a0}20"]);
        manager
            .get("/console/refunds?state=done")
            .await
            .is(200)
            .shows(&["slow", "cashier"]);
        manager
            .get("/console/refunds?state=requested")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn what_nobody_knows_is_resolved_by_a_person() {
    for world in worlds().await {
        let payment = world.paid().await;
        let owner = world.owner().await;
        world.shop.gateway.answer_refund(Sent::Unknown {
            why: "the connection broke".into(),
        });
        let ask = format!("/console/payments/{}/refund", payment.id);
        let form = [
            ("form", "refund"),
            ("amount", "20"),
            ("way", "gateway"),
            ("reason", "slow"),
        ];
        let asked = owner.post(&ask, &form).await.is(303).location();
        let here = asked.split('?').next().unwrap().to_owned();
        owner
            .submit(&format!("{here}/decide"), &[("approve", "yes")])
            .await;
        world.shop.work().await;
        owner.get(&here).await.is(200).shows(&[
            "nobody knows",
            "Did the money go?",
            "the connection broke",
        ]);
        let cases = owner.get("/console/cases").await.is(200);
        let id = cases.body.split("href=\"/console/cases/").nth(1).unwrap();
        let case = format!("/console/cases/{}", id.split('"').next().unwrap());
        owner.get(&case).await.is(200).shows(&[&here]);
        let long = "9".repeat(65);
        owner
            .post(
                &format!("{here}/resolve"),
                &[("form", "resolve"), ("happened", "yes"), ("receipt", &long)],
            )
            .await
            .is(422)
            .shows(&[&long]);
        owner
            .submit(
                &format!("{here}/resolve"),
                &[("happened", "yes"), ("receipt", "RKL9REVERSE")],
            )
            .await
            .shows(&[">done<", "RKL9REVERSE"]);
        owner.get(&case).await.is(200).shows(&["solved"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn money_of_nobody_goes_back() {
    for world in worlds().await {
        let arrival = comes(&world.shop, "RKL51ZDR4F", 35, "LOST").await;
        let owner = world.owner().await;
        let ask = format!("/console/arrivals/{arrival}/refund");
        owner
            .get(&ask)
            .await
            .is(200)
            .shows(&["value=\"35.00\"", "I send it myself"])
            .hides(&["Stop the ticket"]);
        let form = [
            ("amount", "35"),
            ("way", "by_hand"),
            ("reason", "a stranger"),
        ];
        let asked = owner.post(&ask, &form).await.is(303).location();
        let here = asked.split('?').next().unwrap().to_owned();
        owner
            .submit(&format!("{here}/decide"), &[("approve", "yes")])
            .await
            .shows(&["agreed to", "Send it from your own phone"]);
        owner
            .submit(&format!("{here}/resolve"), &[("happened", "yes")])
            .await
            .shows(&[">done<"]);
        owner
            .get(&format!("/console/arrivals/{arrival}"))
            .await
            .is(200)
            .shows(&["sent back"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn a_payout_needs_two() {
    for mut shop in Shop::open_all(32).await {
        shop.collect(100, "0722000111").await.unwrap();
        for n in 0..5 {
            shop.buy(&format!("071234560{n}"), None).await;
        }
        let world = World::of(shop);
        let owner = world.owner().await;
        owner.get("/console/payouts").await.is(200).shows(&[
            "KES\u{a0}99",
            "value=\"99\"",
            "No payouts yet",
        ]);
        for wrong in ["5", "1000", "10.50", "much"] {
            owner
                .post("/console/payouts", &[("form", "payout"), ("amount", wrong)])
                .await
                .is(422)
                .shows(&[&format!("value=\"{wrong}\""), "aria-invalid"]);
        }
        let asked = owner.post("/console/payouts", &[("amount", "50")]).await;
        let here = asked.is(303).location();
        let here = here.split('?').next().unwrap().to_owned();
        let decide = format!("{here}/decide");
        let yes = [("form", "decide"), ("approve", "yes")];
        owner
            .post(&decide, &yes)
            .await
            .is(422)
            .shows(&["role=\"alert\""]);
        let manager = world.member(Role::Manager).await;
        manager.submit(&decide, &yes).await.shows(&["Decided."]);
        world.shop.work().await;
        let found = world.app().payouts(&world.shop.owner, None, None, 5).await;
        assert_ne!(found.unwrap().rows[0].state, SendState::Requested);
        let cashier = world.member(Role::Cashier).await;
        cashier.get("/console/payouts").await.is(403);
        cashier.get(&here).await.is(403);
        cashier.post(&decide, &yes).await.is(403);
        manager
            .post("/console/payouts", &[("amount", "20")])
            .await
            .is(403);
        world.shop.check().await;
    }
    for world in worlds().await {
        let owner = world.owner().await;
        owner
            .get("/console/payouts")
            .await
            .is(200)
            .shows(&["collects nothing for you"]);
    }
}
