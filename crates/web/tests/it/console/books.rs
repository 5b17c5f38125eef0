//! Payments: filters, search, the timeline, files for spreadsheets; the ledger and the audit log.

use bando_app::Role;
use bando_app::testing::Shop;
use bando_domain::MacAddr;

use super::world::worlds;

#[tokio::test]
async fn a_payment_tells_its_story() {
    for world in worlds().await {
        let payment = world.paid().await;
        let owner = world.owner().await;
        let page = owner
            .get(&format!("/console/payments/{}", payment.id))
            .await
            .is(200);
        page.shows(&[
            "Customer tapped Pay",
            "M-Pesa request sent to the phone",
            "M-Pesa reported the result",
            "Ticket issued",
            "RKL000001Z",
            "0712 345 678",
            "02:00:5E:10:00:01",
            "Gate",
            "Earned → Received by M-Pesa",
        ]);
        owner.get("/console/ledger").await.is(200).shows(&[
            "Received by M-Pesa",
            "KES\u{a0}20",
            "KES\u{a0}\u{2212}20",
        ]);
        owner
            .get("/console/audit")
            .await
            .is(200)
            .shows(&["payment.settle", "M-Pesa", "plan.make"]);
        owner
            .get("/console")
            .await
            .is(200)
            .shows(&["KES\u{a0}20", "1 payment"]);
    }
}

#[tokio::test]
async fn a_pending_payment_is_asked_about_again() {
    for world in worlds().await {
        let payment = world
            .app()
            .start_payment(world.shop.wish("0722000111"))
            .await
            .unwrap();
        let owner = world.owner().await;
        let path = format!("/console/payments/{}", payment.id);
        owner.get(&path).await.is(200).shows(&["Ask M-Pesa again"]);
        owner
            .submit(&format!("{path}/check"), &[])
            .await
            .shows(&["Asked. The answer appears"]);
        let before = world.shop.gateway.queries().len();
        world.shop.work().await;
        assert_eq!(world.shop.gateway.queries().len(), before + 1);
        let paid = world.paid().await;
        owner
            .get(&format!("/console/payments/{}", paid.id))
            .await
            .hides(&["Ask M-Pesa again"]);
    }
}

#[tokio::test]
async fn search_goes_straight_to_the_thing() {
    for world in worlds().await {
        let payment = world.paid().await;
        world
            .app()
            .start_payment(world.shop.wish("0722000111"))
            .await
            .unwrap();
        let owner = world.owner().await;
        let there = format!("/console/payments/{}", payment.id);
        assert_eq!(
            owner.get("/console/payments?q=rkl000001z").await.location(),
            there
        );
        assert_eq!(
            owner.get("/console/tickets?q=RKL000001Z").await.location(),
            there
        );
        for q in ["%2B254712345678", "0712+345+678", "02-00-5e-10-00-01"] {
            let page = owner.get(&format!("/console/payments?q={q}")).await.is(200);
            page.shows(&["0712 ••• 678"]).hides(&["0722"]);
        }
        owner
            .get("/console/payments?q=nothing+like+it")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        owner
            .get("/console/payments?status=success")
            .await
            .shows(&["0712"])
            .hides(&["0722"]);
        owner
            .get("/console/payments?status=pending&period=today")
            .await
            .shows(&["0722"])
            .hides(&["0712"]);
        owner
            .get("/console/payments?status=bogus&period=bogus&before=bogus")
            .await
            .is(200);
    }
}

#[tokio::test]
async fn long_lists_come_a_page_at_a_time() {
    for world in worlds().await {
        for n in 0..52 {
            let mut wish = world.shop.wish(&format!("07120000{n:02}"));
            wish.visit.mac = Some(MacAddr::new([2, 0, 0, 0, 0, n]));
            world.app().start_payment(wish).await.unwrap();
        }
        let owner = world.owner().await;
        let first = owner.get("/console/payments").await.is(200);
        assert_eq!(first.body.matches("class=\"row\"").count(), 50);
        let older = first
            .body
            .split("before=")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let second = owner
            .get(&format!("/console/payments?period=week&before={older}"))
            .await
            .is(200);
        assert_eq!(second.body.matches("class=\"row\"").count(), 2);
        let file = owner
            .get("/console/payments?format=csv&period=all")
            .await
            .is(200);
        assert_eq!(file.body.lines().count(), 53);
        let one = owner
            .get("/console/payments?format=csv&q=0712000007")
            .await
            .is(200);
        assert_eq!(one.body.lines().count(), 2);
    }
}

#[tokio::test]
async fn a_spreadsheet_gets_text_and_no_formula() {
    for world in worlds().await {
        let shop = &world.shop;
        let name = "=HYPERLINK(\"http://evil.example\",\"a\")";
        let plan = shop.add_plan(name, "20", shop.plan.terms).await.unwrap();
        let mut wish = shop.wish("0712345678");
        wish.plan = plan.id;
        wish.visit = shop.visit(Shop::device(1));
        shop.buy_this(wish).await;
        let owner = world.owner().await;
        let file = owner.get("/console/payments?format=csv").await.is(200);
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"payments-mama-njeri.csv\""
        );
        let file = file.shows(&[
            "\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"a\"\")\"",
            ",254712345678,",
        ]);
        assert!(!file.body.contains(",="));
        // Numbers of customers stay whole only for those who answer for the business.
        let cashier = world.member(Role::Cashier).await;
        cashier
            .get("/console/payments?format=csv")
            .await
            .is(200)
            .hides(&["254712345678"]);
    }
}
