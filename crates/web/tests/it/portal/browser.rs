//! A browser without scripts and without cookies: it follows links, sends forms and obeys refreshes.

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// An answer.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(web: &Router, request: Request<Body>) -> Seen {
    let response = web.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes: Bytes = body.collect().await.unwrap().to_bytes();
    Seen {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
    }
}

/// Asks for a page.
pub(crate) async fn get(web: &Router, address: &str) -> Seen {
    send(web, Request::get(address).body(Body::empty()).unwrap()).await
}

/// Asks for a stream and returns it unread.
pub(crate) async fn open(web: &Router, address: &str) -> Body {
    let request = Request::get(address).body(Body::empty()).unwrap();
    web.clone().oneshot(request).await.unwrap().into_body()
}

/// Asks for a page as browsers do, and takes it as it is sent.
pub(crate) async fn get_compressed(web: &Router, address: &str) -> Bytes {
    let request = Request::get(address).header(header::ACCEPT_ENCODING, "gzip, deflate");
    let response = web
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        response.headers()[header::CONTENT_ENCODING],
        "gzip",
        "{address}"
    );
    assert_eq!(
        response.headers()[header::VARY],
        "accept-encoding",
        "{address}"
    );
    response.into_body().collect().await.unwrap().to_bytes()
}

/// Sends a form.
pub(crate) async fn post(web: &Router, address: &str, fields: &[(&str, &str)]) -> Seen {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    post_as(web, address, "application/x-www-form-urlencoded", body).await
}

/// Sends a body of any kind.
pub(crate) async fn post_as(
    web: &Router,
    address: &str,
    kind: &str,
    body: impl Into<Body>,
) -> Seen {
    let request = Request::builder()
        .method(Method::POST)
        .uri(address)
        .header(header::CONTENT_TYPE, kind)
        .header("x-forwarded-for", "197.248.1.9")
        .body(body.into())
        .unwrap();
    send(web, request).await
}

impl Seen {
    /// Where a redirect leads, within this server.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// What a header says; empty without it.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The action of the form that holds this piece of HTML.
    pub(crate) fn form_with(&self, piece: &str) -> String {
        let at = self
            .text
            .find(piece)
            .unwrap_or_else(|| panic!("no {piece:?} in {}", self.text));
        let form = self.text[..at].rfind("<form ").expect("a form around it");
        unescape(attribute(&self.text[form..], "action").expect("an action"))
    }

    /// The address of the link with this text or piece of it.
    pub(crate) fn link(&self, words: &str) -> String {
        let at = self
            .text
            .find(words)
            .unwrap_or_else(|| panic!("no {words:?} in {}", self.text));
        let link = self.text[..at].rfind("<a ").expect("a link around it");
        unescape(attribute(&self.text[link..], "href").expect("an address"))
    }

    /// Where the page goes by itself, and after how many seconds; not what happens only with
    /// scripts off.
    pub(crate) fn refresh(&self) -> Option<(u32, String)> {
        let mut all = self.text.match_indices("<meta http-equiv=\"refresh\"");
        let (at, _) = all.find(|(at, _)| !self.text[..*at].ends_with("<noscript>"))?;
        let content = unescape(attribute(&self.text[at..], "content")?);
        let (seconds, rest) = content.split_once(';').unwrap_or((&content, ""));
        let to = rest.trim_start().strip_prefix("url=").unwrap_or_default();
        Some((seconds.parse().unwrap(), to.to_owned()))
    }

    /// The value of an attribute, wherever it stands.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        attribute(&self.text, name).map(unescape)
    }
}

fn attribute<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&amp;", "&")
}

/// The fields of an address's query.
pub(crate) fn query(address: &str) -> std::collections::HashMap<String, String> {
    let base = url::Url::parse("https://wifi.example").unwrap();
    base.join(address)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}
