//! Vouchers and the public page of a ticket.

use http::StatusCode;
use url::form_urlencoded;

use super::browser::{get, post, query};
use super::world::worlds;
use super::{LAPTOP, PHONE};

#[tokio::test]
async fn a_voucher_connects_typed_as_people_type() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[1]).await;
        for name in ["voucher", "code"] {
            let form = get(
                &world.web,
                &format!("/p/mama-njeri/{name}?{}", world.query(PHONE)),
            )
            .await;
            let typed = ticket.code.grouped().to_lowercase().replace(' ', " - ");
            let sent = post(
                &world.web,
                &form.form_with("id=\"code\""),
                &[("code", &typed)],
            )
            .await;
            let page = get(&world.web, sent.location()).await;
            assert!(
                page.text.contains("Siku nzima") && page.text.contains("2 GB left"),
                "{}",
                page.text
            );
            let (_, login) = page.refresh().expect("logs in by itself");
            assert_eq!(query(&login)["username"], ticket.code.as_str());
            let back = query(&login)["dst"].replacen("https://wifi.example", "", 1);
            let status = get(&world.web, &back).await;
            assert!(status.text.contains("You are online."));
        }
        // Away from the hotspot it is shown, and nothing of it is used.
        let sent = post(
            &world.web,
            "/p/mama-njeri/voucher",
            &[("code", ticket.code.as_str())],
        )
        .await;
        let connect = get(&world.web, sent.location()).await;
        let status = get(&world.web, connect.location()).await;
        assert!(status.text.contains("Not started yet") && status.text.contains("not used yet"));
        assert!(!status.text.contains("Connect now"));
    }
}

#[tokio::test]
async fn wrong_codes_are_counted_and_right_ones_too_then() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[0]).await;
        let address = format!("/p/mama-njeri/voucher?{}", world.query(PHONE));
        let empty = post(&world.web, &address, &[("code", " ")]).await;
        assert!(empty.text.contains("Type the code first."));
        for typed in ["K7MPQ2XW9R", "short", "<b>0OIL1</b>"] {
            let wrong = post(&world.web, &address, &[("code", typed)]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(wrong.text.contains("We do not know this code."), "{typed}");
            assert!(!wrong.text.contains("<b>0"));
        }
        for _ in 0..8 {
            post(&world.web, &address, &[("code", "K7MPQ2XW9R")]).await;
        }
        let right = post(&world.web, &address, &[("code", ticket.code.as_str())]).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(right.text.contains("Too many wrong codes."));
        // Another device is not locked out.
        let other = format!("/p/mama-njeri/voucher?{}", world.query(LAPTOP));
        let right = post(&world.web, &other, &[("code", ticket.code.as_str())]).await;
        assert_eq!(right.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn an_ended_ticket_says_why() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[0]).await;
        world.come_online(ticket.id, PHONE, 1_000).await;
        world.wait(3_601);
        let address = format!("/p/mama-njeri/voucher?{}", world.query(PHONE));
        let late = post(&world.web, &address, &[("code", ticket.code.as_str())]).await;
        assert!(
            late.text.contains("The time on this ticket is over."),
            "{}",
            late.text
        );
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let page = get(
            &world.web,
            &format!("/p/mama-njeri/t/{token}?{}", world.query(PHONE)),
        )
        .await;
        assert!(page.text.contains("0 s left") && page.text.contains("Buy again"));
        assert!(!page.text.contains("Connect now"));

        let revoked = world.voucher(&world.plans[0]).await;
        world
            .app
            .revoke_ticket(&world.owner, revoked.id)
            .await
            .unwrap();
        let taken = post(&world.web, &address, &[("code", revoked.code.as_str())]).await;
        assert!(
            taken
                .text
                .contains("This ticket was stopped by the Wi-Fi owner.")
        );
    }
}

#[tokio::test]
async fn a_full_ticket_moves_to_this_device() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[0]).await;
        world.come_online(ticket.id, PHONE, 1_000).await;
        let address = format!("/p/mama-njeri/voucher?{}", world.query(LAPTOP));
        let sent = post(&world.web, &address, &[("code", ticket.code.as_str())]).await;
        let full = get(&world.web, sent.location()).await;
        let status = get(&world.web, full.location()).await;
        assert!(status.text.contains("Use this device instead") && status.text.contains("1 of 1"));
        let taken = post(
            &world.web,
            &status.form_with("Use this device instead"),
            &[],
        )
        .await;
        let page = get(&world.web, taken.location()).await;
        assert_eq!(
            query(&page.refresh().unwrap().1)["username"],
            ticket.code.as_str()
        );
        // The old device is off the ticket.
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let status = get(&world.web, &format!("/p/mama-njeri/t/{token}")).await;
        assert!(status.text.contains(LAPTOP) && !status.text.contains(PHONE));
        // Without a router that vouches for the device, nothing is taken over.
        let post_only = format!("/p/mama-njeri/t/{token}/connect?mac={PHONE}");
        post(&world.web, &post_only, &[]).await;
        let status = get(&world.web, &format!("/p/mama-njeri/t/{token}")).await;
        assert!(status.text.contains(LAPTOP) && !status.text.contains(PHONE));
    }
}

#[tokio::test]
async fn the_page_of_a_ticket_shows_what_is_left() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[1]).await;
        world.come_online(ticket.id, PHONE, 500_000_000).await;
        world.wait(6 * 3600);
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let address = format!("/p/mama-njeri/t/{token}?{}", world.query(PHONE));
        let page = get(&world.web, &address).await;
        for words in [
            "18 h left",
            "until tomorrow 15:42",
            "1.5 GB left",
            "of 2 GB",
            "1 of 2",
            "this device",
            ">online<",
            "width=\"75\"",
        ] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        assert_eq!(
            page.value("data-ticket-code").unwrap(),
            ticket.code.as_str()
        );
        assert_eq!(
            page.refresh().unwrap(),
            (60, String::new()),
            "keeps itself fresh"
        );

        let off = post(&world.web, &page.form_with("Disconnect"), &[]).await;
        let page = get(&world.web, off.location()).await;
        assert!(
            page.text
                .contains("Disconnected. The ticket is still yours.")
        );

        let gone = post(
            &world.web,
            &page.form_with("name=\"device\""),
            &[("device", PHONE)],
        )
        .await;
        let page = get(&world.web, gone.location()).await;
        assert!(page.text.contains("The device was removed.") && page.text.contains("0 of 2"));
        // A device that is not on it, or is none, changes nothing.
        for device in [LAPTOP, "", "'; DROP TABLE devices"] {
            let forget = format!("/p/mama-njeri/t/{token}/forget");
            assert_eq!(
                post(&world.web, &forget, &[("device", device)])
                    .await
                    .status,
                StatusCode::SEE_OTHER
            );
        }
    }
}

#[tokio::test]
async fn a_page_of_one_business_is_none_of_another() {
    for world in worlds().await {
        world.rival().await;
        let ticket = world.voucher(&world.plans[0]).await;
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let plan = world.plans[0].id.to_string();
        let asked = post(
            &world.web,
            "/p/mama-njeri/pay",
            &[("plan", &plan), ("phone", "0712345678")],
        )
        .await;
        let pay = asked
            .location()
            .split('?')
            .next()
            .unwrap()
            .replacen("mama-njeri", "rival", 1);
        let addresses = [
            format!("/p/rival/t/{token}"),
            format!("/p/rival/t/{token}/connect"),
            pay.clone(),
            format!("{pay}/state"),
            format!("{pay}/events"),
            format!("{pay}/receipt"),
        ];
        for address in addresses {
            assert_eq!(
                get(&world.web, &address).await.status,
                StatusCode::NOT_FOUND,
                "{address}"
            );
        }
        for address in [
            format!("{pay}/again"),
            format!("/p/rival/t/{token}/disconnect"),
        ] {
            assert_eq!(
                post(&world.web, &address, &[]).await.status,
                StatusCode::NOT_FOUND,
                "{address}"
            );
        }
        let typed = post(
            &world.web,
            "/p/rival/voucher",
            &[("code", ticket.code.as_str())],
        )
        .await;
        assert!(typed.text.contains("We do not know this code."));
    }
}

#[tokio::test]
async fn a_device_that_scans_the_code_is_let_in() {
    for world in worlds().await {
        let ticket = world.voucher(&world.plans[1]).await;
        let token = world.app.ticket_token(world.provider.id, ticket.id);
        let scanned = format!("https://wifi.example/p/mama-njeri/t/{token}");
        let page = get(&world.web, &format!("/p/mama-njeri/t/{token}")).await;
        let to_router = page.link("Connect this device");
        assert!(
            to_router.starts_with("http://10.5.50.1/login?dst="),
            "{to_router}"
        );
        assert_eq!(query(&to_router)["dst"], scanned);

        // The router sends the browser to the portal, and says where it wanted to go.
        let wanted: String = form_urlencoded::byte_serialize(scanned.as_bytes()).collect();
        let told = world.query(LAPTOP).replace(
            "link-orig=http%3A%2F%2Fexample.org%2Fnews%3Fa%3D1%26b%3D2",
            &format!("link-orig={wanted}"),
        );
        let portal = get(&world.web, &format!("/p/mama-njeri?{told}")).await;
        let connecting = get(&world.web, portal.location()).await;
        let (_, login) = connecting.refresh().expect("goes to the router by itself");
        assert_eq!(query(&login)["username"], ticket.code.as_str());
        // Let in, it is on the ticket; scanning again changes nothing.
        world.come_online(ticket.id, LAPTOP, 1_000).await;
        let page = get(&world.web, &format!("/p/mama-njeri/t/{token}?{told}")).await;
        assert!(page.text.contains("1 of 2") && page.text.contains(LAPTOP));
        assert!(!page.text.contains("Connect this device"));
        // When the router has refused, it is not asked for ever.
        let refused = told.replace("error=", "error=no+more+sessions+are+allowed");
        let refused = get(&world.web, &format!("/p/mama-njeri?{refused}")).await;
        assert_eq!(refused.status, StatusCode::OK);
        // Not every address is a ticket's.
        for other in [
            "https://evil.example/p/mama-njeri/t/x",
            "https://wifi.example/p/mama-njeri/t/../x",
        ] {
            let other: String = form_urlencoded::byte_serialize(other.as_bytes()).collect();
            let told = world.query(PHONE).replace(
                "link-orig=http%3A%2F%2Fexample.org%2Fnews%3Fa%3D1%26b%3D2",
                &format!("link-orig={other}"),
            );
            let plans = get(&world.web, &format!("/p/mama-njeri?{told}")).await;
            assert_eq!(plans.status, StatusCode::OK, "{other}");
        }
    }
}
