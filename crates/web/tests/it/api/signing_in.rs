//! Signing in: good and bad passwords, tokens, refreshing, stealing.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header;
use serde_json::{Value, json};
use sha2::Sha256;

use super::world::{PASSWORD, World, text, worlds};

fn refresh(pair: &Value) -> Value {
    json!({"refresh": pair["refresh"]})
}

#[tokio::test]
async fn signs_in_under_both_names_and_with_or_without_a_slash() {
    for world in worlds().await {
        for path in [
            "/api/auth/login/",
            "/api/auth/login",
            "/api/admin/login",
            "/api/admin/login/",
        ] {
            let body = json!({"username": " Owner@OURS ", "password": PASSWORD});
            let answer = world.post(path, body).await;
            answer.is(200);
            assert_eq!(answer.json["token_type"], "Bearer");
            assert_eq!(answer.json["expires_in"], 600);
            assert_eq!(answer.json["providers"][0]["role"], "owner");
            assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
            let access = text(&answer.json["access"]);
            world.get("/api/plans").token(&access).await.is(200);
        }
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_sound_the_same() {
    for world in worlds().await {
        let wrong = json!({"username": "owner@ours", "password": "wrong horse battery"});
        let unknown = json!({"username": "nobody", "password": PASSWORD});
        let wrong = world.post("/api/auth/login/", wrong).await;
        let unknown = world.post("/api/auth/login/", unknown).await;
        wrong.is_problem(401, "signed-out");
        assert_eq!(wrong.text, unknown.text);
        assert!(!wrong.text.contains("horse"));
    }
}

#[tokio::test]
async fn tries_are_limited_by_name_and_by_address() {
    for world in worlds().await {
        let body = |name: &str| json!({"username": name, "password": "wrong horse battery"});
        for n in 0..10 {
            let answer = world
                .post("/api/auth/login/", body("owner@ours"))
                .from(n)
                .await;
            answer.is_problem(401, "signed-out");
        }
        // The right password does not help any more, from wherever it comes.
        let right = json!({"username": "owner@ours", "password": PASSWORD});
        let answer = world.post("/api/auth/login/", right).from(99).await;
        answer.is_problem(429, "too-many");
        let wait: u64 = answer.header(header::RETRY_AFTER).parse().expect("seconds");
        assert!((1..=90).contains(&wait), "{wait}");
        assert_eq!(answer.json["retry_after"], wait);
        for n in 0..10 {
            let body = body(&format!("nobody{n}"));
            world.post("/api/auth/login/", body).from(50).await.is(401);
        }
        let answer = world.post("/api/auth/login/", body("x")).from(50).await;
        answer.is_problem(429, "too-many");
        world.clock.advance(Duration::from_secs(wait));
        world.sign_in("owner@ours").await;
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_second_use_revokes_the_family() {
    for world in worlds().await {
        let first = world.sign_in("owner@ours").await;
        let second = world.post("/api/auth/refresh/", refresh(&first)).await;
        second.is(200);
        assert_ne!(first["refresh"], second.json["refresh"]);
        assert_ne!(first["access"], second.json["access"]);
        let other = world.sign_in("owner@ours").await;

        let stolen = world.post("/api/auth/refresh/", refresh(&first)).await;
        stolen.is_problem(401, "signed-out");
        let heir = world
            .post("/api/auth/refresh/", refresh(&second.json))
            .await;
        heir.is_problem(401, "signed-out");
        // Another sign-in of the same person goes on.
        world
            .post("/api/auth/refresh/", refresh(&other))
            .await
            .is(200);
    }
}

#[tokio::test]
async fn of_many_uses_of_one_refresh_token_at_most_one_line_lives() {
    for world in worlds().await {
        let pair = world.sign_in("owner@ours").await;
        let uses = (0..50).map(|_| {
            world
                .post("/api/auth/refresh/", refresh(&pair))
                .into_future()
        });
        let answers = futures_util::future::join_all(uses).await;
        let won: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
        assert!(won.len() <= 1, "{} uses won", won.len());
        // The others have revoked it.
        for winner in won {
            let next = world
                .post("/api/auth/refresh/", refresh(&winner.json))
                .await;
            next.is_problem(401, "signed-out");
        }
    }
}

#[tokio::test]
async fn refresh_tokens_end() {
    for world in worlds().await {
        let pair = world.sign_in("owner@ours").await;
        world
            .post("/api/auth/logout/", refresh(&pair))
            .await
            .is(204);
        world.post("/api/auth/logout", refresh(&pair)).await.is(204);
        let answer = world.post("/api/auth/refresh/", refresh(&pair)).await;
        answer.is_problem(401, "signed-out");

        let pair = world.sign_in("owner@ours").await;
        world.clock.advance(Duration::from_secs(31 * 86_400));
        let answer = world.post("/api/auth/refresh/", refresh(&pair)).await;
        answer.is_problem(401, "signed-out");
        for odd in ["", "x", &"a".repeat(5000)] {
            let answer = world
                .post("/api/auth/refresh/", json!({"refresh": odd}))
                .await;
            answer.is_problem(401, "signed-out");
        }
        // Neither kind of token passes for the other.
        let pair = world.sign_in("owner@ours").await;
        let answer = world
            .post("/api/auth/refresh/", json!({"refresh": pair["access"]}))
            .await;
        answer.is_problem(401, "signed-out");
        let refresh = text(&pair["refresh"]);
        let answer = world.get("/api/plans").token(&refresh).await;
        answer.is_problem(401, "signed-out");
    }
}

#[tokio::test]
async fn a_new_password_ends_every_line() {
    for world in worlds().await {
        let pair = world.sign_in("owner@ours").await;
        let new = bando_domain::Secret::new("another horse battery");
        world
            .app
            .reset_password("owner@ours", &new)
            .await
            .expect("reset");
        let answer = world.post("/api/auth/refresh/", refresh(&pair)).await;
        answer.is_problem(401, "signed-out");
    }
}

/// A token with this header and these claims, signed with `key`.
fn forge(header: &str, claims: &Value, key: &[u8]) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(header), part(&claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("key");
    mac.update(signed.as_bytes());
    format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

/// Tokens that are wrong in one way each, with a word for it.
fn bad_tokens(world: &World, good: &str) -> Vec<(&'static str, String)> {
    const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;
    let key = world.app.signing_key().as_slice();
    let now = world.app.now().as_seconds();
    let claims = json!({
        "iss": "https://wifi.example", "aud": "bando-api", "sub": world.ours.owner.account,
        "typ": "access", "iat": now, "exp": now + 600, "jti": world.ours.owner.account,
    });
    let with = |member: &str, value: Value| {
        let mut claims = claims.clone();
        claims[member] = value;
        forge(HEADER, &claims, key)
    };
    let headed = |header: &str| forge(header, &claims, key);
    let parts: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
    let nobody = bando_domain::AccountId::from_uuid(world.app.new_uuid());
    vec![
        ("empty", String::new()),
        ("not a token", "token".into()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("four parts", format!("{good}.{}", parts[2])),
        ("cut", good[..good.len() - 1].into()),
        ("a letter more", format!("{good}A")),
        ("a letter less in front", good[1..].into()),
        ("alg none, unsigned", format!("{none}.{}.", parts[1])),
        (
            "alg none, signed",
            headed(r#"{"alg":"none","typ":"at+jwt"}"#),
        ),
        ("alg HS384", headed(r#"{"alg":"HS384","typ":"at+jwt"}"#)),
        ("alg RS256", headed(r#"{"alg":"RS256","typ":"at+jwt"}"#)),
        ("alg missing", headed(r#"{"typ":"at+jwt"}"#)),
        ("header typ", headed(r#"{"alg":"HS256","typ":"JWT"}"#)),
        (
            "kid",
            headed(r#"{"alg":"HS256","typ":"at+jwt","kid":"/dev/null"}"#),
        ),
        (
            "jku",
            headed(r#"{"alg":"HS256","typ":"at+jwt","jku":"https://evil.example"}"#),
        ),
        ("another key", forge(HEADER, &claims, &[7; 32])),
        ("an empty key", forge(HEADER, &claims, b"")),
        ("expired", with("exp", (now - 1).into())),
        ("expires now", with("exp", now.into())),
        ("from the future", with("iat", (now + 3600).into())),
        ("wrong issuer", with("iss", "https://evil.example".into())),
        ("wrong audience", with("aud", "console".into())),
        ("wrong typ", with("typ", "refresh".into())),
        ("no such account", with("sub", json!(nobody))),
        ("odd subject", with("sub", "owner@ours".into())),
        ("exp as text", with("exp", "9999999999".into())),
        ("claims of an array", forge(HEADER, &json!([claims]), key)),
        ("huge", "a".repeat(20_000)),
    ]
}

#[tokio::test]
async fn no_bad_token_is_taken() {
    for world in worlds().await {
        let good = world.owner_token(&world.ours).await;
        let bad = bad_tokens(&world, &good);
        assert!(bad.len() >= 20);
        for (why, token) in bad {
            let answer = world.get("/api/payments").token(&token).await;
            assert_eq!(answer.status, 401, "{why}: {}", answer.text);
            answer.is_problem(401, "signed-out");
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer", "{why}");
        }
        for odd in ["", "Bearer", "Basic b3duZXI6eA==", "bearer", good.as_str()] {
            let answer = world.get("/api/plans").header("authorization", odd).await;
            answer.is_problem(401, "signed-out");
        }
        // The scheme is read in any case (RFC 9110 §11.1), and the good one is still good.
        let lower = format!("bearer {good}");
        world
            .get("/api/plans")
            .header("authorization", &lower)
            .await
            .is(200);
        world.clock.advance(Duration::from_secs(600));
        let answer = world.get("/api/plans").token(&good).await;
        answer.is_problem(401, "signed-out");
    }
}

#[tokio::test]
async fn a_member_of_two_businesses_names_the_one_they_mean() {
    for world in worlds().await {
        let (ours, theirs) = (&world.ours, &world.theirs);
        let role = bando_app::Role::Support;
        world
            .app
            .add_member(theirs.provider.id, ours.owner.account, role)
            .await
            .expect("member");
        let token = world.owner_token(ours).await;
        let plan = |answer: &super::world::Answer| text(&answer.json["items"][0]["id"]);
        let first = world.get("/api/plans").token(&token).await;
        assert_eq!(plan(&first), ours.plan);
        for named in [
            theirs.provider.slug.to_string(),
            theirs.provider.id.to_string(),
        ] {
            let path = format!("/api/plans?provider={named}");
            assert_eq!(plan(&world.get(path).token(&token).await), theirs.plan);
            let call = world.get("/api/plans").token(&token);
            let answer = call.header("bando-provider", &named).await;
            assert_eq!(plan(&answer), theirs.plan);
        }
        // There they are only support.
        let path = format!("/api/plans/{}?provider=theirs", theirs.plan);
        let answer = world.call(http::Method::DELETE, path).token(&token).await;
        answer.is_problem(403, "forbidden");
    }
}
