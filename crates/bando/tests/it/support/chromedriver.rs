//! One ChromeDriver for the whole test program, which ends with it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::sleep;

/// Starts ChromeDriver and ends it when its standard input is closed, that is when the test program ends, however
/// that happens: a static is never dropped. ChromeDriver takes its browsers with it.
const WATCHED: &str = r#"exec 3<&0; "$0" --port="$1" --silent </dev/null & driver=$!; cat <&3 >/dev/null; kill $driver"#;

/// A running ChromeDriver.
struct ChromeDriver {
    /// Holds standard input open.
    _watchdog: Child,
    port: u16,
}

/// The port of ChromeDriver, started at the first call. `None` after saying that the test is skipped, where there is
/// no ChromeDriver or no Chromium.
pub(crate) async fn port() -> Option<u16> {
    static DRIVER: OnceCell<ChromeDriver> = OnceCell::const_new();
    let program = bando_testkit::program("BANDO_TEST_CHROMEDRIVER", "chromedriver")?;
    bando_testkit::program("BANDO_TEST_CHROMIUM", "chromium")?;
    let driver = DRIVER.get_or_init(|| async {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("sh");
        command
            .args(["-c", WATCHED])
            .arg(program)
            .arg(port.to_string());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        ChromeDriver {
            _watchdog: command.spawn().unwrap(),
            port,
        }
    });
    let port = driver.await.port;
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
        {
            return Some(port);
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("ChromeDriver does not listen on port {port}");
}
