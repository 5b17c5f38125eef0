//! The accounts of a provider with its gateways, and who is offered what.

use bando_app::testing::{ScriptedGateway, Shop};
use bando_app::{Asks, Error, GatewayAccount, Invalid, PaymentPage, Role};
use bando_domain::{PaymentStatus, Secret};
use bando_gateways::{Notification, Outcome, Paid, Start, Verdict};

const PHONE: &str = "0712 345 678";

fn account(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> GatewayAccount {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    GatewayAccount {
        settings: settings.iter().map(own).collect(),
        secrets: secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect(),
    }
}

async fn page(shop: &Shop, payment: &bando_app::Payment) -> PaymentPage {
    let token = shop.app.payment_token(shop.provider(), payment.id);
    shop.app.payment_page(&token).await.unwrap()
}

#[tokio::test]
async fn secrets_are_kept_when_left_empty_and_never_shown() {
    for shop in Shop::open_all(960).await {
        let app = &shop.app;
        let new = [("environment", "sandbox"), ("shortcode", "600999")];
        let given = account(&new, &[("consumer_key", ""), ("passkey", " fresh ")]);
        app.save_gateway(&shop.owner, "mpesa", given, true)
            .await
            .unwrap();
        let state = app.gateway_account(&shop.owner, "mpesa").await.unwrap();
        assert!(state.saved && state.enabled);
        assert_eq!(
            state.settings.get("shortcode").map(String::as_str),
            Some("600999")
        );
        assert_eq!(
            state.saved_secrets,
            ["consumer_key", "consumer_secret", "passkey"]
        );
        let shown = format!("{:?}", state.settings);
        for secret in ["consumer-key", "fresh", "passkey"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let stray = account(
            &[("environment", "sandbox"), ("nonsense", "x")],
            &[("stray", "y")],
        );
        app.save_gateway(&shop.owner, "mpesa", stray, true)
            .await
            .unwrap();
        let state = app.gateway_account(&shop.owner, "mpesa").await.unwrap();
        assert!(!state.settings.contains_key("nonsense"));
        assert!(
            !state.settings.contains_key("shortcode"),
            "what is emptied is gone"
        );
        assert!(!state.saved_secrets.contains(&"stray".to_owned()));
        let elsewhere = account(&[("environment", "http://127.0.0.1:1")], &[]);
        let refused = app
            .save_gateway(&shop.owner, "mpesa", elsewhere, true)
            .await;
        assert!(matches!(
            refused,
            Err(Error::Invalid(Invalid::Field {
                field: "environment",
                ..
            }))
        ));
        let unknown = app
            .save_gateway(&shop.owner, "paypal", account(&[], &[]), true)
            .await;
        assert!(matches!(unknown, Err(Error::NotFound("gateway"))));
        shop.check().await;
    }
}

#[tokio::test]
async fn where_the_money_goes_only_the_owner_changes() {
    for shop in Shop::open_all(961).await {
        for role in [Role::Support, Role::Cashier, Role::Manager] {
            let member = shop.hire(role.name(), role).await.unwrap();
            let saved = shop
                .app
                .save_gateway(&member, "link", account(&[], &[]), true)
                .await;
            assert!(matches!(saved, Err(Error::Forbidden)), "{role:?}");
            let tested = shop.app.test_gateway(&member, "mpesa").await;
            assert!(matches!(tested, Err(Error::Forbidden)), "{role:?}");
        }
        shop.check().await;
    }
}

#[tokio::test]
async fn customers_are_offered_what_is_switched_on_here_and_nowhere_else() {
    for shop in Shop::open_all(962).await {
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let offered = async |provider| {
            let offers = shop.app.offers(provider).await.unwrap();
            offers
                .into_iter()
                .map(|o| (o.gateway, o.asks))
                .collect::<Vec<_>>()
        };
        let (push, link, page) = (
            ("mpesa", Asks::Push),
            ("link", Asks::Link),
            ("page", Asks::Redirect),
        );
        assert_eq!(offered(shop.provider()).await, [push]);
        shop.open_link(&[]).await.unwrap();
        shop.open_page().await.unwrap();
        assert_eq!(offered(shop.provider()).await, [push, link, page]);
        assert_eq!(offered(neighbour.provider).await, [push]);
        let theirs = shop.app.gateway_account(&neighbour, "link").await.unwrap();
        let ours = shop.app.gateway_account(&shop.owner, "link").await.unwrap();
        assert!(!theirs.saved && ours.saved);
        assert_ne!(theirs.message_url, ours.message_url);
        let off = account(&[("environment", "sandbox")], &[]);
        shop.app
            .save_gateway(&shop.owner, "mpesa", off, false)
            .await
            .unwrap();
        assert_eq!(offered(shop.provider()).await, [link, page]);
        let begun = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        assert_eq!(begun.gateway, "link", "the first that there is");
        let mut wish = shop.wish("0712 345 679");
        wish.gateway = Some("mpesa".into());
        assert!(matches!(
            shop.app.start_payment(wish).await,
            Err(Error::NoGateway)
        ));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_payer_who_is_sent_to_a_page_pays_there_and_its_signed_word_settles() {
    for shop in Shop::open_all(963).await {
        shop.open_page().await.unwrap();
        let mut wish = shop.wish(PHONE);
        wish.gateway = Some("page".into());
        let payment = shop.app.start_payment(wish.clone()).await.unwrap();
        let address = payment.redirect_url.clone().unwrap();
        assert!(address.starts_with("https://wallet.example/"));
        assert_eq!(
            page(&shop, &payment).await.payment.redirect_url,
            Some(address)
        );
        let again = shop.app.start_payment(wish).await.unwrap();
        assert_ne!(
            again.id, payment.id,
            "a page holds no phone: a second try is possible"
        );
        let word = |n, amount| Notification::Payment {
            reference: ScriptedGateway::reference(n),
            outcome: Outcome::Paid(Paid {
                receipt: Some(format!("PG000{n}")),
                amount: Some(amount),
                fee: Some(bando_domain::Money::from_minor(
                    20,
                    shop.plan.price.currency(),
                )),
                ..Paid::default()
            }),
        };
        let said = shop.page.mean("paid 1", word(1, payment.amount));
        for signature in [None, Some("bad")] {
            let forged = shop.message("page", signature, said).await.unwrap();
            assert_eq!(forged, bando_app::Taken::Forged);
        }
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        for _ in 0..3 {
            shop.message("page", Some("good"), said).await.unwrap();
        }
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(
            (paid.receipt.as_deref(), paid.fee.minor()),
            (Some("PG0001"), 20)
        );
        assert!(shop.page.queries().is_empty(), "a signature is proof");
        let balances = shop.app.balances(&shop.owner).await.unwrap();
        let of = |name: &str| {
            balances
                .iter()
                .find(|b| b.account == name)
                .map(|b| b.amount.minor())
        };
        assert_eq!(of("gateway:page"), Some(1980));
        assert_eq!(of("fees:page"), Some(20));
        assert_eq!(of("revenue"), Some(-2000));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_page_whose_address_was_lost_is_asked_about_and_not_made_twice() {
    for shop in Shop::open_all(964).await {
        shop.open_page().await.unwrap();
        shop.page.answer_start(Start::Unknown {
            why: "timed out".into(),
        });
        let mut wish = shop.wish(PHONE);
        wish.gateway = Some("page".into());
        let payment = shop.app.start_payment(wish).await.unwrap();
        assert_eq!(
            (payment.status, &payment.redirect_url),
            (PaymentStatus::Pending, &None)
        );
        // Its signed word comes by our own name for it.
        let mut reference = ScriptedGateway::reference(1);
        reference.merchant_request_id = payment.id.to_string();
        let checkout = reference.checkout_request_id.clone();
        let said = shop.page.mean(
            "paid",
            Notification::Payment {
                reference,
                outcome: Outcome::Paid(Paid {
                    amount: Some(payment.amount),
                    ..Paid::default()
                }),
            },
        );
        shop.message("page", Some("good"), said).await.unwrap();
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.checkout_request_id, Some(checkout));
        assert_eq!(shop.page.charges().len(), 1);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_test_asks_the_gateway_and_is_remembered() {
    for shop in Shop::open_all(965).await {
        let untried = shop.app.test_gateway(&shop.owner, "link").await;
        assert!(matches!(untried, Err(Error::NoGateway)));
        let report = shop.app.test_gateway(&shop.owner, "mpesa").await.unwrap();
        assert!(report.passed());
        let state = shop
            .app
            .gateway_account(&shop.owner, "mpesa")
            .await
            .unwrap();
        assert_eq!(state.tested, Some((shop.app.now(), "ok".to_owned())));
        let payment = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        shop.gateway.answer_query("ws_CO_1", [Verdict::PAID]);
        shop.app.ask_again(&shop.owner, payment.id).await.unwrap();
        shop.work().await;
        assert!(shop.payment(&payment).await.status.was_paid());
        shop.check().await;
    }
}
