//! Buying, without scripts and without cookies: each step follows what the page before it offers.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;

use super::PHONE;
use super::browser::{get, open, post, query};
use super::world::{World, worlds};

/// Buys an hour from the device and returns the address of the payment's page.
async fn buy(world: &World, mac: &str) -> String {
    let first = get(&world.web, &format!("/p/mama-njeri?{}", world.query(mac))).await;
    let plan = world.plans[0].id.to_string();
    let fields = [("plan", plan.as_str()), ("phone", "0712 345 678")];
    let asked = post(&world.web, &first.form_with("id=\"phone\""), &fields).await;
    asked.location().to_owned()
}

#[tokio::test]
async fn a_shilling_becomes_internet() {
    for world in worlds().await {
        let address = buy(&world, PHONE).await;
        assert_eq!(
            query(&address)["mac"],
            PHONE,
            "the way back to the router is in the address"
        );

        let waiting = get(&world.web, &address).await;
        assert_eq!(waiting.status, StatusCode::OK);
        assert!(
            waiting
                .text
                .contains("Check your phone and enter your M-Pesa PIN")
        );
        assert!(waiting.text.contains("0712 ••• 678") && !waiting.text.contains("0712 345 678"));
        assert!(
            waiting
                .text
                .contains("<noscript><meta http-equiv=\"refresh\" content=\"4\"></noscript>")
        );
        assert_eq!(waiting.value("data-left").unwrap(), "75");
        assert_eq!(waiting.header("cache-control"), "no-store");

        world.pay("SGH7KL2M9P").await;
        let paid = get(&world.web, &address).await;
        let code = paid.value("data-ticket-code").expect("the code");
        let (_, login) = paid.refresh().expect("logs in by itself");
        assert!(
            login.starts_with("http://10.5.50.1/login?username="),
            "{login}"
        );
        let sent = query(&login);
        assert_eq!(sent["username"], code);
        assert_eq!(
            sent["password"].len(),
            32,
            "the answer to the router's challenge, not the code"
        );
        assert!(paid.text.contains("<svg class=\"qr\""));

        // The router lets the device in and sends the browser back to us.
        let back = sent["dst"]
            .strip_prefix("https://wifi.example")
            .expect("our page");
        let online = get(&world.web, back).await;
        assert_eq!(online.refresh(), None, "no second login");
        assert_eq!(online.value("data-ticket-code").unwrap(), code);
        assert_eq!(
            online.link("Start browsing"),
            "http://example.org/news?a=1&b=2"
        );

        let receipt = get(&world.web, &online.link("Receipt")).await;
        for words in [
            "SGH7KL2M9P",
            "KES\u{a0}20",
            "1 hour",
            "20 November 2026, 15:42:07",
        ] {
            assert!(receipt.text.contains(words), "{words}");
        }
        assert!(!receipt.text.contains("345 678"));
    }
}

#[tokio::test]
async fn bought_away_from_the_hotspot_the_code_waits() {
    for world in worlds().await {
        let first = get(&world.web, "/p/mama-njeri").await;
        let plan = world.plans[1].id.to_string();
        let fields = [("plan", plan.as_str()), ("phone", "+254 712 345 678")];
        let asked = post(&world.web, &first.form_with("id=\"phone\""), &fields).await;
        let address = asked.location().to_owned();
        world.gateway.decide(bando_gateways::Verdict::PAID);
        world.wait(11);
        world.work().await;
        let paid = get(&world.web, &address).await;
        assert_eq!(paid.refresh(), None);
        assert!(
            paid.text.contains("type this code or scan the QR code"),
            "{}",
            paid.text
        );
        assert!(paid.text.contains("Works on 2 devices at a time"));
    }
}

#[tokio::test]
async fn the_page_shows_how_far_it_is() {
    for world in worlds().await {
        world.gateway.answer(bando_gateways::Start::Unknown {
            why: "time-out".into(),
        });
        let address = buy(&world, PHONE).await;
        let asking = get(&world.web, &address).await;
        assert!(asking.text.contains("Sending the request to your phone"));
        world.wait(21);
        let checking = get(&world.web, &address).await;
        assert!(
            checking.text.contains("you will not be charged twice"),
            "{}",
            checking.text
        );
        assert!(
            !checking.text.contains("Try again"),
            "no second prompt while the first may be paid"
        );

        let state = get(&world.web, &checking.value("data-state").unwrap()).await;
        assert_eq!(state.text, r#"{"state":"checking","seconds_left":54}"#);
        assert_eq!(state.header("cache-control"), "no-store");
        // A callback may still tell of it, and brings the gateway's reference along.
        world.pay("SGH7KL2M9P").await;
        let state = get(&world.web, &checking.value("data-state").unwrap()).await;
        assert_eq!(state.text, r#"{"state":"done","seconds_left":54}"#);
    }
}

#[tokio::test]
async fn a_stream_tells_each_change_and_ends() {
    for world in worlds().await {
        let address = buy(&world, PHONE).await;
        let waiting = get(&world.web, &address).await;
        let events = waiting.value("data-events").unwrap();
        let mut stream = open(&world.web, &events).await;
        let first = stream.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(
            &first[..],
            b"data: {\"state\":\"prompt-sent\",\"seconds_left\":75}\n\n"
        );
        world.pay("SGH7KL2M9P").await;
        let rest = tokio::time::timeout(Duration::from_secs(20), stream.collect()).await;
        let rest = rest.expect("it ends with the payment").unwrap().to_bytes();
        assert_eq!(
            &rest[..],
            b"data: {\"state\":\"done\",\"seconds_left\":75}\n\n"
        );
        // One that is over says so and ends at once.
        let again = get(&world.web, &waiting.value("data-events").unwrap()).await;
        assert_eq!(again.header("content-type"), "text/event-stream");
        assert_eq!(again.text.matches("data:").count(), 1);
    }
}

#[tokio::test]
async fn a_form_sent_twice_asks_once() {
    for world in worlds().await {
        let first = buy(&world, PHONE).await;
        let second = buy(&world, PHONE).await;
        assert_eq!(first, second, "both lead to the one payment");
        assert_eq!(world.charges(), 1);

        // Another device with the same number is told nothing of it.
        let plan = world.plans[0].id.to_string();
        let fields = [("plan", plan.as_str()), ("phone", "0712345678")];
        let address = format!("/p/mama-njeri/pay?{}", world.query(super::LAPTOP));
        let other = post(&world.web, &address, &fields).await;
        assert_eq!(other.status, StatusCode::CONFLICT);
        assert!(other.text.contains("Another M-Pesa request is still open"));
        assert!(!other.text.contains(first.split('?').next().unwrap()));
        assert!(
            other.text.contains("value=\"0712345678\""),
            "what was typed stays"
        );
        assert_eq!(world.charges(), 1);
    }
}

#[tokio::test]
async fn a_lost_browser_finds_its_payment_again() {
    for world in worlds().await {
        let address = buy(&world, PHONE).await;
        let first = get(&world.web, &format!("/p/mama-njeri?{}", world.query(PHONE))).await;
        assert!(first.text.contains("Your payment is waiting"));
        assert_eq!(query(&first.link("See it"))["mac"], PHONE);
        assert_eq!(
            first.link("See it").split('?').next(),
            address.split('?').next()
        );
        // Only behind the router: an address alone tells nobody about a device.
        for elsewhere in [
            format!("/p/mama-njeri?mac={PHONE}"),
            "/p/mama-njeri".to_owned(),
        ] {
            let page = get(&world.web, &elsewhere).await;
            assert!(!page.text.contains("/pay/"), "{elsewhere}");
        }
    }
}

#[tokio::test]
async fn the_same_as_last_time_is_one_tap() {
    for world in worlds().await {
        buy(&world, PHONE).await;
        world.pay("SGH7KL2M9P").await;
        world.wait(200);
        let plans = get(
            &world.web,
            &format!("/p/mama-njeri?plans=1&{}", world.query(PHONE)),
        )
        .await;
        assert!(plans.text.contains("Same as last time") && plans.text.contains("0712 ••• 678"));
        let asked = post(
            &world.web,
            &plans.form_with("name=\"again\""),
            &[("again", "1")],
        )
        .await;
        assert!(asked.location().starts_with("/p/mama-njeri/pay/"));
        let charges = world.gateway.charges.lock().unwrap();
        assert_eq!(charges.len(), 2);
        assert_eq!(charges[1].phone.digits(), "254712345678");
        assert_eq!(charges[1].amount, world.plans[0].price);
    }
}

#[tokio::test]
async fn who_has_paid_is_found_by_the_sms() {
    for world in worlds().await {
        let address = buy(&world, PHONE).await;
        let form = get(&world.web, "/p/mama-njeri/paid").await;
        let action = form.form_with("name=\"message\"");
        let sms = "SGH7KL2M9P Confirmed. Ksh20.00 sent to MAMA NJERI WI-FI on 20/11/26 at 3:42 PM.";
        let early = post(&world.web, &action, &[("message", sms)]).await;
        assert_eq!(early.status, StatusCode::OK);
        assert!(early.text.contains("Your case has the number 1001"));
        assert!(early.text.contains("within 24 hours"));
        assert!(early.text.contains("Ksh20.00 sent to"), "the message stays");

        // From the device that is known to have a payment under way, the gateway is asked at once.
        let device = format!("/p/mama-njeri/paid?{}", world.query(PHONE));
        let asking = post(&world.web, &device, &[("message", "I paid")]).await;
        assert_eq!(
            asking.location().split('?').next(),
            address.split('?').next()
        );

        world.pay("SGH7KL2M9P").await;
        let found = post(&world.web, &action, &[("message", sms)]).await;
        assert_eq!(
            found.location().split('?').next(),
            address.split('?').next()
        );
        let nothing = post(&world.web, &action, &[("message", "  ")]).await;
        assert!(
            nothing
                .text
                .contains("Paste the message or type the code first.")
        );
        for _ in 0..3 {
            post(&world.web, &action, &[("message", "hello")]).await;
        }
        let many = post(&world.web, &action, &[("message", sms)]).await;
        assert_eq!(many.status, StatusCode::TOO_MANY_REQUESTS);
    }
}
