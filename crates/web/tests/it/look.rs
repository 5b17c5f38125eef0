//! Every template renders in every language and keeps the promises of the look: no inline style or
//! script, no dead link, names for what has no text, a small first view.

use crate::samples;
use bando_web::assets;
use bando_web::i18n::Lang;

/// Every page of every language: a name for messages, and the HTML.
fn every_page() -> impl Iterator<Item = (String, String)> {
    Lang::ALL.into_iter().flat_map(|lang| {
        samples::all(lang)
            .into_iter()
            .map(move |(name, html)| (format!("{name} ({})", lang.code()), html))
    })
}

/// The text of each `<tag …>` in `html`.
fn tags<'a>(html: &'a str, tag: &str) -> Vec<&'a str> {
    html.match_indices(&format!("<{tag}"))
        .map(|(at, _)| &html[at..])
        .filter(|rest| {
            !rest[tag.len() + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '-')
        })
        .map(|rest| &rest[..rest.find('>').map_or(rest.len(), |end| end + 1)])
        .collect()
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(value, _)| value)
}

#[test]
fn pages_obey_the_content_security_policy() {
    for (name, html) in every_page() {
        assert!(!html.contains(" style="), "{name}: style attribute");
        for tag in tags(&html, "script") {
            assert!(
                attribute(tag, "src").is_some_and(|src| src.starts_with("/assets/")),
                "{name}: {tag}"
            );
        }
        for tag in tags(&html, "style") {
            assert!(
                html.contains(&format!("{tag}{}</style>", assets::portal_style())),
                "{name}: unknown style"
            );
        }
        for handler in [
            " onclick=",
            " onload=",
            " onsubmit=",
            " hx-on",
            "javascript:",
        ] {
            assert!(!html.contains(handler), "{name}: {handler}");
        }
        for src in tags(&html, "link")
            .iter()
            .chain(&tags(&html, "img"))
            .filter_map(|tag| attribute(tag, "href"))
        {
            assert!(
                src.starts_with("/assets/") || src.starts_with("data:"),
                "{name}: fetches {src}"
            );
        }
    }
}

#[test]
fn links_lead_somewhere_and_assets_exist() {
    for (name, html) in every_page() {
        for tag in ["a", "form", "use", "script", "link", "iframe"]
            .into_iter()
            .flat_map(|tag| tags(&html, tag))
        {
            for address in ["href", "action", "src"]
                .into_iter()
                .filter_map(|name| attribute(tag, name))
            {
                assert!(
                    !address.is_empty() && !address.contains("//console"),
                    "{name}: {tag}"
                );
                if let Some(asset) = address.strip_prefix("/assets/") {
                    let file = asset.split('#').next().unwrap_or_default();
                    assert!(assets::find(file).is_some(), "{name}: no asset {asset}");
                }
                if let Some((_, icon)) = address.split_once(".svg#") {
                    assert!(!assets::icon(icon).is_empty(), "{name}: no icon {icon}");
                }
                if let Some(target) = address.strip_prefix('#') {
                    assert!(
                        html.contains(&format!("id=\"{target}\"")),
                        "{name}: no element {target}"
                    );
                }
            }
        }
    }
}

#[test]
fn pages_are_labelled_and_well_formed() {
    for (name, html) in every_page() {
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert!(html.contains("<html lang=\""), "{name}: language");
        assert!(!html.contains("<title> ·"), "{name}: title");
        assert!(
            !html.contains("{%") && !html.contains("{{"),
            "{name}: template marks"
        );
        for tag in tags(&html, "input") {
            let kind = attribute(tag, "type").unwrap_or("text");
            let id = attribute(tag, "id").unwrap_or_default();
            let labelled = html.contains(&format!("for=\"{id}\""))
                || tag.contains("aria-label")
                || kind == "checkbox";
            assert!(kind == "hidden" || labelled, "{name}: no label for {tag}");
        }
        for tag in [
            "a", "form", "button", "main", "section", "div", "p", "span", "ul", "ol", "li",
            "details", "label", "select", "fieldset", "nav", "b", "small", "dl", "svg",
        ] {
            let closed = html.matches(&format!("</{tag}>")).count();
            assert_eq!(tags(&html, tag).len(), closed, "{name}: <{tag}> not closed");
        }
        let mut ids: Vec<_> = html
            .match_indices(" id=\"")
            .filter_map(|(at, _)| html[at + 5..].split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: an id stands twice");
    }
}

#[test]
fn the_portal_asks_for_one_document_of_at_most_14_kb() {
    for (name, html) in every_page().filter(|(name, _)| name.starts_with("portal-landing")) {
        assert!(html.len() <= 14 * 1024, "{name}: {} bytes", html.len());
        assert!(tags(&html, "script").is_empty(), "{name} fetches a script");
        assert!(!html.contains("/assets/"), "{name} fetches an asset");
    }
}

#[test]
fn a_ticket_code_is_readable_by_programs() {
    for (name, html) in every_page().filter(|(name, _)| {
        name.starts_with("portal-success") || name.starts_with("console-ticket ")
    }) {
        assert!(
            html.contains("data-ticket-code=\"7KQ4M2XTRP\">7KQ4M 2XTRP<"),
            "{name}"
        );
    }
}

#[test]
fn vendored_files_are_what_they_say() {
    use sha2::{Digest, Sha256};
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/vendor");
    let list = std::fs::read_to_string(folder.join("VENDOR.toml")).unwrap();
    let field = |entry: &str, key: &str| {
        let start = format!("{key} = \"");
        entry.lines().find_map(|line| {
            line.strip_prefix(&start)?
                .strip_suffix('"')
                .map(str::to_owned)
        })
    };
    let entries: Vec<&str> = list.split("[[file]]").skip(1).collect();
    for entry in &entries {
        let path = field(entry, "path").unwrap();
        let hash: String = Sha256::digest(std::fs::read(folder.join(&path)).unwrap())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            field(entry, "sha256"),
            Some(hash),
            "{path} differs from VENDOR.toml"
        );
        assert!(
            ["version", "licence", "source", "package"]
                .iter()
                .all(|key| field(entry, key).is_some()),
            "{path}"
        );
    }
    let files = std::fs::read_dir(&folder).unwrap().count() - 1;
    assert_eq!(files, entries.len(), "a vendored file is not listed");
}
