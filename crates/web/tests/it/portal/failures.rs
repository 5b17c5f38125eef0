//! When it does not work: what the customer reads, and the one thing to do.

use bando_app::ProviderStatus;
use bando_domain::{Clock, Country, PaymentFailure};
use bando_web::i18n::{Lang, PaymentProblem};
use http::StatusCode;

use super::PHONE;
use super::browser::{get, post};
use super::world::{refused, worlds};

#[tokio::test]
async fn every_failure_is_one_sentence_in_every_language() {
    for world in worlds().await {
        for (i, failure) in PaymentFailure::ALL.into_iter().enumerate() {
            world.gateway.answer(refused(failure));
            world.wait(120);
            let plan = world.plans[0].id.to_string();
            let phone = format!("07123456{i:02}");
            let fields = [("plan", plan.as_str()), ("phone", phone.as_str())];
            let asked = post(&world.web, "/p/mama-njeri/pay", &fields).await;
            let path = asked.location().split('?').next().unwrap().to_owned();
            for lang in Lang::ALL {
                let page = get(&world.web, &format!("{path}?lang={}", lang.code())).await;
                let problem = PaymentProblem::from(failure);
                assert_eq!(page.status, StatusCode::OK);
                assert!(
                    page.text.contains(problem.text(lang)),
                    "{failure} {}",
                    lang.code()
                );
                assert!(
                    page.text
                        .contains(&format!("<html lang=\"{}\">", lang.code()))
                );
            }
        }
    }
}

#[tokio::test]
async fn trying_again_asks_the_same_phone_once_more() {
    for world in worlds().await {
        world.gateway.answer(refused(PaymentFailure::WrongPin));
        let plan = world.plans[0].id.to_string();
        let address = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
        let asked = post(
            &world.web,
            &address,
            &[("plan", &plan), ("phone", "0712345678")],
        )
        .await;
        let failed = get(&world.web, asked.location()).await;
        let again = failed.form_with("Try again");
        world.wait(1);
        let second = post(&world.web, &again, &[]).await;
        assert_ne!(second.location(), asked.location());
        assert_eq!(world.charges(), 2);
        // Sent twice, or to a payment that is under way: no third prompt.
        assert_eq!(
            post(&world.web, &again, &[]).await.location(),
            second.location()
        );
        let pending = second.location().replacen('?', "/again?", 1);
        assert_eq!(
            post(&world.web, &pending, &[]).await.location(),
            second.location()
        );
        assert_eq!(world.charges(), 2);
    }
}

#[tokio::test]
async fn what_was_typed_stays_and_the_mistake_is_named() {
    for world in worlds().await {
        let day = world.plans[1].id.to_string();
        let unknown = "0193a3f0-0000-7000-8000-000000000000";
        let cases = [
            (day.as_str(), "", "Type the phone number that pays."),
            (
                day.as_str(),
                "0812 34",
                "This is not a phone number we can ask. Write it like 0712",
            ),
            (
                day.as_str(),
                "call me",
                "This is not a phone number we can ask.",
            ),
            ("", "0712345678", "Choose a plan first."),
            ("<script>", "0712345678", "Choose a plan first."),
            (unknown, "0712345678", "This plan is no longer sold."),
        ];
        for (plan, phone, words) in cases {
            let address = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
            let page = post(&world.web, &address, &[("plan", plan), ("phone", phone)]).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
            assert!(page.text.contains(words), "{words}: {}", page.text);
            assert!(page.text.contains(&format!("value=\"{phone}\"")), "{words}");
            if plan == day {
                assert!(
                    page.text.contains(&format!("value=\"{day}\" checked")),
                    "{words}"
                );
            }
        }
        assert_eq!(world.charges(), 0);
    }
}

#[tokio::test]
async fn too_many_tries_wait() {
    for world in worlds().await {
        let plan = world.plans[0].id.to_string();
        let address = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
        let mut last = None;
        for i in 0..8 {
            let phone = format!("07223456{i:02}");
            last = Some(post(&world.web, &address, &[("plan", &plan), ("phone", &phone)]).await);
        }
        let last = last.unwrap();
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(last.text.contains("Too many tries"));
        assert!(last.header("retry-after").parse::<u64>().unwrap() > 0);
        assert_eq!(world.charges(), 6);
    }
}

#[tokio::test]
async fn a_suspended_business_sells_nothing() {
    for world in worlds().await {
        let mut provider = world
            .app
            .create_provider("template", "Closed", Country::Ke)
            .await
            .unwrap();
        provider.id = bando_domain::ProviderId::new(&*world.clock, &*world.entropy);
        provider.slug = "closed".parse().unwrap();
        provider.status = ProviderStatus::Suspended;
        provider.created_at = world.clock.now();
        let mut tx = world.test.store.system().await.unwrap();
        tx.insert_provider(&provider).await.unwrap();
        tx.commit().await.unwrap();
        let page = get(&world.web, "/p/closed?lang=fr").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text.contains("Ce Wi-Fi est fermé pour le moment"));
        let plan = world.plans[0].id.to_string();
        let bought = post(
            &world.web,
            "/p/closed/pay",
            &[("plan", &plan), ("phone", "0712345678")],
        )
        .await;
        assert_eq!(bought.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_business_without_m_pesa_says_so() {
    for world in worlds().await {
        let rival = world.rival().await;
        let page = get(&world.web, "/p/rival").await;
        assert!(page.text.contains("Nothing is for sale right now"));
        let owner = bando_app::Caller {
            provider: rival.id,
            ..world.owner.clone()
        };
        let draft = bando_app::PlanDraft {
            name: "1 hour".into(),
            price: "20".into(),
            terms: world.plans[0].terms,
            window: None,
            on_sale: true,
            position: 0,
        };
        let plan = world.app.save_plan(&owner, None, draft).await.unwrap();
        // A change is seen at once.
        assert!(
            get(&world.web, "/p/rival")
                .await
                .text
                .contains("KES\u{a0}20")
        );
        let fields = [
            ("plan", plan.id.to_string()),
            ("phone", "0712345678".into()),
        ];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let bought = post(&world.web, "/p/rival/pay", &fields).await;
        assert_eq!(bought.status, StatusCode::CONFLICT);
        assert!(bought.text.contains("cannot take payments this way"));
        // Nor is a plan of one business sold by another.
        let other = [("plan", fields[0].1), ("phone", "0712345678")];
        let strange = post(&world.web, "/p/mama-njeri/pay", &other).await;
        assert!(strange.text.contains("no longer sold"));
    }
}

#[tokio::test]
async fn a_lost_database_is_our_fault_and_no_panic() {
    for world in worlds().await {
        world.app.close().await;
        for path in ["/p/mama-njeri", "/p/mama-njeri/help", "/"] {
            let page = get(&world.web, path).await;
            assert!(page.status.is_server_error(), "{path}: {}", page.status);
            assert!(
                page.text.contains("The fault is ours"),
                "{path}: {}",
                page.text
            );
        }
    }
}
