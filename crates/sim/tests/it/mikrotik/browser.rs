//! What a customer's browser meets.

use std::time::Duration;

use bando_radius::{AcctTerminateCause, Code, Credentials, dictionary as rfc};

use super::fixture::{Answer, MAC, World, number, open};

/// As the portal must decode `\371\000…`.
fn from_octal(text: &str) -> Vec<u8> {
    let digits = text.split('\\').skip(1);
    digits
        .map(|d| u8::from_str_radix(d, 8).expect("octal digits"))
        .collect()
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_portal_with_everything_it_needs() {
    let world = World::new().await;
    let ip = world.sim.join(MAC).expect("a free address");
    let page = open(&world.sim.url(MAC, "some/page?q=1"), None).await;
    assert_eq!(page.status, 302);
    assert!(
        page.location
            .starts_with("http://portal.test/p/mama-njeri?mac=40%3AD3%3A")
    );
    assert_eq!(page.parameter("mac"), MAC.to_string());
    assert_eq!(page.parameter("ip"), ip.to_string());
    assert_eq!(page.parameter("identity"), "mama-njeri-k7mp");
    assert_eq!(
        page.parameter("link-login-only"),
        world.sim.url(MAC, "login")
    );
    assert_eq!(
        page.parameter("link-orig"),
        world.sim.url(MAC, "some/page?q=1")
    );
    assert_eq!(page.parameter("error"), "");
    assert_eq!(from_octal(&page.parameter("chap-id")).len(), 1);
    assert_eq!(from_octal(&page.parameter("chap-challenge")).len(), 16);

    let again = open(&world.sim.url(MAC, "generate_204"), None).await;
    assert_eq!(
        again.parameter("chap-challenge"),
        page.parameter("chap-challenge")
    );

    let elsewhere = world.sim.url(bando_domain::MacAddr::new([2; 6]), "");
    assert_eq!(open(&elsewhere, None).await.status, 404);
    assert_eq!(raw(&world, "CONNECT portal.test:443").await, "404");
    assert_eq!(raw(&world, "OPTIONS *").await, "404");
    assert_eq!(
        open(&world.sim.url(MAC, "../../etc"), Some("x"))
            .await
            .status,
        404
    );
}

/// The status of the answer to a request line that no browser sends.
async fn raw(world: &World, line: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let address = world.sim.http_addr();
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("the hotspot");
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("a status line");
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn chap_login_reaches_the_internet_and_back() {
    let world = World::new().await;
    world.sim.join(MAC);
    let portal = open(&world.sim.url(MAC, "news"), None).await;
    let (id, challenge) = (
        portal.parameter("chap-id"),
        portal.parameter("chap-challenge"),
    );
    let (id, challenge) = (from_octal(&id)[0], from_octal(&challenge));
    let answer = hex::encode(bando_radius::chap::response(id, b"K7MPQ2XW9R", &challenge));
    let form = format!("username=K7MPQ2XW9R&password={answer}&dst=http%3A%2F%2Fnews.test%2F");
    let page = open(&portal.parameter("link-login-only"), Some(&form)).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (302, "http://news.test/")
    );

    let request = &world.server.received(Code::AccessRequest)[0];
    let offered = request
        .packet()
        .credentials()
        .expect("well formed")
        .expect("some");
    assert!(matches!(offered, Credentials::Chap(chap) if chap.matches(b"K7MPQ2XW9R")));

    let news = open(&world.sim.url(MAC, "news"), None).await;
    assert_eq!(news.status, 200);
    assert!(news.body.contains("The internet: /news"));
    assert_eq!(
        open(&world.sim.url(MAC, "generate_204"), None).await.status,
        204
    );
    let status = open(&world.sim.url(MAC, "status"), None).await;
    assert!(
        status.body.contains("Welcome K7MPQ2XW9R!"),
        "{}",
        status.body
    );

    assert_eq!(open(&world.sim.url(MAC, "logout"), None).await.status, 200);
    let stop = &world.accounting(2).await[1];
    let cause = AcctTerminateCause::UserRequest.to_u32();
    assert_eq!(stop.packet().u32(rfc::ACCT_TERMINATE_CAUSE), Some(cause));
    assert_eq!(open(&world.sim.url(MAC, "news"), None).await.status, 302);
}

#[tokio::test]
async fn pap_by_get_works_and_scripts_are_not_followed() {
    let world = World::new().await;
    world.sim.join(MAC);
    let login = "login?username=a&password=plain&dst=javascript%3Aalert(1)";
    let page = open(&world.sim.url(MAC, login), None).await;
    assert_eq!(page.location, world.sim.url(MAC, "status"));
    let request = &world.server.received(Code::AccessRequest)[0];
    let offered = request
        .packet()
        .credentials()
        .expect("well formed")
        .expect("some");
    let secret = bando_radius::Secret::new(super::fixture::SECRET.as_bytes()).expect("not empty");
    assert!(matches!(&offered, Credentials::Pap(_)));
    assert_eq!(offered.verify(&secret, b"plain"), Ok(true));
}

#[tokio::test]
async fn a_refusal_comes_back_in_the_servers_words() {
    let world = World::new().await;
    world.sim.join(MAC);
    world.server.answers(Answer::Reject(
        "Muda umeisha / time is over: buy again & go on",
    ));
    let page = open(
        &world.sim.url(MAC, "login"),
        Some("username=a&password=b&dst=x"),
    )
    .await;
    assert_eq!(
        page.parameter("error"),
        "Muda umeisha / time is over: buy again & go on"
    );
    assert_eq!(page.parameter("link-orig"), "x");
    let long = format!("username={}&password=b", "a".repeat(300));
    let page = open(&world.sim.url(MAC, "login"), Some(&long)).await;
    assert_eq!(page.status, 302, "a name that fits no packet");
}

#[tokio::test]
async fn without_pap_a_plain_password_goes_nowhere() {
    let world = World::with(|config| config.profile.pap = false).await;
    world.sim.join(MAC);
    let page = open(&world.sim.url(MAC, "login"), Some("username=a&password=b")).await;
    assert!(
        page.parameter("error")
            .starts_with("web browser did not send challenge response")
    );
    assert!(world.server.received(Code::AccessRequest).is_empty());
}

#[tokio::test]
async fn cut_off_at_the_end() {
    let world = World::new().await;
    world.online(vec![(rfc::SESSION_TIMEOUT, number(60))]).await;
    world.advance(Duration::from_millis(59_999));
    assert_eq!(open(&world.sim.url(MAC, "news"), None).await.status, 200);
    world.advance(Duration::from_millis(1));
    assert_eq!(open(&world.sim.url(MAC, "news"), None).await.status, 302);
    world.sim.power_off();
    assert_eq!(open(&world.sim.url(MAC, "news"), None).await.status, 503);
}
