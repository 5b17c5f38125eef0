//! Templates and assets: nothing that a strict content security policy forbids, and nothing that nobody uses.

use std::path::{Path, PathBuf};

use anyhow::Result;
use regex_lite::Regex;

use super::{Files, at, has_extension};

pub(super) fn check(paths: &[PathBuf], files: &Files) -> Result<Vec<String>> {
    let forbidden = forbidden()?;
    let mut violations = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| is_template(path)) {
        for (pattern, what) in &forbidden {
            for found in pattern.find_iter(text) {
                let line = 1 + text[..found.start()].matches('\n').count();
                violations.push(at(path, line, what));
            }
        }
    }
    for path in paths
        .iter()
        .filter(|path| is_template(path) || is_asset(path))
    {
        if !is_used(path, files) {
            violations.push(at(path, 1, "nothing names this file"));
        }
    }
    Ok(violations)
}

fn forbidden() -> Result<Vec<(Regex, &'static str)>> {
    Ok(vec![
        (
            Regex::new(r"(?i)<[a-z][^<>]*\sstyle\s*=")?,
            "a style attribute: use a class",
        ),
        (
            Regex::new(r"(?i)<[a-z][^<>]*\son[a-z]+\s*=")?,
            "an event attribute: use a script of its own",
        ),
        (Regex::new(r"(?i)\bhx-on\b")?, "hx-on needs eval"),
        (Regex::new(r"(?i)javascript:")?, "a javascript: address"),
        (
            Regex::new(r"(?i)<script(?:\s+(?:type|defer|async|nonce)[^\s>]*)*\s*>")?,
            "an inline script",
        ),
    ])
}

fn is_template(path: &Path) -> bool {
    has_directory(path, "templates") && (has_extension(path, "html") || has_extension(path, "svg"))
}

fn is_asset(path: &Path) -> bool {
    has_directory(path, "assets")
        && !has_extension(path, "toml")
        && !path.to_string_lossy().contains("LICENSE")
}

fn has_directory(path: &Path, name: &str) -> bool {
    path.starts_with("crates") && path.components().any(|part| part.as_os_str() == name)
}

/// Whether code, or another template or style sheet, names the file: a template by its path, an asset by its name.
fn is_used(path: &Path, files: &Files) -> bool {
    let whole = path.to_string_lossy();
    let name = match whole.split_once("/templates/") {
        Some((_, below)) => below,
        None => path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or(&whole),
    };
    let may_name = |other: &Path| {
        ["rs", "html", "css", "js", "svg"]
            .iter()
            .any(|end| has_extension(other, end))
    };
    files
        .iter()
        .any(|(other, text)| other != path && may_name(other) && text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::files_of;
    use super::*;

    fn violations_of(html: &str) -> usize {
        let files = files_of(&[
            ("crates/web/templates/portal/plans.html", html),
            (
                "crates/web/src/portal.rs",
                "#[template(path = \"portal/plans.html\")]",
            ),
        ]);
        check(&files.keys().cloned().collect::<Vec<_>>(), &files)
            .unwrap()
            .len()
    }

    #[test]
    fn templates_are_fit_for_a_strict_policy() {
        assert_eq!(
            violations_of("<script src=\"/a.js\" defer></script><p class=\"style\">on = off</p>"),
            0
        );
        assert_eq!(violations_of("<p\n style=\"color: red\">"), 1);
        assert_eq!(violations_of("<a onclick=\"go()\">"), 1);
        assert_eq!(violations_of("<script>go()</script>"), 1);
        assert_eq!(violations_of("<script defer>go()</script>"), 1);
        assert_eq!(violations_of("<b hx-on:click=\"go()\">"), 1);
    }

    #[test]
    fn every_template_is_used() {
        let files = files_of(&[("crates/web/templates/lost.html", "")]);
        assert_eq!(
            check(&files.keys().cloned().collect::<Vec<_>>(), &files)
                .unwrap()
                .len(),
            1
        );
    }
}
