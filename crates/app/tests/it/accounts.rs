//! Signing in, staying signed in, and being thrown out.

use std::time::Duration;

use bando_app::testing::Shop;
use bando_app::{Error, Invalid, SIGN_IN_LIFETIME};
use bando_domain::{Language, Secret};
use tokio::task::JoinSet;

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

fn is_out<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::SignedOut))
}

#[tokio::test]
async fn signing_in_and_out() {
    for shop in Shop::open_all(700).await {
        let app = &shop.app;
        let right = secret("correct horse battery");
        let signed_in = app
            .check_password(" Mama-Njeri ", &right, "192.0.2.1")
            .await
            .unwrap();
        let caller = signed_in.caller(None).unwrap();
        assert_eq!(
            (caller.account, caller.provider),
            (shop.owner.account, shop.provider())
        );
        assert!(is_out(
            &app.check_password("mama-njeri", &secret("wrong"), "192.0.2.2")
                .await
        ));
        assert!(is_out(
            &app.check_password("nobody", &right, "192.0.2.3").await
        ));

        let token = app
            .begin_sign_in(caller.account, "Firefox\u{0}")
            .await
            .unwrap();
        assert!(app.by_sign_in(&token).await.is_ok());
        assert!(is_out(&app.by_sign_in(&secret("forged")).await));
        shop.clock
            .advance(SIGN_IN_LIFETIME - Duration::from_millis(1));
        assert!(app.by_sign_in(&token).await.is_ok());
        shop.clock.advance(Duration::from_millis(1));
        assert!(is_out(&app.by_sign_in(&token).await));

        let token = app.begin_sign_in(caller.account, "Firefox").await.unwrap();
        app.end_sign_in(&token).await.unwrap();
        assert!(is_out(&app.by_sign_in(&token).await));

        // A new password ends everything.
        let token = app.begin_sign_in(caller.account, "Firefox").await.unwrap();
        let refresh = app.begin_refresh(caller.account).await.unwrap();
        app.reset_password("mama-njeri", &secret("another long one"))
            .await
            .unwrap();
        assert!(is_out(&app.by_sign_in(&token).await));
        assert!(is_out(&app.refresh(&refresh).await));
        assert!(is_out(
            &app.check_password("mama-njeri", &right, "192.0.2.9").await
        ));
        shop.check().await;
    }
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    for shop in Shop::open_all(701).await {
        let guess = async |source: String| {
            shop.app
                .check_password("mama-njeri", &secret("wrong"), &source)
                .await
        };
        for i in 0..10 {
            assert!(is_out(&guess(format!("192.0.2.{i}")).await));
        }
        let right = secret("correct horse battery");
        let refused = shop
            .app
            .check_password("mama-njeri", &right, "192.0.2.99")
            .await;
        assert!(matches!(refused, Err(Error::TooMany { .. })), "{refused:?}");
        shop.clock.advance(Duration::from_secs(90));
        assert!(
            shop.app
                .check_password("mama-njeri", &right, "192.0.2.99")
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn weak_passwords_and_taken_names() {
    for shop in Shop::open_all(702).await {
        let make = async |name: &str, password: &str| {
            shop.app
                .create_account(name, &secret(password), "X", Language::En, false)
                .await
        };
        for (name, password) in [
            ("ab", "long enough 1"),
            ("a b c", "long enough 1"),
            ("abc", "short"),
        ] {
            assert!(
                matches!(make(name, password).await, Err(Error::Invalid(_))),
                "{name}"
            );
        }
        let taken = make("MAMA-njeri", "long enough 1").await;
        assert!(
            matches!(taken, Err(Error::Invalid(Invalid::Taken(_)))),
            "{taken:?}"
        );
        let taken = shop
            .app
            .create_provider("mama-njeri", "X", bando_domain::Country::Ke)
            .await;
        assert!(
            matches!(taken, Err(Error::Invalid(Invalid::Taken(_)))),
            "{taken:?}"
        );
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_stolen_one_ends_them_all() {
    for shop in Shop::open_all(703).await {
        let app = &shop.app;
        let first = app.begin_refresh(shop.owner.account).await.unwrap();
        let (_, second) = app.refresh(&first).await.unwrap();
        let (_, third) = app.refresh(&second).await.unwrap();
        assert!(is_out(&app.refresh(&first).await), "used before");
        assert!(is_out(&app.refresh(&third).await), "its family is revoked");
        let other = app.begin_refresh(shop.owner.account).await.unwrap();
        shop.clock.advance(Duration::from_secs(30 * 86_400));
        assert!(is_out(&app.refresh(&other).await), "too old");
        let ended = app.begin_refresh(shop.owner.account).await.unwrap();
        app.end_refresh(&ended).await.unwrap();
        assert!(is_out(&app.refresh(&ended).await));
    }
}

#[tokio::test]
async fn fifty_uses_at_once_leave_at_most_one() {
    for shop in Shop::open_all(704).await {
        let token = shop.app.begin_refresh(shop.owner.account).await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let (app, token) = (shop.app.clone(), token.clone());
            tasks.spawn(async move { app.refresh(&token).await.ok().map(|(_, next)| next) });
        }
        let next: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert!(next.len() <= 1, "{} successors", next.len());
        let sql =
            "SELECT COUNT(*) FROM refresh_tokens WHERE used_at IS NULL AND revoked_at IS NULL";
        let live = shop.test.raw(sql).await.unwrap();
        assert!(matches!(live[0][0].as_deref(), Some("0" | "1")));
    }
}
