//! Real Chromium, as a person would use it: a small WebDriver client for tests. Every failure is a panic that tells.
//!
//! ```no_run
//! let Some(browser) = Browser::open(View::phone().without_scripts()).await else { return };
//! browser.go(&portal).await;
//! browser.type_into("input[name=phone]", "0712345678").await;
//! browser.click("button[type=submit]").await;
//! browser.wait_for_text("h1", "Check your phone").await;
//! browser.screenshot("portal-waiting").await;
//! ```

use std::fmt::Debug;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

use super::chromedriver;

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many browsers may run at once: each is a good part of a core.
static BROWSERS: Semaphore = Semaphore::const_new(2);

/// The key under which WebDriver gives the reference of an element (W3C WebDriver §12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Chromium without a display, without a sandbox (tests may run as root), without calls home.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// How a page is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    width: u32,
    height: u32,
    scripts: bool,
    dark: bool,
}

impl View {
    /// A cheap phone: 360 × 640, light, scripts on.
    pub(crate) const fn phone() -> Self {
        Self {
            width: 360,
            height: 640,
            scripts: true,
            dark: false,
        }
    }

    /// A desk: 1280 × 800, light, scripts on.
    pub(crate) const fn desk() -> Self {
        Self {
            width: 1280,
            height: 800,
            ..Self::phone()
        }
    }

    /// The same with scripts off.
    pub(crate) const fn without_scripts(self) -> Self {
        Self {
            scripts: false,
            ..self
        }
    }

    /// The same for somebody who prefers dark.
    pub(crate) const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A browser window of its own profile. Dropping it closes it.
pub(crate) struct Browser {
    http: reqwest::Client,
    port: u16,
    session: String,
    _profile: TempDir,
    _permit: SemaphorePermit<'static>,
}

impl Browser {
    /// Opens a window. `None` after saying that the test is skipped, where there is no Chromium.
    pub(crate) async fn open(view: View) -> Option<Self> {
        let port = chromedriver::port().await?;
        // It is already installed when another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let permit = BROWSERS.acquire().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        flags.push(format!("--window-size={},{}", view.width, view.height));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "pageLoad": PATIENCE.as_millis() },
        }}});
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut browser = Self {
            http,
            port,
            session: String::new(),
            _profile: profile,
            _permit: permit,
        };
        let opened = browser.ask("POST", "/session", &wanted).await;
        browser.session = opened["sessionId"].as_str().unwrap().to_owned();
        browser.show_as(view).await;
        Some(browser)
    }

    /// Goes to an address and waits until the page is loaded.
    pub(crate) async fn go(&self, url: &str) {
        self.tell("url", &json!({ "url": url })).await;
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) {
        self.tell("refresh", &json!({})).await;
    }

    /// The address of the page.
    pub(crate) async fn url(&self) -> String {
        text_of(&self.get("url").await)
    }

    /// The title of the page.
    pub(crate) async fn title(&self) -> String {
        text_of(&self.get("title").await)
    }

    /// Clicks on the first element that the selector finds, once it is there and scrolled to.
    pub(crate) async fn click(&self, css: &str) {
        let clicked = self.until(|| self.try_click(css)).await;
        assert!(clicked.is_some(), "{css} never stays for a click");
    }

    /// Clicks; `None` if a live page has drawn the element anew meanwhile.
    async fn try_click(&self, css: &str) -> Option<()> {
        let element = self.wait_for(css).await;
        // What is in the window may still be under a bar that stays at its edge.
        let scroll = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        let scroll = json!({ "script": scroll, "args": [{ ELEMENT: element }] });
        for (command, body) in [
            ("execute/sync".to_owned(), scroll),
            (format!("element/{element}/click"), json!({})),
        ] {
            match self.send("POST", &self.path(&command), &body).await {
                Ok(_) => {}
                Err(error) if error.starts_with("stale element") => return None,
                Err(error) => panic!("click on {css}: {error}"),
            }
        }
        Some(())
    }

    /// Gives the browser a cookie of the site it is at.
    pub(crate) async fn take_cookie(&self, name: &str, value: &str) {
        let cookie = json!({ "cookie": { "name": name, "value": value } });
        self.tell("cookie", &cookie).await;
    }

    /// Goes into the first frame that the selector finds: what follows happens in there.
    pub(crate) async fn enter_frame(&self, css: &str) {
        let element = self.wait_for(css).await;
        self.tell("frame", &json!({ "id": { ELEMENT: element } }))
            .await;
    }

    /// Goes back from frames to the page itself.
    pub(crate) async fn leave_frames(&self) {
        self.tell("frame", &json!({ "id": null })).await;
    }

    /// Empties a field and types into it.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let element = self.wait_for(css).await;
        self.tell(&format!("element/{element}/clear"), &json!({}))
            .await;
        self.tell(
            &format!("element/{element}/value"),
            &json!({ "text": text }),
        )
        .await;
    }

    /// The text of the first element that the selector finds, as shown.
    pub(crate) async fn text(&self, css: &str) -> String {
        let element = self.wait_for(css).await;
        text_of(&self.get(&format!("element/{element}/text")).await)
    }

    /// An attribute of the first element that the selector finds; `None` when it has none of that name.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let element = self.wait_for(css).await;
        self.get(&format!("element/{element}/attribute/{name}"))
            .await
            .as_str()
            .map(str::to_owned)
    }

    /// How many elements the selector finds now.
    pub(crate) async fn count(&self, css: &str) -> usize {
        self.find(css).await.len()
    }

    /// Waits until the selector finds something; answers with its reference.
    pub(crate) async fn wait_for(&self, css: &str) -> String {
        let found = self
            .until(|| async { self.find(css).await.into_iter().next() })
            .await;
        match found {
            Some(element) => element,
            None => panic!(
                "no {css} on {}; the page:\n{}",
                self.url().await,
                self.page_text().await
            ),
        }
    }

    /// Waits until an element that the selector finds shows the text; answers with all that it shows.
    pub(crate) async fn wait_for_text(&self, css: &str, text: &str) -> String {
        let found = self.until(|| self.shown(css, text)).await;
        match found {
            Some(shown) => shown,
            None => panic!(
                "no {css} with {text:?} on {}; the page:\n{}",
                self.url().await,
                self.page_text().await
            ),
        }
    }

    /// Runs a script in the page, also where the page itself may run none, and answers with what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.tell("execute/sync", &json!({ "script": script, "args": [] }))
            .await
    }

    /// What the browser complained of since the last call: errors of scripts, refusals by the content security
    /// policy, resources that failed to load.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.tell("se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let bad = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        bad.map(|entry| text_of(&entry["message"])).collect()
    }

    /// How far the page is wider than the window, in CSS pixels: 0 where nobody has to scroll sideways.
    pub(crate) async fn overflow(&self) -> i64 {
        let script =
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
        self.run(script).await.as_i64().unwrap()
    }

    /// Writes what the window shows to `target/screenshots/NAME.png`.
    pub(crate) async fn screenshot(&self, name: &str) -> PathBuf {
        let png = self.get("screenshot").await;
        save(name, &png)
    }

    /// Writes the page from top to bottom to `target/screenshots/NAME.png`.
    pub(crate) async fn screenshot_whole(&self, name: &str) -> PathBuf {
        let wanted = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.developer("Page.captureScreenshot", &wanted).await;
        save(name, &shot["data"])
    }

    /// Sizes below 500 pixels, scripts off and the colour scheme are no part of WebDriver.
    async fn show_as(&self, view: View) {
        let View {
            width,
            height,
            scripts,
            dark,
        } = view;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 0, "mobile": false });
        self.developer("Emulation.setDeviceMetricsOverride", &metrics)
            .await;
        self.developer(
            "Emulation.setScriptExecutionDisabled",
            &json!({ "value": !scripts }),
        )
        .await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.developer("Emulation.setEmulatedMedia", &media).await;
    }

    /// A command of Chromium's own developer tools protocol.
    async fn developer(&self, command: &str, parameters: &Value) -> Value {
        self.tell(
            "goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
        .await
    }

    async fn find(&self, css: &str) -> Vec<String> {
        let found = self
            .tell(
                "elements",
                &json!({ "using": "css selector", "value": css }),
            )
            .await;
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|element| text_of(&element[ELEMENT]))
            .collect()
    }

    /// What the elements show, if one of them shows the text. An element may go while we look.
    async fn shown(&self, css: &str, text: &str) -> Option<String> {
        for element in self.find(css).await {
            let answer = self
                .send(
                    "GET",
                    &self.path(&format!("element/{element}/text")),
                    &Value::Null,
                )
                .await;
            let found = answer
                .ok()
                .map(|shown| text_of(&shown))
                .filter(|shown| shown.contains(text));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    async fn page_text(&self) -> String {
        text_of(&self.run("return document.body.innerText").await)
    }

    async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> Option<T> {
        let start = Instant::now();
        loop {
            let found = look().await;
            if found.is_some() || start.elapsed() > PATIENCE {
                return found;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn get(&self, command: &str) -> Value {
        self.ask("GET", &self.path(command), &Value::Null).await
    }

    async fn tell(&self, command: &str, body: &Value) -> Value {
        self.ask("POST", &self.path(command), body).await
    }

    fn path(&self, command: &str) -> String {
        format!("/session/{}/{command}", self.session)
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path} {body}: {error}"))
    }

    /// The `value` of the answer, or what WebDriver says went wrong.
    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let method = method.parse().map_err(told)?;
        let mut request = self
            .http
            .request(method, format!("http://127.0.0.1:{}{path}", self.port));
        if !body.is_null() {
            request = request.json(body);
        }
        let mut answer: Value = request
            .send()
            .await
            .map_err(told)?
            .json()
            .await
            .map_err(told)?;
        let value = answer["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!(
                "{error}: {}",
                value["message"].as_str().unwrap_or_default()
            )),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Nothing can be awaited here, and the runtime may be gone.
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return;
        };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let request = format!(
            "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            self.session
        );
        if stream.write_all(request.as_bytes()).is_ok() {
            // The profile is deleted next: the browser has to be gone.
            let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
        }
    }
}

fn save(name: &str, png: &Value) -> PathBuf {
    let directory = bando_testkit::repository().join("target/screenshots");
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join(format!("{name}.png"));
    std::fs::write(&path, STANDARD.decode(png.as_str().unwrap()).unwrap()).unwrap();
    path
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn told(error: impl Debug) -> String {
    format!("{error:?}")
}
