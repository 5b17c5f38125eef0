//! The demo that the browser tests share, and the customers who come to its hotspot.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bando::demo::{Demo, DemoArgs};
use bando_app::Plan;
use bando_domain::{Country, MacAddr, Phone};
use bando_sim::mikrotik::ActiveView;
use clap::Parser;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio::time::sleep;

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// Outlives each test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    demo: DemoArgs,
}

/// The demo of all tests that need none of their own, started at the first call.
pub(super) async fn shared() -> &'static Demo {
    static SHARED: OnceCell<Demo> = OnceCell::const_new();
    SHARED.get_or_init(|| start("shared")).await
}

/// A demo on free ports. It lives until the test program ends, so its data are below `target`, in a directory that the
/// next run empties.
pub(super) async fn start(name: &str) -> Demo {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{name}"));
    let _ = std::fs::remove_dir_all(&directory);
    let ports = ["--port=0", "--radius-auth-port=0", "--radius-acct-port=0"];
    let data = format!("--data={}", directory.display());
    let args = Flags::parse_from(["demo"].into_iter().chain(ports).chain([data.as_str()]));
    RUNTIME
        .spawn(async move { Demo::start(&args.demo).await.unwrap() })
        .await
        .unwrap()
}

/// The plan of that name.
pub(super) fn plan<'a>(demo: &'a Demo, name: &str) -> &'a Plan {
    let mut plans = demo.shop.plans.iter();
    plans.find(|plan| plan.name == name).unwrap()
}

/// Waits until `look` sees something.
pub(super) async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Somebody with a phone who is on the Wi-Fi.
pub(super) struct Customer {
    pub(super) demo: &'static Demo,
    pub(super) mac: MacAddr,
    pub(super) phone: Phone,
    /// The number as its owner writes it.
    pub(super) number: String,
}

impl Customer {
    /// Customer `n` comes within reach of the hotspot.
    pub(super) async fn arrives(demo: &'static Demo, n: u8) -> Self {
        let mac = MacAddr::new([0xDA, 0xA1, 0x19, 0x00, 0x01, n]);
        demo.router.join_and_wait(mac).await.unwrap();
        let number = format!("07455001{n:02}");
        Self {
            demo,
            mac,
            phone: Phone::parse(&number, Country::Ke).unwrap(),
            number,
        }
    }

    /// What the phone opens first: any address at all.
    pub(super) fn hotspot(&self) -> String {
        self.demo.router.url(self.mac, "news")
    }

    /// The number as pages show it.
    pub(super) fn masked(&self) -> String {
        self.phone.masked()
    }

    /// Waits for the prompt and enters the PIN.
    pub(super) async fn approves(&self) {
        until("a prompt to approve", async || {
            self.demo.daraja.phones().approve(&self.phone, None).ok()
        })
        .await;
    }

    /// Waits for the prompt and declines.
    pub(super) async fn declines(&self) {
        until("a prompt to decline", async || {
            self.demo.daraja.phones().cancel(&self.phone).ok()
        })
        .await;
    }

    /// The session of this device on the router.
    pub(super) fn session(&self) -> Option<ActiveView> {
        let active = self.demo.router.active();
        active.into_iter().find(|session| session.mac == self.mac)
    }

    /// Waits until the router has let this device in.
    pub(super) async fn is_let_in(&self) -> ActiveView {
        until("the router to let the device in", async || self.session()).await
    }

    /// Waits until the router has put this device off.
    pub(super) async fn is_put_off(&self) {
        until("the router to put the device off", async || {
            self.session().is_none().then_some(())
        })
        .await;
    }
}
