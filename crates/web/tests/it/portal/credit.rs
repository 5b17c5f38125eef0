//! What is paid too little or too much is kept, and buys the next ticket.

use bando_domain::{Currency, Money};
use bando_gateways::{Paid, Verdict};
use http::StatusCode;

use super::browser::{get, post};
use super::world::{World, worlds};
use super::{LAPTOP, PHONE};

/// Buys an hour, for which so much arrives (cents), and returns the address of the payment's page.
async fn pay(world: &World, minor: i64, receipt: &str) -> String {
    let plan = world.plans[0].id.to_string();
    let form = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
    let fields = [("plan", plan.as_str()), ("phone", "0712345678")];
    let asked = post(&world.web, &form, &fields).await.location().to_owned();
    world.gateway.decide(Verdict::Paid(Paid {
        receipt: Some(receipt.into()),
        amount: Some(Money::from_minor(minor, Currency::Kes)),
        ..Paid::default()
    }));
    world.wait(11);
    world.work().await;
    world.wait(120);
    asked
}

#[tokio::test]
async fn too_little_is_kept_until_it_is_enough() {
    for world in worlds().await {
        let first = pay(&world, 1500, "SGH7KL2M9P").await;
        let failed = get(&world.web, &first).await;
        assert!(failed.text.contains("we keep it as credit"));
        assert!(failed.text.contains("You have KES\u{a0}15 of credit"));
        let wallet = failed.link("Use it");
        let poor = get(&world.web, &wallet).await;
        assert!(poor.text.contains("It is not enough for a plan"));
        assert!(!poor.text.contains("name=\"plan\""));

        pay(&world, 1500, "SGH7KL2M9Q").await;
        let rich = get(&world.web, &wallet).await;
        assert!(rich.text.contains("<code>KES\u{a0}30</code>"));
        let plan = world.plans[0].id.to_string();
        let fields = [("plan", plan.as_str()), ("credit", "3000")];
        let buy = rich.form_with("name=\"credit\"");
        let bought = post(&world.web, &buy, &fields).await;
        let page = get(&world.web, bought.location()).await;
        assert!(page.value("data-ticket-code").is_some(), "{}", page.text);
        assert!(page.text.contains("You have KES\u{a0}10 of credit"));
        assert!(
            get(&world.web, &page.link("Receipt"))
                .await
                .text
                .contains("<dd>Credit</dd>")
        );
        // The form sent again buys nothing.
        let again = post(&world.web, &buy, &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text.contains("Your credit has changed"));
        for odd in [
            [("plan", plan.as_str()), ("credit", "x")],
            [("plan", "x"), ("credit", "1000")],
        ] {
            let odd = post(&world.web, &buy, &odd).await;
            assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert!(
            get(&world.web, &wallet)
                .await
                .text
                .contains("<code>KES\u{a0}10</code>")
        );
    }
}

#[tokio::test]
async fn forms_sent_at_once_buy_once() {
    for world in worlds().await {
        let paid = pay(&world, 6000, "SGH7KL2M9P").await;
        let page = get(&world.web, &paid).await;
        let wallet = page.link("Use it");
        let plan = world.plans[0].id.to_string();
        let fields = [("plan", plan.as_str()), ("credit", "4000")];
        let buy = || post(&world.web, &wallet, &fields);
        let (a, b, c) = tokio::join!(buy(), buy(), buy());
        let bought = [a, b, c]
            .iter()
            .filter(|seen| seen.status == StatusCode::SEE_OTHER)
            .count();
        assert_eq!(bought, 1);
    }
}

#[tokio::test]
async fn a_wallet_is_shown_to_its_owner_only() {
    for world in worlds().await {
        let paid = pay(&world, 5000, "SGH7KL2M9P").await;
        let page = get(&world.web, &paid).await;
        let ticket = page.link("Time and data left");
        assert!(
            get(&world.web, &ticket)
                .await
                .text
                .contains("You have KES\u{a0}30 of credit")
        );
        // Whoever was shown the QR code, to add a device.
        let path = ticket.split('?').next().unwrap();
        for other in [path.to_owned(), format!("{path}?{}", world.query(LAPTOP))] {
            let shown = get(&world.web, &other).await;
            assert_eq!(shown.status, StatusCode::OK);
            assert!(!shown.text.contains("of credit"), "{other}");
        }
        // Another shop knows nothing of it, nor of a token that is not whole.
        world.rival().await;
        let wallet = page.link("Use it").replace("/p/mama-njeri/", "/p/rival/");
        assert_eq!(get(&world.web, &wallet).await.status, StatusCode::NOT_FOUND);
        let cut = page.link("Use it").replacen("/w/", "/w/A", 1);
        assert_eq!(get(&world.web, &cut).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            post(&world.web, &cut, &[]).await.status,
            StatusCode::NOT_FOUND
        );
    }
}
