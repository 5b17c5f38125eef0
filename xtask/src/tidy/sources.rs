//! Rust files: a header, short lines, short files, nothing unfinished. All text: nothing of the machine it was made on.

use std::collections::BTreeMap;
use std::path::Path;

use super::literals::literals;
use super::{Files, at, has_extension};

const LONGEST_LINE: usize = 120;
const LONGEST_FILE: usize = 700;
/// A word of this many characters (an address in a comment) cannot be wrapped, nor can a row of a table: such a line
/// may be longer.
const UNBREAKABLE: usize = 60;

/// Macros that mark unfinished work. Split, so that this file passes its own check.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

/// Traces of the machine that something was made on: home directories, and package clients pointed elsewhere.
const TRACES: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("--index", "-url"),
    concat!("PIP_INDEX", "_URL"),
    concat!("replace", "-with ="),
    concat!("npm_config", "_registry"),
];

pub(super) fn check(files: &Files) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in files {
        if has_extension(path, "rs") {
            rust(path, text, &mut violations);
        }
        if !vendored(path) {
            traces(path, text, &mut violations);
        }
    }
    violations
}

fn rust(path: &Path, text: &str, violations: &mut Vec<String>) {
    if !text.starts_with("//!") {
        violations.push(at(
            path,
            1,
            "the file does not begin with a //! header that says what it is for",
        ));
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        violations.push(at(
            path,
            lines,
            &format!("more than {LONGEST_FILE} lines: split it"),
        ));
    }
    let wording = wording(text);
    for (number, line) in text.lines().enumerate() {
        let length = line.chars().count() - wording.get(&(number + 1)).copied().unwrap_or(0);
        let breakable = line
            .split_whitespace()
            .all(|word| word.chars().count() < UNBREAKABLE);
        let table = line.trim_start().starts_with("//! |");
        if breakable && !table && length > LONGEST_LINE {
            violations.push(at(
                path,
                number + 1,
                &format!("longer than {LONGEST_LINE} characters"),
            ));
        }
        for unfinished in UNFINISHED.iter().filter(|word| line.contains(**word)) {
            violations.push(at(path, number + 1, &format!("unfinished: {unfinished}…)")));
        }
    }
}

/// How many characters of each line are the text of strings: sentences and vectors stay in one piece.
fn wording(source: &str) -> BTreeMap<usize, usize> {
    let mut wording = BTreeMap::new();
    for literal in literals(source) {
        for (below, text) in literal.text.lines().enumerate() {
            *wording.entry(literal.line + below).or_default() += text.chars().count();
        }
    }
    wording
}

fn traces(path: &Path, text: &str, violations: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        for trace in TRACES.iter().filter(|word| line.contains(**word)) {
            violations.push(at(
                path,
                number + 1,
                &format!("names something of one machine: {trace}"),
            ));
        }
    }
}

fn vendored(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "vendor")
}

#[cfg(test)]
mod tests {
    use super::super::files_of;
    use super::*;

    fn violations_of(text: &str) -> usize {
        check(&files_of(&[("crates/domain/src/money.rs", text)])).len()
    }

    #[test]
    fn finds_what_is_not_tidy() {
        assert_eq!(violations_of("//! Money.\nfn add() {}\n"), 0);
        assert_eq!(violations_of("fn add() {}\n"), 1);
        assert_eq!(
            violations_of(&format!("//! Money.\n{}\n", "// word".repeat(20))),
            1
        );
        assert_eq!(
            violations_of(&format!(
                "//! Money.\nconst HEX: &str = \"{}\";\n",
                "00".repeat(70)
            )),
            0
        );
        assert_eq!(violations_of(&"//! Money.\n".repeat(701)), 1);
        assert_eq!(
            violations_of(concat!("//! Money.\nfn add() { to", "do!() }\n")),
            1
        );
        assert_eq!(
            violations_of(concat!("//! Money, as in /wo", "rk/money.md.\n")),
            1
        );
    }
}
