//! RADIUS clients that others wrote, asking our server: radclient of FreeRADIUS, and pyrad.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// How a client proves that it knows a password, or that it asks nothing but to be accounted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    /// The password, hidden with the secret.
    Pap(&'a str),
    /// A hash of the password and a challenge.
    Chap(&'a str),
    /// An Accounting-Request.
    Accounting,
}

/// A server to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server<'a> {
    /// The port, on 127.0.0.1, for the kind of question.
    pub(crate) port: u16,
    /// The secret of the router that the client plays.
    pub(crate) secret: &'a str,
}

/// What the server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// As the RFCs name it: `Access-Accept`, `Accounting-Response`.
    pub(crate) code: String,
    /// The values of each attribute, as the client writes them.
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
}

/// Asks by radclient. `Ok` holds the reply; `Err` what radclient said when there was no valid one. `None` after saying
/// that the test is skipped, where there is no radclient.
pub(crate) async fn radclient(
    server: Server<'_>,
    ask: Ask<'_>,
    attributes: &[(&str, &str)],
) -> Option<Result<Reply, String>> {
    let program = bando_testkit::program("BANDO_TEST_RADCLIENT", "radclient")?;
    let mut packet: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!("{name} = \"{value}\""))
        .collect();
    let command = match ask {
        Ask::Pap(password) => {
            packet.push(format!("User-Password = \"{password}\""));
            "auth"
        }
        Ask::Chap(password) => {
            packet.push(format!("CHAP-Password = \"{password}\""));
            "auth"
        }
        Ask::Accounting => "acct",
    };
    if command == "auth" {
        packet.push("Message-Authenticator = 0x00".to_owned());
    }
    let mut radclient = Command::new(program);
    radclient.args([
        "-x",
        "-r",
        "3",
        "-t",
        "1",
        &format!("127.0.0.1:{}", server.port),
        command,
        server.secret,
    ]);
    let (success, said) = talk(radclient, &packet.join("\n")).await;
    // Its exit code also fails on a reject.
    Some(read_radclient(&said).ok_or(if success { "no reply".to_owned() } else { said }))
}

/// Asks by pyrad, which takes no reply without a right Message-Authenticator. Answers as [`radclient`] does; a whole
/// number among the values of an attribute is written as such, bytes in hex.
pub(crate) async fn pyrad(
    server: Server<'_>,
    ask: Ask<'_>,
    attributes: Value,
) -> Option<Result<Reply, String>> {
    let (kind, password) = match ask {
        Ask::Pap(password) => ("pap", password),
        Ask::Chap(password) => ("chap", password),
        Ask::Accounting => ("acct", ""),
    };
    let question = json!({
        "port": server.port, "secret": server.secret, "kind": kind, "password": password, "attributes": attributes,
    });
    let mut python = Command::new(bando_testkit::python()?);
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/pyrad_client.py"));
    let (success, said) = talk(python, &question.to_string()).await;
    Some(if success {
        Ok(read_pyrad(&said))
    } else {
        Err(said)
    })
}

/// Whether the program succeeded, and what it said: standard output, then standard error.
async fn talk(mut command: Command, input: &str) -> (bool, String) {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .await
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// `Received Access-Accept Id 7 from …` and below it one attribute a line.
fn read_radclient(said: &str) -> Option<Reply> {
    let mut lines = said
        .lines()
        .skip_while(|line| !line.starts_with("Received "));
    let code = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut attributes = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in lines.map_while(|line| line.strip_prefix('\t')?.split_once(" = ")) {
        attributes
            .entry(name.to_owned())
            .or_default()
            .push(value.trim_matches('"').to_owned());
    }
    Some(Reply { code, attributes })
}

fn read_pyrad(said: &str) -> Reply {
    let answer: Value = serde_json::from_str(said).unwrap();
    let code = match answer["code"].as_u64().unwrap() {
        2 => "Access-Accept",
        3 => "Access-Reject",
        5 => "Accounting-Response",
        11 => "Access-Challenge",
        other => panic!("code {other}"),
    };
    let written = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let attributes = answer["attributes"].as_object().unwrap().iter();
    let attributes = attributes
        .map(|(name, values)| {
            (
                name.clone(),
                values.as_array().unwrap().iter().map(written).collect(),
            )
        })
        .collect();
    Reply {
        code: code.to_owned(),
        attributes,
    }
}
