//! Paying otherwise than by a prompt: chosen on the first page, on a gateway's own page, by a link that
//! the owner confirms, by hand.

use axum::body::Body;
use bando_domain::{Currency, Money, PaymentFailure, Phone};
use bando_gateways::{Movement, MovementKind, Verdict};
use http::{Request, StatusCode};

use super::PHONE;
use super::browser::{Seen, get, post, post_as, send};
use super::world::{World, refused, worlds};

/// Android's window for networks that want a login.
const SMALL_WINDOW: &str = "Mozilla/5.0 (Linux; Android 13; TECNO BG6 Build/TP1A; wv) AppleWebKit/537.36 \
    (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36";

async fn get_in_small_window(world: &World, address: &str) -> Seen {
    let request = Request::get(address).header("user-agent", SMALL_WINDOW);
    send(&world.web, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn one_way_to_pay_is_not_asked_for() {
    for world in worlds().await {
        let page = get(&world.web, "/p/mama-njeri").await;
        assert!(!page.text.contains("name=\"gateway\""));
        assert!(page.text.contains("Phone number for M-Pesa"));
        world.take_pesapal().await;
        let page = get(&world.web, "/p/mama-njeri").await;
        assert_eq!(page.text.matches("name=\"gateway\"").count(), 2);
        assert!(page.text.contains("id=\"g1\" value=\"mpesa\" checked"));
        assert!(page.text.contains("Phone number that pays"));
        assert!(page.text.len() <= 14 * 1024, "{} bytes", page.text.len());
        assert_eq!(page.text.matches("<button").count(), 1);
        // What was chosen stays chosen when something else is wrong.
        let plan = world.plans[0].id.to_string();
        let fields = [
            ("plan", plan.as_str()),
            ("phone", "12"),
            ("gateway", "pesapal"),
        ];
        let again = post(&world.web, "/p/mama-njeri/pay", &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text.contains("value=\"pesapal\" checked"));
        let fields = [
            ("plan", plan.as_str()),
            ("phone", "0712345678"),
            ("gateway", "wave"),
        ];
        let nobody = post(&world.web, "/p/mama-njeri/pay", &fields).await;
        assert_eq!(nobody.status, StatusCode::CONFLICT);
        assert!(nobody.text.contains("cannot take payments this way"));
    }
}

#[tokio::test]
async fn a_page_of_the_gateway_opens_by_itself_once() {
    for world in worlds().await {
        world.take_pesapal().await;
        let plan = world.plans[0].id.to_string();
        let form = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
        let fields = [
            ("plan", plan.as_str()),
            ("phone", "0712345678"),
            ("gateway", "pesapal"),
        ];
        let asked = post(&world.web, &form, &fields).await;
        let address = asked.location().to_owned();
        let going = get(&world.web, &address).await;
        let there = "https://pay.example/1?a=1&b=2".to_owned();
        assert_eq!(going.refresh(), Some((0, there.clone())));
        assert_eq!(going.link("Open Pesapal"), there);
        // Sent twice, it is one payment.
        let twice = post(&world.web, &form, &fields).await;
        assert_eq!(twice.location(), address.replace("&go=1", ""));
        assert_eq!(world.pesapal.charges.lock().unwrap().len(), 1);
        // In the window that a phone opens by itself the customer decides.
        let small = get_in_small_window(&world, &address).await;
        assert_eq!(small.refresh(), None);
        assert!(small.text.contains("Press and hold the button"));
        // Who comes back stays.
        let charge = world.pesapal.charges.lock().unwrap()[0].clone();
        let back = charge
            .return_url
            .strip_prefix("https://wifi.example")
            .unwrap();
        let waiting = get(&world.web, back).await;
        assert_eq!(waiting.refresh(), None);
        let state = get(&world.web, &waiting.value("data-state").unwrap()).await;
        assert!(
            state.text.starts_with(r#"{"state":"outside""#),
            "{}",
            state.text
        );
        world.pesapal.decide(Verdict::PAID);
        world.wait(11);
        world.work().await;
        let paid = get(&world.web, back).await;
        assert!(paid.value("data-ticket-code").is_some());
        let receipt = get(&world.web, &paid.link("Receipt")).await;
        assert!(receipt.text.contains("Pesapal"));
    }
}

#[tokio::test]
async fn a_link_is_confirmed_by_the_owner_and_shows_nothing_before() {
    for world in worlds().await {
        let (owner, plan) = world.abidjan().await;
        let plan = plan.id.to_string();
        let pay = async |phone: &str| {
            let fields = [("plan", plan.as_str()), ("phone", phone)];
            let asked = post(&world.web, "/p/cocody/pay", &fields).await;
            let path = asked.location().split('?').next().unwrap().to_owned();
            format!("{path}?lang=en")
        };
        let first = pay("0700000001").await;
        world.wait(1);
        let address = pay("0700000002").await;
        let page = get(&world.web, &address).await;
        assert_eq!(page.refresh(), None, "the amount is read first");
        assert!(page.text.contains("Pay exactly this amount"));
        assert!(
            page.text.contains("<code>199\u{a0}FCFA</code>"),
            "{}",
            page.text
        );
        assert_eq!(
            page.link("Open Wave"),
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/?amount=199"
        );
        assert!(
            page.text
                .contains("Cocody Wi-Fi looks whether your money has come")
        );
        for hidden in ["data-ticket-code", "<svg class=\"qr\"", "MAC"] {
            assert!(!page.text.contains(hidden), "{hidden}");
        }
        let say = page.form_with("name=\"transaction\"");
        let odd = post(&world.web, &say, &[("transaction", "paid!")]).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(odd.text.contains("It looks like T_46HS5COOWE"));
        let told = post(&world.web, &say, &[("transaction", "T_46HS5COOWE")]).await;
        let told = get(&world.web, told.location()).await;
        assert!(told.text.contains("has been told and looks for your money"));
        let nothing = post(&world.web, &say, &[]).await;
        assert_eq!(nothing.status, StatusCode::SEE_OTHER);

        let waiting = world.app.confirmations(&owner).await.unwrap().rows;
        assert_eq!(waiting.len(), 2);
        assert_eq!(waiting[0].claimed.as_deref(), Some("T_46HS5COOWE"));
        world
            .app
            .confirm_payment(&owner, waiting[0].payment.id, None)
            .await
            .unwrap();
        let paid = get(&world.web, &address).await;
        assert!(paid.text.contains("<svg class=\"qr\""));
        let mac = waiting[0].payment.identity_mac.unwrap().to_string();
        assert!(paid.text.contains(&mac) && paid.text.contains("Address (MAC)"));
        assert!(paid.value("data-ticket-code").is_some());
        // The other one still waits, and is rejected.
        world
            .app
            .reject_payment(&owner, waiting[1].payment.id)
            .await
            .unwrap();
        let refused = get(&world.web, &first).await;
        assert!(
            refused
                .text
                .contains("The owner has not received this payment")
        );
        assert!(refused.value("data-ticket-code").is_none());
    }
}

#[tokio::test]
async fn who_cannot_be_prompted_pays_by_hand() {
    for world in worlds().await {
        world.hear_of_money_by_hand().await;
        world.gateway.answer(refused(PaymentFailure::NoAnswer));
        let plan = world.plans[0].id.to_string();
        let form = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
        let fields = [("plan", plan.as_str()), ("phone", "0712345678")];
        let failed = post(&world.web, &form, &fields).await;
        let failed = get(&world.web, failed.location()).await;
        let again = failed.form_with("name=\"by_hand\"");
        let asked = post(&world.web, &again, &[("by_hand", "1")]).await;
        let page = get(&world.web, asked.location()).await;
        assert_eq!(world.charges(), 1, "nobody was prompted");
        assert!(
            page.text.contains("Lipa na M-Pesa, Pay Bill"),
            "{}",
            page.text
        );
        let numbers: Vec<&str> = page
            .text
            .split("data-copied=\"Copied\">")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap())
            .collect();
        let [paybill, account, amount] = numbers[..] else {
            panic!("{numbers:?}");
        };
        assert_eq!((paybill, amount), ("174379", "20"));
        assert!(account.starts_with("MAMANJE"), "{account}");
        // Asked for twice, it is one payment.
        let twice = post(&world.web, &again, &[("by_hand", "1")]).await;
        assert_eq!(twice.location(), asked.location());

        let state = world
            .app
            .gateway_account(&world.owner, "mpesa")
            .await
            .unwrap();
        let hook = state
            .message_url
            .strip_prefix("https://wifi.example")
            .unwrap();
        let body = confirmation("RKL51ZDR4F", "20.00", paybill, &account.to_lowercase());
        post_as(&world.web, hook, "application/json", body).await;
        world.gateway.find_only(Movement {
            kind: MovementKind::Payment,
            receipt: "RKL51ZDR4F".into(),
            amount: Money::from_minor(2000, Currency::Kes),
            fee: None,
            at: None,
            phone: Phone::from_international("254712345678"),
            payer: None,
            reference: Some(account.into()),
            account: Some(paybill.into()),
            checkout_request_id: None,
        });
        world.work().await;
        world.wait(60);
        world.work().await;
        let paid = get(&world.web, asked.location()).await;
        assert!(paid.value("data-ticket-code").is_some(), "{}", paid.text);
    }
}

#[tokio::test]
async fn by_hand_is_offered_only_where_the_money_is_heard_of() {
    for world in worlds().await {
        world.gateway.answer(refused(PaymentFailure::NoAnswer));
        let plan = world.plans[0].id.to_string();
        let fields = [("plan", plan.as_str()), ("phone", "0712345678")];
        let failed = post(&world.web, "/p/mama-njeri/pay", &fields).await;
        let page = get(&world.web, failed.location()).await;
        assert!(!page.text.contains("Pay by hand"));
        let again = failed.location().replacen('?', "/again?", 1);
        let refused = post(&world.web, &again, &[("by_hand", "1")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text.contains("cannot take payments this way"));
    }
}

/// A confirmation of money paid by hand, as Daraja writes it.
pub(crate) fn confirmation(receipt: &str, amount: &str, shortcode: &str, account: &str) -> String {
    format!(
        r#"{{"TransactionType":"Pay Bill","TransID":"{receipt}","TransTime":"20261120154207",
        "TransAmount":"{amount}","BusinessShortCode":"{shortcode}","BillRefNumber":"{account}",
        "InvoiceNumber":"","OrgAccountBalance":"","ThirdPartyTransID":"","MSISDN":"2547 ***** 678",
        "FirstName":"NICHOLAS","MiddleName":"","LastName":""}}"#
    )
}
