//! A shop with the web server in front of it, and browsers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use bando_app::testing::Shop;
use bando_app::{App, Caller, Payment, Role};
use bando_domain::{Language, Secret};
use bando_web::Web;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A shop that has sold, on each engine at hand.
pub(crate) async fn worlds() -> Vec<World> {
    let shops = Shop::open_all(11).await;
    shops.into_iter().map(World::of).collect()
}

/// A shop and its web server.
pub(crate) struct World {
    pub(crate) shop: Shop,
    web: Router,
}

impl World {
    pub(crate) fn of(shop: Shop) -> Self {
        let web = bando_web::router(Web {
            app: shop.app.clone(),
            behind_proxy: false,
        });
        Self { shop, web }
    }

    /// The web server's routes.
    pub(crate) fn router(&self) -> Router {
        self.web.clone()
    }

    pub(crate) fn app(&self) -> &App {
        &self.shop.app
    }

    /// A browser that nobody has signed in with.
    pub(crate) fn browser(&self) -> Browser {
        Browser {
            web: self.web.clone(),
            cookies: Mutex::default(),
        }
    }

    /// The owner's browser.
    pub(crate) async fn owner(&self) -> Browser {
        self.signed_in(&self.shop.owner).await
    }

    /// The browser of a new member with this role.
    pub(crate) async fn member(&self, role: Role) -> Browser {
        self.signed_in(&self.hire(self.shop.owner.provider, role).await)
            .await
    }

    /// A new member.
    pub(crate) async fn hire(&self, provider: bando_domain::ProviderId, role: Role) -> Caller {
        let (name, password) = (format!("{}-{provider}", role.name()), Secret::new(PASSWORD));
        let account = self
            .app()
            .create_account(&name, &password, &name, Language::En, false);
        let account = account.await.unwrap();
        self.app()
            .add_member(provider, account, role)
            .await
            .unwrap();
        Caller {
            account,
            name,
            provider,
            role,
        }
    }

    pub(crate) async fn signed_in(&self, caller: &Caller) -> Browser {
        let token = self
            .app()
            .begin_sign_in(caller.account, "a test")
            .await
            .unwrap();
        let browser = self.browser();
        browser.keep("__Host-bando", token.expose());
        browser
    }

    /// A payment of the shop that succeeded, for device 1.
    pub(crate) async fn paid(&self) -> Payment {
        let ticket = self.shop.buy("0712345678", Some(Shop::device(1))).await;
        let all = bando_app::PaymentFilter::default();
        let found = self.app().payments(&self.shop.owner, &all, None, 50).await;
        let rows = found.unwrap().rows;
        rows.into_iter()
            .find(|p| p.ticket_id == Some(ticket.id))
            .unwrap()
    }

    /// A device online with the ticket of `payment`.
    pub(crate) async fn online(&self, payment: &Payment) -> bando_domain::SessionId {
        let ticket = payment.ticket_id.unwrap();
        let record = self.shop.record(ticket, Shop::device(1), 60, 4_000_000);
        let id = record.id;
        self.app()
            .record_accounting(vec![(self.shop.provider(), record)])
            .await
            .unwrap();
        id
    }
}

/// A browser: keeps cookies, follows nothing by itself.
pub(crate) struct Browser {
    web: Router,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn keep(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .unwrap()
            .insert(name.into(), value.into());
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.lock().unwrap()[name].clone()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.cookies.lock().unwrap().contains_key(name)
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send("GET", path, String::new(), &[]).await
    }

    /// Sends a form as our own pages do.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")])
            .await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", path, form.finish(), &all).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Page {
        let response = self.response(method, path, body, headers).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The answer with its body still to come.
    pub(crate) async fn response(
        &self,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> http::Response<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "wifi.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.web.clone().oneshot(request).await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (pair, rest) = set.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.lock().unwrap().remove(name);
            } else {
                self.keep(name, value);
            }
        }
        response
    }

    /// Sends a form and opens the page that shows the result.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(path, fields).await;
        self.get(&answer.location()).await.is(200)
    }
}

impl Page {
    /// Its main part, for messages.
    fn excerpt(&self) -> String {
        let main = self
            .body
            .split_once("<main")
            .map_or(&*self.body, |(_, main)| main);
        main.chars().take(3000).collect()
    }

    /// Checks the status.
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{:?}\n{}",
            self.headers,
            self.excerpt()
        );
        self
    }

    /// Checks that it shows all of these.
    pub(crate) fn shows(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.body.contains(text),
                "no {text:?} in\n{}",
                self.excerpt()
            );
        }
        self
    }

    /// Checks that it shows none of these.
    pub(crate) fn hides(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(!self.body.contains(text), "{text:?} in\n{}", self.excerpt());
        }
        self
    }

    /// Where it sends the browser.
    pub(crate) fn location(&self) -> String {
        let location = self.headers.get(header::LOCATION);
        assert!(
            location.is_some(),
            "{} sends nowhere\n{}",
            self.status,
            self.body
        );
        location.unwrap().to_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
