//! Selling for cash, and counting it.

use bando_app::Role;

use super::world::worlds;

#[tokio::test]
async fn two_taps_sell_for_cash_and_the_till_is_counted() {
    for world in worlds().await {
        let cashier = world.member(Role::Cashier).await;
        cashier
            .get("/console/shift")
            .await
            .is(200)
            .shows(&["Your till is closed", "/console/sell"]);
        let plan = world.shop.plan.id.to_string();
        let sale = [("how", "cash"), ("plan", plan.as_str())];
        cashier.submit("/console/sell", &sale).await.shows(&[
            "Sold: 1 hour. Take KES\u{a0}20",
            "data-ticket-code",
            "data-print",
        ]);
        let wrong = [("how", "cash"), ("plan", plan.as_str()), ("phone", "12")];
        cashier
            .post("/console/sell", &wrong)
            .await
            .is(422)
            .shows(&["value=\"12\"", "aria-invalid"]);
        cashier
            .post("/console/sell", &[("plan", plan.as_str())])
            .await
            .is(400);
        cashier
            .get("/console/payments?gateway=cash&period=all")
            .await
            .is(200)
            .shows(&["Cash", "KES\u{a0}20"]);
        cashier.get("/console/shift").await.is(200).shows(&[
            "Should be in the till",
            "KES\u{a0}20",
            "Close the till",
        ]);
        cashier
            .post(
                "/console/shift/close",
                &[("counted", "some"), ("note", "x")],
            )
            .await
            .is(422)
            .shows(&["value=\"some\"", "aria-invalid", "value=\"x\""]);
        cashier
            .submit(
                "/console/shift/close",
                &[("counted", "15"), ("note", "short")],
            )
            .await
            .shows(&["Closed.", "KES\u{a0}\u{2212}5", "short"]);
        cashier
            .post("/console/shift/close", &[("counted", "15")])
            .await
            .is(404);
        let manager = world.member(Role::Manager).await;
        manager.get("/console/shifts").await.is(200).shows(&[
            "cashier-",
            "KES\u{a0}15",
            "KES\u{a0}\u{2212}5",
        ]);
        manager.get("/console/shifts/day").await.is(200).shows(&[
            "20 November 2026",
            "1 sale",
            "KES\u{a0}20",
        ]);
        manager
            .get("/console/shifts/day?ago=1")
            .await
            .is(200)
            .shows(&["19 November 2026", "Nothing was sold"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn a_till_is_seen_by_its_cashier_and_managers_only() {
    for world in worlds().await {
        let plan = world.shop.plan.id;
        let sale = bando_app::CashSale { plan, phone: None };
        let owner = &world.shop.owner;
        world.app().sell_for_cash(owner, sale).await.unwrap();
        let shift = world.app().my_shift(owner).await.unwrap().unwrap().shift;
        let path = format!("/console/shifts/{}", shift.id);
        world.owner().await.get(&path).await.is(200);
        world.member(Role::Cashier).await.get(&path).await.is(404);
        world.member(Role::Support).await.get(&path).await.is(403);
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        world.signed_in(&neighbour).await.get(&path).await.is(404);
    }
}
