//! Payments that a member confirms in one tap.

use bando_app::Role;
use bando_domain::PaymentStatus;

use super::stage::by_link;
use super::world::worlds;

#[tokio::test]
async fn one_tap_gives_the_ticket() {
    for world in worlds().await {
        let cashier = world.member(Role::Cashier).await;
        cashier
            .get("/console/confirm")
            .await
            .is(200)
            .shows(&["Nothing to confirm"]);
        let payment = by_link(&world.shop, "0733000444").await;
        let page = cashier.get("/console/confirm").await.is(200).shows(&[
            "KES\u{a0}20",
            "0733 ••• 444",
            "http-equiv=\"refresh\"",
            "sse:confirm",
            "id=\"rail-confirm\" class=\"badge\">1<",
        ]);
        page.hides(&["onclick"]);
        cashier
            .get("/console")
            .await
            .shows(&["1 payment to confirm", "/console/confirm"]);
        let path = format!("/console/confirm/{}", payment.id);
        let sent = [("answer", "yes"), ("transaction_id", "T_XY29ABQ4K")];
        cashier.submit(&path, &sent).await.shows(&["Confirmed."]);
        let paid = world.shop.payment(&payment).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.receipt.as_deref(), Some("T_XY29ABQ4K"));
        // A second tap does no harm.
        cashier.submit(&path, &sent).await;
        world.shop.check().await;
    }
}

#[tokio::test]
async fn a_number_pays_once_and_what_was_typed_stays() {
    for world in worlds().await {
        let owner = world.owner().await;
        let first = by_link(&world.shop, "0733000444").await;
        let second = by_link(&world.shop, "0733000555").await;
        owner
            .get("/console/confirm")
            .await
            .shows(&["Another payment waits for the same amount"]);
        let sent = [("answer", "yes"), ("transaction_id", "T_XY29ABQ4K")];
        let path = |id| format!("/console/confirm/{id}");
        owner.submit(&path(first.id), &sent).await;
        owner
            .post(&path(second.id), &sent)
            .await
            .is(422)
            .shows(&["has paid for something else", "value=\"T_XY29ABQ4K\""]);
        owner
            .submit(&path(second.id), &[("answer", "no")])
            .await
            .shows(&["Rejected.", "Nothing to confirm"]);
        let rejected = world.shop.payment(&second).await;
        assert_eq!(rejected.status, PaymentStatus::Failed);
        // The money came after all.
        owner
            .get(&format!("/console/payments/{}", second.id))
            .await
            .is(200)
            .shows(&["The money is there", &path(second.id)]);
        owner
            .post(&path(second.id), &[("answer", "maybe")])
            .await
            .is(400);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn others_neither_see_nor_decide() {
    for world in worlds().await {
        let payment = by_link(&world.shop, "0733000444").await;
        let path = format!("/console/confirm/{}", payment.id);
        let support = world.member(Role::Support).await;
        support.get("/console/confirm").await.is(403);
        support.post(&path, &[("answer", "yes")]).await.is(403);
        support
            .get("/console")
            .await
            .is(200)
            .hides(&["href=\"/console/confirm\"><svg"]);
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        let stranger = world.signed_in(&neighbour).await;
        stranger
            .get("/console/confirm")
            .await
            .is(200)
            .hides(&["0733"]);
        stranger.post(&path, &[("answer", "yes")]).await.is(404);
        let still = world.shop.payment(&payment).await;
        assert_eq!(still.status, PaymentStatus::Pending);
    }
}

#[tokio::test]
async fn badges_are_fetched_alone() {
    for world in worlds().await {
        by_link(&world.shop, "0733000444").await;
        let owner = world.owner().await;
        owner
            .get("/console/badges")
            .await
            .is(200)
            .shows(&["id=\"bell\"", "id=\"rail-confirm\"", ">1<"])
            .hides(&["<html"]);
    }
}
