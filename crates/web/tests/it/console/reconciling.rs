//! The ledger, statements, and what they disagree about.

use bando_app::Role;

use super::stage::STATEMENT;
use super::world::{Browser, Page, worlds};

const BOUNDARY: &str = "----bando";

/// Sends a file as a browser does.
async fn upload(browser: &Browser, file: &[u8]) -> Page {
    let mut body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"gateway\"\r\n\r\nmpesa\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n"
    );
    body.push_str(std::str::from_utf8(file).unwrap());
    body.push_str(&format!("\r\n--{BOUNDARY}--\r\n"));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [
        ("content-type", kind.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    browser
        .send("POST", "/console/statements/upload", body, &headers)
        .await
}

#[tokio::test]
async fn the_ledger_is_read_by_account_and_day() {
    for world in worlds().await {
        world.paid().await;
        let owner = world.owner().await;
        owner
            .get("/console/ledger?at=2026-11-20")
            .await
            .is(200)
            .shows(&[
                "Received by M-Pesa",
                "account=gateway%3Ampesa",
                "value=\"2026-11-20\"",
            ]);
        owner
            .get("/console/ledger?at=2026-11-19")
            .await
            .is(200)
            .hides(&["Received by M-Pesa"]);
        let account = "/console/ledger/account?account=gateway%3Ampesa";
        owner
            .get(account)
            .await
            .is(200)
            .shows(&["+KES\u{a0}20", "Earned", "/console/payments/"]);
        owner
            .get(&format!("{account}&to=2026-11-19"))
            .await
            .is(200)
            .shows(&["Nothing moved"]);
        owner.get("/console/ledger/account").await.is(404);
        let file = owner.get("/console/ledger.csv").await.is(200);
        assert!(
            file.header("content-disposition")
                .starts_with("attachment;")
        );
        assert_eq!(file.body.lines().count(), 2, "{}", file.body);
        assert!(file.body.contains("gateway:mpesa"), "{}", file.body);
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        let stranger = world.signed_in(&neighbour).await;
        stranger.get(account).await.is(200).hides(&["+KES"]);
        let file = stranger.get("/console/ledger.csv").await.is(200);
        assert_eq!(file.body.lines().count(), 1);
    }
}

#[tokio::test]
async fn a_file_is_compared_and_its_differences_mended() {
    for world in worlds().await {
        let owner = world.owner().await;
        owner.get("/console/statements").await.is(200).shows(&[
            "No statements yet",
            "Upload a statement",
            "multipart/form-data",
        ]);
        let there = upload(&owner, STATEMENT).await.is(303).location();
        world.shop.work().await;
        owner.get(&there).await.is(200).shows(&[
            "Statement of M-Pesa",
            "1 difference",
            "Uploaded by",
        ]);
        owner
            .get("/console/statements")
            .await
            .is(200)
            .shows(&["1 difference", "1 line"]);
        let list = owner.get("/console/differences").await.is(200);
        let list = list.shows(&["Not in our books", "SKA0000001"]);
        let id = list.body.split("href=\"/console/differences/").nth(1);
        let path = format!(
            "/console/differences/{}",
            id.unwrap().split('"').next().unwrap()
        );
        owner.get(&path).await.is(200).shows(&[
            "Take the money in",
            "Let it be",
            "the payer wrote “NOBODY”",
            "KES\u{a0}20",
        ]);
        let mend = format!("{path}/mend");
        owner
            .post(
                &mend,
                &[("form", "mend"), ("mend", "dismiss"), ("note", " ")],
            )
            .await
            .is(422)
            .shows(&["aria-invalid"]);
        owner.post(&mend, &[("mend", "burn")]).await.is(400);
        owner
            .submit(&mend, &[("mend", "take_in")])
            .await
            .shows(&["Done.", "mended"])
            .hides(&["Take the money in"]);
        owner.post(&mend, &[("mend", "take_in")]).await.is(404);
        owner
            .get("/console/arrivals")
            .await
            .is(200)
            .shows(&["SKA0000001"]);
        owner
            .get("/console/differences")
            .await
            .is(200)
            .shows(&["Everything agrees"]);
        world.shop.check().await;
    }
}

#[tokio::test]
async fn what_is_no_statement_is_refused() {
    for world in worlds().await {
        let owner = world.owner().await;
        upload(&owner, b"%PDF-1.7 nonsense")
            .await
            .is(422)
            .shows(&["This is not a statement we can read"]);
        let large = vec![b'x'; (8 << 20) + 1];
        upload(&owner, &large)
            .await
            .is(422)
            .shows(&["larger than 8 MB"]);
        owner
            .post("/console/statements/upload", &[("file", "x")])
            .await
            .is(400);
        let cashier = world.member(Role::Cashier).await;
        upload(&cashier, STATEMENT).await.is(403);
        cashier.get("/console/statements").await.is(403);
        cashier.get("/console/differences").await.is(403);
        cashier
            .post("/console/statements/fetch", &[("gateway", "mpesa")])
            .await
            .is(403);
        // A manager mends, and leaves what loses money to the owner.
        upload(&owner, STATEMENT).await.is(303);
        world.shop.work().await;
        let manager = world.member(Role::Manager).await;
        let list = manager.get("/console/differences").await.is(200);
        let id = list.body.split("href=\"/console/differences/").nth(1);
        let path = format!(
            "/console/differences/{}",
            id.unwrap().split('"').next().unwrap()
        );
        manager.get(&path).await.is(200).hides(&["Let it be"]);
        manager
            .post(
                &format!("{path}/mend"),
                &[("mend", "dismiss"), ("note", "x")],
            )
            .await
            .is(403);
    }
}
