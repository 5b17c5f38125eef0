//! The router's parameters in an address: reading them, and carrying them on to the next page.

use bando_app::Visit;
use url::{Url, form_urlencoded};

/// The most characters of a parameter that is taken over. RouterOS's own are far shorter.
const MAX_PARAMETER: usize = 256;

/// The same for the page the customer wanted.
const MAX_ADDRESS: usize = 1024;

/// A query as the portal understands it; everything in it may be missing, forged or nonsense.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// The router's parameters.
    pub(crate) visit: Visit,
    /// Why the router sent the browser here, in the router's words.
    pub(crate) error: String,
    /// The language chosen by hand.
    pub(crate) lang: Option<String>,
    /// The browser comes back from the router, which let it in.
    pub(crate) online: bool,
    /// The customer wants to see the plans, whatever ticket there is.
    pub(crate) plans: bool,
    /// The payment has just begun: on to the gateway's page, where it is paid on one.
    pub(crate) go: bool,
    /// What was just done, to be confirmed.
    pub(crate) done: String,
}

impl Query {
    /// Whether it asks for nothing that another browser would not get.
    pub(crate) fn is_plain(&self) -> bool {
        self.visit == Visit::default() && self.error.is_empty()
    }

    /// Reads a query; of two parameters of one name the first counts.
    pub(crate) fn read(query: &str) -> Self {
        let get = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let short = |name: &str| {
            Some(get(name))
                .filter(|v| v.len() <= MAX_PARAMETER)
                .unwrap_or_default()
        };
        let visit = Visit {
            mac: get("mac").parse().ok(),
            ip: short("ip"),
            identity: short("identity"),
            link_login_only: short("link-login-only"),
            link_orig: web_address(&get("link-orig")).unwrap_or_default(),
            chap_id: short("chap-id"),
            chap_challenge: short("chap-challenge"),
        };
        Self {
            visit,
            error: short("error"),
            lang: Some(get("lang")).filter(|lang| !lang.is_empty()),
            online: !get("online").is_empty(),
            plans: !get("plans").is_empty(),
            go: !get("go").is_empty(),
            done: short("done"),
        }
    }
}

/// The visit as every address of the portal carries it on: a piece of a query, empty for a browser
/// that did not come by way of a router.
pub(crate) fn context(visit: &Visit) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mac = visit.mac.map(|mac| mac.to_string()).unwrap_or_default();
    let fields = [
        ("mac", &mac),
        ("ip", &visit.ip),
        ("identity", &visit.identity),
        ("link-login-only", &visit.link_login_only),
        ("link-orig", &visit.link_orig),
        ("chap-id", &visit.chap_id),
        ("chap-challenge", &visit.chap_challenge),
    ];
    for (name, value) in fields {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

/// An address that a browser may be sent to: of the web, and not too long. Routers before 7.19.2
/// follow any other too (CVE-2025-6563).
pub(crate) fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= MAX_ADDRESS).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_survives_from_page_to_page() {
        let query = "mac=02%3A00%3A5E%3A10%3A00%3A01&ip=10.5.50.7&identity=bando-x&\
                     link-login-only=http%3A%2F%2F10.5.50.1%2Flogin&link-orig=http%3A%2F%2Fexample.org%2F%3Fa%3D1%26b&\
                     chap-id=%5C371&chap-challenge=%5C001%5C%5C%5C002";
        let read = Query::read(query);
        assert_eq!(read.visit.chap_id, "\\371");
        assert_eq!(read.visit.link_orig, "http://example.org/?a=1&b");
        assert_eq!(Query::read(&context(&read.visit)).visit, read.visit);
        assert_eq!(context(&Visit::default()), "");
    }

    #[test]
    fn nonsense_is_left_out() {
        let long = "x".repeat(MAX_PARAMETER + 1);
        let read = Query::read(&format!(
            "mac=zz&identity={long}&link-orig=javascript:alert(1)&lang=&error=%FF"
        ));
        assert_eq!(read.visit, Visit::default());
        assert_eq!(read.lang, None);
        assert_eq!(web_address("data:text/html,x"), None);
        assert_eq!(web_address("//example.org"), None);
        assert_eq!(
            web_address(&format!("http://x/{}", "y".repeat(MAX_ADDRESS))),
            None
        );
    }
}
