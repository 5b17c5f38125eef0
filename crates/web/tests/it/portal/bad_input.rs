//! Forged, malformed and hostile requests: a clear answer, nothing granted, nothing echoed raw.

use http::{Method, Request, StatusCode};

use super::PHONE;
use super::browser::{get, post, post_as, send};
use super::world::worlds;

/// Tries to break out of text, attributes, addresses and the refresh.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "http://10.5.50.1/\"><script>alert(1)</script>",
    "0;url=http://evil.example/\u{0}\r\nSet-Cookie: a=b",
];

const PARAMETERS: [&str; 13] = [
    "mac",
    "ip",
    "identity",
    "link-login-only",
    "link-orig",
    "chap-id",
    "chap-challenge",
    "error",
    "lang",
    "online",
    "plans",
    "done",
    "unknown",
];

#[tokio::test]
async fn no_parameter_reaches_a_page_unescaped() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[0]).await;
        let ticket = world.app.ticket_token(world.provider.id, ticket.id);
        let plan = world.plans[0].id.to_string();
        let asked = post(
            &world.web,
            "/p/mama-njeri/pay",
            &[("plan", &plan), ("phone", "0712345678")],
        )
        .await;
        let pay = asked.location().split('?').next().unwrap().to_owned();
        let pages = [
            "/p/mama-njeri".to_owned(),
            "/p/mama-njeri/voucher".to_owned(),
            "/p/mama-njeri/paid".to_owned(),
            "/p/mama-njeri/help".to_owned(),
            format!("/p/mama-njeri/t/{ticket}"),
            pay,
        ];
        for hostile in HOSTILE {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in PARAMETERS {
                query.append_pair(name, hostile);
            }
            let query = query.finish();
            for page in &pages {
                let seen = get(&world.web, &format!("{page}?{query}")).await;
                assert_eq!(seen.status, StatusCode::OK, "{page} {hostile}");
                assert_harmless(&seen.text, hostile);
            }
            let form = format!("/p/mama-njeri/pay?lang=en&{query}");
            let fields = [("plan", hostile), ("phone", hostile), ("again", "")];
            assert_harmless(&post(&world.web, &form, &fields).await.text, hostile);
            let code = post(&world.web, "/p/mama-njeri/voucher", &[("code", hostile)]).await;
            assert_harmless(&code.text, hostile);
            let paid = post(&world.web, "/p/mama-njeri/paid", &[("message", hostile)]).await;
            assert_harmless(&paid.text, hostile);
        }
    }
}

/// No element, attribute or address of the page is the attacker's.
fn assert_harmless(html: &str, hostile: &str) {
    assert!(
        !html.contains("<script>alert") && !html.contains("<img"),
        "{hostile}: {html}"
    );
    assert!(!html.contains("' onmouseover='"), "{hostile}");
    for attribute in ["href=\"", "action=\"", "content=\"1;url="] {
        for (at, _) in html.match_indices(attribute) {
            let value = &html[at + attribute.len()..];
            assert!(!value.starts_with("javascript:"), "{hostile}");
            assert!(!value.starts_with("http://evil"), "{hostile}");
        }
    }
}

#[tokio::test]
async fn forged_tokens_find_nothing() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[0]).await;
        let good = world.app.ticket_token(world.provider.id, ticket.id);
        let payment_like = good.clone();
        let mut flipped = good.clone().into_bytes();
        let last = flipped.len() - 2;
        flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        let long = "A".repeat(5000);
        for token in ["x", "AAAA", &flipped, &long, "%00", "..%2f..", "' OR 1=1"] {
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            for path in [
                format!("t/{token}"),
                format!("pay/{token}"),
                format!("pay/{token}/state"),
            ] {
                let page = get(&world.web, &format!("/p/mama-njeri/{path}")).await;
                assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
        // A ticket's token is not a payment's.
        let page = get(&world.web, &format!("/p/mama-njeri/pay/{payment_like}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(
            get(&world.web, &format!("/p/mama-njeri/t/{good}"))
                .await
                .status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn wrong_methods_sizes_and_shapes_are_answered() {
    for world in worlds().await {
        for (method, path) in [
            (Method::POST, "/p/mama-njeri"),
            (Method::GET, "/p/mama-njeri/pay"),
            (Method::DELETE, "/p/mama-njeri/voucher"),
            (Method::GET, "/p/mama-njeri/reconnect"),
            (Method::PUT, "/p/mama-njeri/t/x"),
        ] {
            let request = Request::builder().method(&method).uri(path);
            let seen = send(&world.web, request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(
                seen.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
        }
        let large = vec![b'a'; 70 * 1024];
        let seen = post_as(
            &world.web,
            "/p/mama-njeri/pay",
            "application/x-www-form-urlencoded",
            large,
        )
        .await;
        assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
        // Not a form at all: no fields.
        for (kind, body) in [
            ("application/json", b"{\"plan\":1}".to_vec()),
            (
                "application/x-www-form-urlencoded",
                vec![0xff, 0xfe, b'=', 0, b'&', b'&', b'='],
            ),
            ("multipart/form-data", b"--x".to_vec()),
        ] {
            let seen = post_as(&world.web, "/p/mama-njeri/pay", kind, body).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
        }
        // Two of a kind: the first counts, also against a phone hidden behind another.
        let twice = format!(
            "plan={}&phone=0712345678&phone=0733999888",
            world.plans[0].id
        );
        let seen = post_as(
            &world.web,
            "/p/mama-njeri/pay",
            "application/x-www-form-urlencoded",
            twice,
        )
        .await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        assert_eq!(
            world.gateway.charges.lock().unwrap()[0].phone.digits(),
            "254712345678"
        );
        // A visit of any length is cut to what a router writes.
        let long = format!(
            "/p/mama-njeri?mac={PHONE}&identity={}&link-orig=http://x/{}",
            "i".repeat(9000),
            "y".repeat(9000)
        );
        assert!(get(&world.web, &long).await.text.len() < 14 * 1024);
    }
}
