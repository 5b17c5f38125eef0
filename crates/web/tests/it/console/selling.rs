//! Handing out tickets, vouchers by the batch, taking back, putting off.

use bando_app::testing::Shop;
use bando_domain::TicketState;

use super::world::worlds;

#[tokio::test]
async fn a_batch_is_made_watched_and_printed() {
    for world in worlds().await {
        let owner = world.owner().await;
        let plan = world.shop.plan.id.to_string();
        for count in ["0", "100001", "many", "-1", ""] {
            let form = [("plan", plan.as_str()), ("count", count)];
            let page = owner.post("/console/batches", &form).await.is(422);
            page.shows(&["Write a number from 1 to 100,000"]);
        }
        let form = [("plan", plan.as_str()), ("count", "3")];
        let making = owner
            .post("/console/batches", &form)
            .await
            .is(303)
            .location();
        let page =
            owner
                .get(&making)
                .await
                .is(200)
                .shows(&["Making vouchers", "0 of 3", "sse:batches"]);
        assert!(
            page.body.contains("http-equiv=\"refresh\""),
            "works without scripts"
        );
        world.shop.work().await;
        owner
            .get(&making)
            .await
            .is(200)
            .shows(&["ready", "sheet?from=0"])
            .hides(&["http-equiv"]);

        let sheet = owner.get(&format!("{making}/sheet?from=0")).await.is(200);
        let codes: Vec<&str> = sheet
            .body
            .split("data-ticket-code=\"")
            .skip(1)
            .map(|rest| &rest[..10])
            .collect();
        assert_eq!(codes.len(), 3);
        assert_eq!(sheet.body.matches("<svg class=\"qr\"").count(), 3);
        owner
            .get(&format!("{making}/sheet?from=2"))
            .await
            .is(200)
            .shows(&[codes[2]])
            .hides(&[codes[0]]);
        owner
            .get(&format!("{making}/sheet?from=4000000000"))
            .await
            .is(200)
            .hides(&codes);

        let file = owner.get(&format!("{making}/codes.csv")).await.is(200);
        assert!(
            file.header("content-disposition")
                .starts_with("attachment;")
        );
        assert_eq!(file.body.lines().count(), 4);
        let first = file.body.lines().nth(1).unwrap();
        assert!(
            first.starts_with(&format!(
                "1,{},1 hour,20.00,KES,unused,https://wifi.example/p/mama-njeri/t/",
                codes[0]
            )),
            "{first}"
        );
        // The address in the QR code is the ticket's public page.
        let public = first
            .rsplit(',')
            .next()
            .unwrap()
            .trim_start_matches("https://wifi.example");
        world.browser().get(public).await.is(200).shows(&[codes[0]]);
    }
}

#[tokio::test]
async fn a_ticket_is_handed_out_in_two_taps_and_found_again() {
    for world in worlds().await {
        let owner = world.owner().await;
        let plan = world.shop.plan.id.to_string();
        owner
            .get("/console/sell")
            .await
            .is(200)
            .shows(&[&plan, "1 hour"]);
        let form = [
            ("how", "gift"),
            ("plan", plan.as_str()),
            ("phone", "0733 111 222"),
            ("note", "broken router"),
        ];
        let page = owner.submit("/console/sell", &form).await;
        let page = page.shows(&[
            "Handed out: 1 hour",
            "Handed out by",
            "0733 111 222",
            "it has not been used yet",
        ]);
        let code = page.body.split("data-ticket-code=\"").nth(1).unwrap()[..10].to_owned();
        let spaced = format!("{} {}", &code[..5], &code[5..])
            .to_lowercase()
            .replace(' ', "+");
        let found = owner
            .get(&format!("/console/payments?q={spaced}"))
            .await
            .is(303);
        owner.get(&found.location()).await.is(200).shows(&[&code]);
        owner
            .get("/console/tickets?q=0733111222")
            .await
            .is(200)
            .shows(&["0733 ••• 222"]);
        owner
            .get("/console/audit")
            .await
            .is(200)
            .shows(&["ticket.give", "broken router"]);

        let wrong = [
            ("how", "gift"),
            ("plan", plan.as_str()),
            ("phone", "12"),
            ("note", ""),
        ];
        owner
            .post("/console/sell", &wrong)
            .await
            .is(422)
            .shows(&["aria-invalid", "value=\"12\""]);
        let unknown = world.shop.router.id.to_string();
        owner
            .post(
                "/console/sell",
                &[("how", "gift"), ("plan", unknown.as_str())],
            )
            .await
            .is(404);
    }
}

#[tokio::test]
async fn a_revoked_ticket_and_its_devices_are_off() {
    for world in worlds().await {
        let payment = world.paid().await;
        let session = world.online(&payment).await;
        let id = payment.ticket_id.unwrap();
        let owner = world.owner().await;
        let path = format!("/console/tickets/{id}");
        let page = owner.get(&path).await.is(200);
        page.shows(&[
            "02:00:5E:10:00:01",
            "online",
            "Stop it now",
            "10.5.50.9",
            "Gate",
        ])
        .hides(&["Nobody is online"]);
        owner
            .submit(&format!("{path}/revoke"), &[])
            .await
            .shows(&["The ticket is stopped", ">stopped<"]);
        world.shop.work().await;
        assert_eq!(world.shop.routers.asked(), [session]);
        let ticket = world.shop.ticket(Some(id)).await.unwrap();
        assert_eq!(ticket.state, TicketState::Revoked);
        // Once more says nothing new.
        owner.post(&format!("{path}/revoke"), &[]).await.is(303);
        owner.get(&path).await.is(200).hides(&["Stop it now"]);
    }
}

#[tokio::test]
async fn a_device_is_forgotten_and_a_session_put_off() {
    for world in worlds().await {
        let payment = world.paid().await;
        let session = world.online(&payment).await;
        let owner = world.owner().await;
        owner
            .get("/console/sessions?q=0712")
            .await
            .is(200)
            .shows(&["0712 ••• 678", "1 online"]);
        owner
            .get("/console/sessions?q=nobody")
            .await
            .is(200)
            .shows(&["Nothing found"]);
        owner
            .submit(&format!("/console/sessions/{session}/disconnect"), &[])
            .await
            .shows(&["Disconnected"]);
        world.shop.work().await;
        assert_eq!(world.shop.routers.asked(), [session]);

        let path = format!("/console/tickets/{}", payment.ticket_id.unwrap());
        let device = Shop::device(1).to_string();
        let forgotten = owner
            .submit(&format!("{path}/forget"), &[("device", &device)])
            .await;
        forgotten.shows(&["The device was removed", "0 of 1"]);
        owner
            .post(&format!("{path}/forget"), &[("device", "nothing")])
            .await
            .is(400);
    }
}
