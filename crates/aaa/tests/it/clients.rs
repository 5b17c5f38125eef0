//! Clients that others wrote: radclient of FreeRADIUS, and pyrad with `enforce_ma`.

use std::process::Stdio;

use bando_store::Router;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::nas::PHONE;
use crate::world::{HOUR, Shop, worlds};

#[tokio::test]
async fn radclient_logs_in_and_accounts() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let code = shop.ticket(HOUR).await.code.to_string();
        let (auth, acct) = (
            world.server().auth_addr.port(),
            world.server().acct_addr.port(),
        );
        let login =
            |proof: &str| format!("User-Name = \"{code}\", {proof}, Message-Authenticator = 0x00");

        let pap = login(&format!("User-Password = \"{code}\""));
        let Some(said) = radclient(&shop.router, auth, "auth", &pap).await else {
            return;
        };
        assert!(said.contains("Received Access-Accept"), "{said}");
        assert!(said.contains("Session-Timeout = 3600"), "{said}");
        let chap = login(&format!("CHAP-Password = \"{code}\""));
        let said = radclient(&shop.router, auth, "auth", &chap).await.unwrap();
        assert!(said.contains("Received Access-Accept"), "{said}");
        let wrong = login("User-Password = \"K7MPQ2XW9R\"");
        let said = radclient(&shop.router, auth, "auth", &wrong).await.unwrap();
        assert!(said.contains("Received Access-Reject"), "{said}");
        assert!(
            said.contains("Reply-Message = \"This code is not known here."),
            "{said}"
        );

        for status in ["Start", "Interim-Update", "Stop"] {
            let record = format!(
                "User-Name = \"{code}\", Acct-Session-Id = \"80100014\", Acct-Status-Type = {status}, \
                 Acct-Input-Octets = 5, Acct-Input-Gigawords = 1"
            );
            let said = radclient(&shop.router, acct, "acct", &record)
                .await
                .unwrap();
            assert!(said.contains("Received Accounting-Response"), "{said}");
        }
        let open = world.app.open_sessions(&shop.owner).await.unwrap();
        assert!(open.is_empty());
    }
}

async fn radclient(router: &Router, port: u16, command: &str, attributes: &str) -> Option<String> {
    let program = bando_testkit::program("BANDO_TEST_RADCLIENT", "radclient")?;
    let mut radclient = Command::new(program);
    radclient.args([
        "-x",
        "-r",
        "3",
        "-t",
        "5",
        &format!("127.0.0.1:{port}"),
        command,
    ]);
    radclient.arg(router.secret.expose());
    let packet = format!(
        "{attributes}, NAS-Identifier = \"{}\", Calling-Station-Id = \"{PHONE}\"",
        router.identity
    );
    Some(talk(radclient, &packet).await)
}

#[tokio::test]
async fn pyrad_believes_our_replies() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let code = shop.ticket(HOUR).await.code.to_string();
        let auth = world.server().auth_addr.port();
        for kind in ["pap", "chap"] {
            let question = json!({ "port": auth, "kind": kind, "password": code });
            let Some(answer) = pyrad(&shop, question, json!({ "User-Name": code })).await else {
                return;
            };
            assert_eq!(answer["code"], 2, "{answer}");
            assert_eq!(
                answer["attributes"]["Session-Timeout"],
                json!([3600]),
                "{answer}"
            );
        }
    }
}

async fn pyrad(shop: &Shop, mut question: Value, mut attributes: Value) -> Option<Value> {
    let client = bando_testkit::repository().join("crates/bando/tests/it/clients/pyrad_client.py");
    let mut python = Command::new(bando_testkit::python()?);
    python.arg(client);
    attributes["NAS-Identifier"] = json!(shop.router.identity);
    attributes["Calling-Station-Id"] = json!(PHONE);
    question["secret"] = json!(shop.router.secret.expose());
    question["attributes"] = attributes;
    let said = talk(python, &question.to_string()).await;
    Some(serde_json::from_str(&said).unwrap_or_else(|_| panic!("pyrad said {said}")))
}

/// What the program said on both its outputs.
async fn talk(mut command: Command, input: &str) -> String {
    let all = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = all.kill_on_drop(true).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
