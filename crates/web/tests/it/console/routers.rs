//! Routers: adding, changing, the script to paste.

use super::world::worlds;

#[tokio::test]
async fn a_router_is_added_and_its_script_is_ready_to_paste() {
    for world in worlds().await {
        let owner = world.owner().await;
        let form = [("name", "Stage"), ("address", "10.7.0.1"), ("coa", "")];
        let path = owner
            .post("/console/routers", &form)
            .await
            .is(303)
            .location();
        let page = owner.get(&path).await.is(200);
        page.shows(&[
            "not heard yet",
            "Paste the script below",
            "/ip hotspot profile",
            "10.7.0.1/22",
            "wifi.example/p/mama-njeri",
        ]);

        let query = "?version=6&uplink=ether5&ports=ether2,%20wlan1";
        let script = owner
            .get(&format!("{path}/script.rsc{query}"))
            .await
            .is(200);
        assert_eq!(script.header("content-type"), "text/plain; charset=utf-8");
        let script = script.shows(&[
            "ether5",
            "ether2",
            "wlan1",
            "https-redirect=no",
            "authentication-port=1812",
        ]);
        let routers = world.app().routers(&world.shop.owner).await.unwrap();
        let router = routers.iter().find(|r| r.name == "Stage").unwrap();
        script.shows(&[&router.identity, router.secret.expose()]);
        let seven = owner
            .get(&format!("{path}/script.rsc?version=7"))
            .await
            .is(200);
        seven
            .shows(&["require-message-auth"])
            .hides(&["https-redirect"]);
        owner
            .get(&format!("{path}/remove.rsc"))
            .await
            .is(200)
            .shows(&["remove [find"]);
        let page = owner.get(&format!("{path}{query}")).await.is(200);
        page.shows(&[
            "value=\"ether5\"",
            "value=\"ether2, wlan1\"",
            "script.rsc?version=6&#38;uplink=ether5&#38;ports=ether2,+wlan1",
        ]);
        owner
            .get(&format!("{path}?uplink="))
            .await
            .is(200)
            .shows(&["aria-invalid", "No script can be written"]);
        owner
            .get(&format!("{path}/script.rsc?uplink="))
            .await
            .is(400);
    }
}

#[tokio::test]
async fn a_hotspot_that_cannot_be_gets_no_script() {
    for world in worlds().await {
        let owner = world.owner().await;
        for (address, says) in [
            ("224.0.0.1", "No script can be written"),
            ("10.7.0.0", "No script can be written"),
            ("127.0.0.1", "10.20.0.1/22"),
            ("wifi.mama.example", "wifi.mama.example"),
        ] {
            let form = [("name", "Odd"), ("address", address), ("coa", "")];
            let path = owner
                .post("/console/routers", &form)
                .await
                .is(303)
                .location();
            owner.get(&path).await.is(200).shows(&[says]);
        }
    }
}

#[tokio::test]
async fn a_router_is_changed_and_taken_away() {
    for world in worlds().await {
        let owner = world.owner().await;
        let path = format!("/console/routers/{}", world.shop.router.id);
        owner
            .get(&format!("{path}/edit"))
            .await
            .is(200)
            .shows(&["value=\"Gate\"", "value=\"10.5.50.1\""]);
        let form = [
            ("name", "Back gate"),
            ("address", "wifi.mama.example"),
            ("coa", "10.99.0.7:3799"),
        ];
        let page = owner.submit(&path, &form).await;
        page.shows(&["Saved.", "Back gate", "wifi.mama.example", "10.99.0.7:3799"]);
        for (field, form, typed) in [
            (
                "name",
                [("name", ""), ("address", "10.5.50.1"), ("coa", "")],
                "10.5.50.1",
            ),
            (
                "address",
                [("name", "Gate"), ("address", "http://x/"), ("coa", "")],
                "http://x/",
            ),
            (
                "coa",
                [("name", "Gate"), ("address", "10.5.50.1"), ("coa", "a b")],
                "a b",
            ),
        ] {
            let page = owner.post(&path, &form).await.is(422);
            let invalid = page.body.split("aria-invalid").next().unwrap();
            assert!(
                invalid
                    .rsplit("<input")
                    .next()
                    .unwrap()
                    .contains(&format!("name=\"{field}\"")),
                "{field}"
            );
            page.shows(&[typed]);
        }
        owner
            .submit(&path, &[("delete", "1")])
            .await
            .shows(&["The router is gone", "No routers yet"]);
        owner.get(&path).await.is(404);
    }
}
