//! Coming back: a device with a live ticket goes online without paying, and a router's refusal is
//! explained instead of repeated.

use bando_domain::Refusal;
use bando_web::i18n::{AccessProblem, Lang};
use http::StatusCode;

use super::browser::{get, post, query};
use super::world::{HOTSPOT, World, worlds};
use super::{LAPTOP, PHONE};

/// A ticket that the device has used before.
async fn used_ticket(world: &World) -> bando_store::Ticket {
    let ticket = world.voucher(&world.plans[0]).await;
    let mac = PHONE.parse().unwrap();
    world
        .app
        .admit(world.provider.id, ticket.id, Some(mac))
        .await
        .unwrap()
        .unwrap();
    world.wait(900);
    ticket
}

fn with_error(world: &World, mac: &str, error: &str) -> String {
    let error: String = url::form_urlencoded::byte_serialize(error.as_bytes()).collect();
    format!("/p/mama-njeri?{}{error}", world.query(mac))
}

#[tokio::test]
async fn a_known_device_connects_by_itself() {
    for world in worlds().await {
        let ticket = used_ticket(&world).await;
        let page = get(&world.web, &format!("/p/mama-njeri?{}", world.query(PHONE))).await;
        assert!(page.text.contains("You already have a ticket"));
        assert!(page.text.contains("45 min left"), "{}", page.text);
        let (_, login) = page.refresh().expect("logs in by itself");
        let sent = query(&login);
        assert_eq!(sent["username"], PHONE);
        assert_eq!(sent["dst"], "http://example.org/news?a=1&b=2");
        assert!(
            !page.text.contains(ticket.code.as_str()),
            "the code is not needed and not told"
        );
        assert_eq!(page.link("Connect now"), login);
        // Buying more is one tap away, and that page stays.
        let plans = get(&world.web, &page.link("Buy again")).await;
        assert_eq!(plans.refresh(), None);
        assert!(plans.text.contains("Choose a plan") && plans.text.contains("Connect again"));
        let again = post(&world.web, &plans.form_with("Connect again"), &[]).await;
        assert_eq!(query(&again.refresh().unwrap().1)["username"], PHONE);
    }
}

#[tokio::test]
async fn only_the_routers_own_page_vouches_for_a_device() {
    for world in worlds().await {
        used_ticket(&world).await;
        let unknown = [
            format!("mac={PHONE}"),
            format!("mac={PHONE}&identity=guess&link-login-only=http://{HOTSPOT}/login"),
            world.query_to(PHONE, "http://evil.example/login"),
            world.query_to(PHONE, "http://10.5.50.1@evil.example/login"),
            world.query_to(PHONE, "javascript:alert(1)"),
            world.query(LAPTOP),
        ];
        for query in unknown {
            let page = get(&world.web, &format!("/p/mama-njeri?{query}")).await;
            assert_eq!(page.status, StatusCode::OK);
            assert_eq!(page.refresh(), None, "{query}");
            assert!(!page.text.contains("already have a ticket"), "{query}");
            let again = format!("/p/mama-njeri/reconnect?{query}");
            assert!(
                post(&world.web, &again, &[])
                    .await
                    .location()
                    .contains("plans=1")
            );
        }
    }
}

#[tokio::test]
async fn a_routers_refusal_is_said_in_the_readers_language_and_not_repeated() {
    for world in worlds().await {
        used_ticket(&world).await;
        for refusal in Refusal::ALL {
            for spoken in bando_domain::Language::ALL {
                let address = with_error(&world, PHONE, refusal.sentence(spoken));
                let page = get(&world.web, &format!("{address}&lang=sw")).await;
                let expected = AccessProblem::from(refusal).text(Lang::Sw);
                assert!(page.text.contains(expected), "{refusal:?} {spoken}");
                assert_eq!(page.refresh(), None, "no loop");
            }
        }
        let own = [
            ("invalid username or password", AccessProblem::UnknownCode),
            (
                "RADIUS server is not responding",
                AccessProblem::RouterSilent,
            ),
            (
                "no more sessions are allowed for user K7MPQ2XW9R",
                AccessProblem::DeviceLimit,
            ),
        ];
        for (said, problem) in own {
            let page = get(&world.web, &with_error(&world, PHONE, said)).await;
            assert!(page.text.contains(problem.text(Lang::En)), "{said}");
        }
        // Anybody can write an address: unknown words are not shown.
        let page = get(
            &world.web,
            &with_error(&world, PHONE, "Send KES 500 to 0700 000 000"),
        )
        .await;
        assert!(!page.text.contains("0700 000 000"));
        assert!(page.text.contains(Lang::En.router_refused()));
        assert!(
            page.text.contains("Connect again"),
            "by hand it can be tried"
        );
    }
}

#[tokio::test]
async fn a_login_elsewhere_is_refused_before_any_money() {
    for world in worlds().await {
        for login in [
            "http://evil.example/login",
            "http://10.5.50.1@evil.example/",
            "ftp://10.5.50.1/x",
        ] {
            let address = format!("/p/mama-njeri/pay?{}", world.query_to(PHONE, login));
            let plan = world.plans[0].id.to_string();
            let page = post(
                &world.web,
                &address,
                &[("plan", &plan), ("phone", "0712345678")],
            )
            .await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{login}");
            assert!(page.text.contains("not opened by a router of this Wi-Fi"));
        }
        assert_eq!(world.charges(), 0);
        // Nor does a ticket's page, a paid payment's or a voucher's lead there.
        let ticket = world.voucher(&world.plans[0]).await;
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let evil = world.query_to(PHONE, "http://evil.example/login");
        let shown = get(&world.web, &format!("/p/mama-njeri/t/{token}?{evil}")).await;
        assert!(!shown.text.contains("Connect now"));
        let connect = get(
            &world.web,
            &format!("/p/mama-njeri/t/{token}/connect?{evil}"),
        )
        .await;
        assert!(
            connect
                .location()
                .starts_with(&format!("/p/mama-njeri/t/{token}?"))
        );

        let plan = world.plans[0].id.to_string();
        let good = format!("/p/mama-njeri/pay?{}", world.query(PHONE));
        let asked = post(
            &world.web,
            &good,
            &[("plan", &plan), ("phone", "0712345678")],
        )
        .await;
        world.pay("SGH7KL2M9P").await;
        let path = asked.location().split('?').next().unwrap();
        let paid = get(&world.web, &format!("{path}?{evil}")).await;
        assert_eq!(paid.refresh(), None);
        assert!(!paid.text.contains("Connect now") && paid.text.contains("data-ticket-code"));
    }
}
