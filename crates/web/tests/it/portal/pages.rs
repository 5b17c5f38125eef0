//! What every page promises: its language, its size, its headers.

use std::io::Read;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::{Request, StatusCode};

use super::PHONE;
use super::browser::{get, get_compressed, send};
use super::world::worlds;

#[tokio::test]
async fn the_first_view_is_one_small_document() {
    for world in worlds().await {
        let plain = get(&world.web, "/p/mama-njeri").await;
        assert!(plain.text.len() <= 14 * 1024, "{} bytes", plain.text.len());
        let behind_router = format!("/p/mama-njeri?lang=fr&plans=1&{}", world.query(PHONE));
        for address in ["/p/mama-njeri", "/p/mama-njeri?lang=sw", &behind_router] {
            let page = get(&world.web, address).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(!page.text.contains("/assets/") && !page.text.contains("<script"));
            assert!(page.text.contains("KES\u{a0}20") && page.text.contains("KES\u{a0}50"));
            let policy = page.header("content-security-policy").to_owned();
            assert!(policy.contains("form-action 'self';"), "{policy}");
            assert!(policy.contains("default-src 'none'"), "{policy}");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            assert_eq!(page.header("x-content-type-options"), "nosniff");
            assert_eq!(page.header("set-cookie"), "");
            // As phones ask for it.
            let sent = get_compressed(&world.web, address).await;
            assert!(
                sent.len() <= 8 * 1024,
                "{address}: {} bytes as sent",
                sent.len()
            );
            let mut text = String::new();
            GzDecoder::new(&*sent).read_to_string(&mut text).unwrap();
            assert_eq!(text, page.text, "{address}");
        }
    }
}

#[tokio::test]
async fn the_language_is_chosen_asked_for_or_the_shops_own() {
    for world in worlds().await {
        let ask = async |address: &str, header: &str| {
            let request = Request::get(address).header("accept-language", header);
            send(&world.web, request.body(Body::empty()).unwrap())
                .await
                .text
        };
        assert!(
            ask("/p/mama-njeri?lang=fr", "sw")
                .await
                .contains("<html lang=\"fr\">")
        );
        assert!(
            ask("/p/mama-njeri", "de, sw;q=0.8")
                .await
                .contains("<html lang=\"sw\">")
        );
        assert!(
            ask("/p/mama-njeri?lang=xx", "de")
                .await
                .contains("<html lang=\"en\">")
        );
        assert!(
            ask("/p/nowhere", "fr")
                .await
                .contains("Cette page n’existe pas")
        );
        // The choice stays on every link and form.
        let page = get(
            &world.web,
            &format!("/p/mama-njeri?lang=sw&{}", world.query(PHONE)),
        )
        .await;
        assert!(
            page.form_with("id=\"phone\"")
                .starts_with("/p/mama-njeri/pay?lang=sw&mac=")
        );
        assert!(
            page.link("Una vocha?")
                .starts_with("/p/mama-njeri/voucher?lang=sw&mac=")
        );
    }
}

#[tokio::test]
async fn every_address_answers_or_says_that_nothing_is_there() {
    for world in worlds().await {
        for path in [
            "/p/mama-njeri/help",
            "/p/mama-njeri/voucher",
            "/p/mama-njeri/paid",
            "/healthz",
            "/readyz",
        ] {
            assert_eq!(get(&world.web, path).await.status, StatusCode::OK, "{path}");
        }
        let id = format!("/p/{}", world.provider.id);
        assert!(
            get(&world.web, &id)
                .await
                .text
                .contains("/p/mama-njeri/pay")
        );
        for path in [
            "/p/nobody",
            "/p/nobody/help",
            "/p/mama-njeri/nothing",
            "/nothing",
            "/p/%FF",
            "/p/../x",
        ] {
            let page = get(&world.web, path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            assert!(page.text.contains("This page is not here"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_root_leads_to_the_only_shop() {
    for world in worlds().await {
        let only = get(&world.web, "/?mac=x&error=y").await;
        assert_eq!(only.status, StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(only.header("location"), "/p/mama-njeri?mac=x&error=y");
        world.rival().await;
        let several = get(&world.web, "/?lang=sw").await;
        assert_eq!(several.status, StatusCode::OK);
        assert_eq!(several.link("Ingia"), "/console");
    }
}
