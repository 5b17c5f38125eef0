//! The clients that others wrote, against a socket that answers nothing right: they are there, and they are strict.

use serde_json::json;
use tokio::net::UdpSocket;

use super::support::clients::{Ask, Server, pyrad, radclient};

/// Answers every packet with an Access-Accept that knows no secret.
async fn liar() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut packet = [0; 4096];
        while let Ok((_, from)) = socket.recv_from(&mut packet).await {
            let mut reply = [0; 20];
            reply[..4].copy_from_slice(&[2, packet[1], 0, 20]);
            let _ = socket.send_to(&reply, from).await;
        }
    });
    port
}

async fn believes_no_liar(ask: Ask<'_>) {
    let server = Server {
        port: liar().await,
        secret: "testing123",
    };
    let attributes = [("User-Name", "u"), ("Acct-Status-Type", "Start")];
    let answers = tokio::join!(
        radclient(server, ask, &attributes),
        pyrad(server, ask, json!({ "User-Name": "u" }))
    );
    if let Some(answer) = answers.0 {
        assert!(answer.is_err_and(|said| said.contains("invalid Response Authenticator")));
    }
    if let Some(answer) = answers.1 {
        assert!(answer.is_err_and(|said| said.contains("Timeout")));
    }
}

#[tokio::test]
async fn nobody_who_asks_by_pap_believes_a_liar() {
    believes_no_liar(Ask::Pap("pw")).await;
}

#[tokio::test]
async fn nobody_who_asks_by_chap_believes_a_liar() {
    believes_no_liar(Ask::Chap("pw")).await;
}

#[tokio::test]
async fn nobody_who_accounts_believes_a_liar() {
    believes_no_liar(Ask::Accounting).await;
}
