//! The stream of changes.

use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::world::{Browser, worlds};

/// What the stream says within a short time.
async fn listen(body: &mut axum::body::Body) -> String {
    let mut said = String::new();
    while let Ok(Some(Ok(frame))) = timeout(Duration::from_millis(900), body.frame()).await {
        if let Ok(data) = frame.into_data() {
            said.push_str(std::str::from_utf8(&data).unwrap());
        }
    }
    said
}

async fn stream(browser: &Browser) -> http::Response<axum::body::Body> {
    let accept = [("accept", "text/event-stream")];
    browser
        .response("GET", "/console/events", String::new(), &accept)
        .await
}

#[tokio::test]
async fn names_what_changed_here_and_nothing_of_others() {
    for world in worlds().await {
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        let mut ours = stream(&world.owner().await).await;
        let mut theirs = stream(&world.signed_in(&neighbour).await).await;
        assert_eq!(ours.headers()["content-type"], "text/event-stream");
        assert_eq!(ours.headers()["cache-control"], "no-cache");
        let payment = world.paid().await;
        world.online(&payment).await;
        let said = listen(ours.body_mut()).await;
        for topic in ["payments", "tickets", "sessions", "home", "confirm", "till"] {
            assert!(
                said.contains(&format!("event: {topic}\ndata: changed\n\n")),
                "{topic} in {said}"
            );
        }
        assert!(!said.contains("0712") && !said.contains(&payment.id.to_string()));
        assert_eq!(listen(theirs.body_mut()).await, "");
    }
}

#[tokio::test]
async fn one_account_holds_only_so_many() {
    for world in worlds().await {
        let owner = world.owner().await;
        let mut open = Vec::new();
        for _ in 0..12 {
            let response = stream(&owner).await;
            assert_eq!(response.status(), 200);
            open.push(response);
        }
        assert_eq!(stream(&owner).await.status(), 429);
        let neighbour = world.shop.neighbour("stage-cyber").await.unwrap();
        assert_eq!(
            stream(&world.signed_in(&neighbour).await).await.status(),
            200
        );
        open.pop();
        assert_eq!(stream(&owner).await.status(), 200);
    }
}

#[tokio::test]
async fn an_open_stream_does_not_keep_the_server_from_stopping() {
    let world = worlds().await.remove(0);
    let token = world
        .app()
        .begin_sign_in(world.shop.owner.account, "a test")
        .await
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move {
        let _ = stopped.await;
    };
    let server = tokio::spawn(bando_web::serve(listener, world.router(), stopped));
    let mut browser = tokio::net::TcpStream::connect(address).await.unwrap();
    let cookie = format!("__Host-bando={}", token.expose());
    let request = format!("GET /console/events HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
    browser.write_all(request.as_bytes()).await.unwrap();
    let mut begun = [0; 15];
    browser.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    timeout(Duration::from_secs(3), server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
