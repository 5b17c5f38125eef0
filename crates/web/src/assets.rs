//! Files the browser fetches, compiled into the program, named after their content so that they may
//! be cached for ever; the portal's inline style; and the Content-Security-Policy that allows
//! exactly these.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file under `/assets/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asset {
    /// Rings when another payment waits to be confirmed; the page works without.
    ConfirmJs,
    /// The console's style.
    ConsoleCss,
    /// The console's small helpers: copy buttons, the search key.
    ConsoleJs,
    /// The demo page's style, on top of the console's.
    DemoCss,
    /// The demo page's script.
    DemoJs,
    /// Lucide outlines, one symbol each.
    Icons,
    /// htmx.
    Htmx,
    /// htmx's server-sent events extension.
    HtmxSse,
    /// The style of the console's money pages, on top of its own.
    MoneyCss,
    /// Polls for the end of the wait on the portal; the page works without.
    PortalJs,
    /// The style of voucher sheets, on top of the console's.
    SheetCss,
}

/// An asset as it is served.
#[derive(Debug)]
pub struct Served {
    /// The last part of its address, with the hash of its content: `console-1f2e3d4c5b.css`.
    pub name: String,
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The content.
    pub bytes: Vec<u8>,
    url: String,
}

/// `Cache-Control` for everything under `/assets/`: the name changes with the content.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

const TOKENS: &str = include_str!("../assets/tokens.css");
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

impl Asset {
    const ALL: [Self; 11] = [
        Self::ConfirmJs,
        Self::ConsoleCss,
        Self::ConsoleJs,
        Self::DemoCss,
        Self::DemoJs,
        Self::Icons,
        Self::Htmx,
        Self::HtmxSse,
        Self::MoneyCss,
        Self::PortalJs,
        Self::SheetCss,
    ];

    /// Its address: `/assets/console-1f2e3d4c5b.css`.
    #[must_use]
    pub fn url(self) -> &'static str {
        &SERVED[self as usize].url
    }

    fn load(self) -> Served {
        let console =
            || compact(&[&themed(TOKENS), include_str!("../assets/console.css")].concat());
        let (stem, end, content_type, bytes) = match self {
            Self::ConfirmJs => (
                "confirm",
                "js",
                JS,
                include_bytes!("../assets/confirm.js").to_vec(),
            ),
            Self::ConsoleCss => ("console", "css", CSS, console().into_bytes()),
            Self::ConsoleJs => (
                "console",
                "js",
                JS,
                include_bytes!("../assets/console.js").to_vec(),
            ),
            Self::DemoCss => (
                "demo",
                "css",
                CSS,
                compact(include_str!("../assets/demo.css")).into_bytes(),
            ),
            Self::DemoJs => (
                "demo",
                "js",
                JS,
                include_bytes!("../assets/demo.js").to_vec(),
            ),
            Self::Icons => ("icons", "svg", SVG, ICONS.as_bytes().to_vec()),
            Self::Htmx => (
                "htmx",
                "js",
                JS,
                include_bytes!("../assets/vendor/htmx.min.js").to_vec(),
            ),
            Self::HtmxSse => (
                "htmx-sse",
                "js",
                JS,
                include_bytes!("../assets/vendor/htmx-ext-sse.min.js").to_vec(),
            ),
            Self::MoneyCss => (
                "money",
                "css",
                CSS,
                compact(include_str!("../assets/money.css")).into_bytes(),
            ),
            Self::PortalJs => (
                "portal",
                "js",
                JS,
                include_bytes!("../assets/portal.js").to_vec(),
            ),
            Self::SheetCss => (
                "sheet",
                "css",
                CSS,
                compact(include_str!("../assets/sheet.css")).into_bytes(),
            ),
        };
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .take(5)
            .map(|b| format!("{b:02x}"))
            .collect();
        let name = format!("{stem}-{hash}.{end}");
        Served {
            url: format!("/assets/{name}"),
            name,
            content_type,
            bytes,
        }
    }
}

static SERVED: LazyLock<Vec<Served>> = LazyLock::new(|| Asset::ALL.map(Asset::load).into());

const ICONS: &str = include_str!("../assets/vendor/lucide-icons.svg");

/// The asset with this name, hash included; an old hash is not found.
#[must_use]
pub fn find(name: &str) -> Option<&'static Served> {
    SERVED.iter().find(|served| served.name == name)
}

/// Every asset, for those who copy them out (the gallery).
#[must_use]
pub fn all() -> &'static [Served] {
    &SERVED
}

/// The portal's whole style, put into its pages so that the first view is one request.
#[must_use]
pub fn portal_style() -> &'static str {
    static STYLE: LazyLock<String> = LazyLock::new(|| {
        compact(&[&themed(TOKENS), include_str!("../assets/portal.css")].concat())
    });
    &STYLE
}

/// An icon of the sprite as an inline `<svg>`, for pages that should not fetch the sprite. Empty
/// when there is no such icon (a test checks that templates name existing ones).
#[must_use]
pub fn icon(name: &str) -> String {
    let open = format!("<symbol id=\"{name}\" ");
    ICONS
        .lines()
        .find_map(|line| line.strip_prefix(&open))
        .and_then(|rest| rest.strip_suffix("</symbol>"))
        .map_or_else(String::new, |rest| {
            format!("<svg class=\"i\" aria-hidden=\"true\" {rest}</svg>")
        })
}

/// The `Content-Security-Policy` of every page: our own scripts and styles, the portal's inline
/// style by its hash, nothing from elsewhere. `router` is the router's origin (`http://10.5.50.1`) on
/// the page whose form goes there, and on the demo page, which frames it.
#[must_use]
pub fn csp(router: Option<&str>) -> String {
    static STYLE_HASH: LazyLock<String> =
        LazyLock::new(|| STANDARD.encode(Sha256::digest(portal_style().as_bytes())));
    let router = router
        .filter(|origin| {
            origin
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'\'' | b'"'))
        })
        .map_or_else(String::new, |origin| format!(" {origin}"));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{}'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'{router}; frame-src 'self'{router}; frame-ancestors 'self'; base-uri 'none'",
        *STYLE_HASH
    )
}

/// Makes the dark block, written once under `[data-theme=dark]`, also the one for readers whose
/// system is dark and who have not chosen.
fn themed(tokens: &str) -> String {
    let dark = tokens
        .split_once(":root[data-theme=dark] {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .map_or("", |(block, _)| block);
    format!("{tokens}@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}")
}

/// Strips comments and needless white space. Our own style sheets keep braces and `/*` out of
/// strings, which is all this relies on.
fn compact(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    let mut tight = words.join(" ");
    for mark in ["{", "}", ";", ","] {
        tight = tight
            .replace(&format!(" {mark}"), mark)
            .replace(&format!("{mark} "), mark);
    }
    tight.replace(": ", ":").replace(";}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_hash_and_only_that_name_is_found() {
        let served = find(Asset::ConsoleCss.url().trim_start_matches("/assets/")).unwrap();
        assert_eq!(served.content_type, CSS);
        assert!(find("console.css").is_none());
        assert!(
            Asset::ALL
                .iter()
                .enumerate()
                .all(|(i, asset)| *asset as usize == i)
        );
    }

    #[test]
    fn styles_stay_small() {
        // About 4.5 KB as sent, compressed.
        assert!(SERVED[Asset::ConsoleCss as usize].bytes.len() <= 18 * 1024);
        assert!(portal_style().len() <= 10_752, "{}", portal_style().len());
        assert!(include_str!("../assets/portal.js").len() <= 2048);
    }

    #[test]
    fn dark_is_written_once_and_served_twice() {
        let style = portal_style();
        assert_eq!(style.matches("#0F1512").count(), 2);
        assert_eq!(style.matches('{').count(), style.matches('}').count());
        assert!(!style.contains("/*") && !style.contains('\n'));
    }

    #[test]
    fn the_policy_takes_one_origin_and_no_tricks() {
        assert!(csp(Some("http://10.5.50.1")).contains("form-action 'self' http://10.5.50.1;"));
        assert!(csp(Some("http://x; script-src *")).contains("form-action 'self';"));
        assert!(csp(None).contains("'sha256-"));
    }

    #[test]
    fn an_icon_is_cut_from_the_sprite() {
        assert!(icon("check").starts_with("<svg class=\"i\" aria-hidden=\"true\" viewBox"));
        assert_eq!(icon("no-such-icon"), "");
    }
}
