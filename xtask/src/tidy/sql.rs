//! SQL on the tables of tenants stands in `crates/store` only, and always names the provider.
//!
//! A table is a tenant's when its `CREATE TABLE` in the migrations has a column `provider_id`.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use anyhow::Result;
use regex_lite::Regex;

use super::literals::literals;
use super::{Files, at, has_extension};

/// The list of tenants itself: one has to be found by its name before its id is known.
const TENANTS: &str = "providers";
const HOME: &str = "crates/store";
const MIGRATIONS: &str = "crates/store/migrations";
/// The comment above a statement that is meant to see the rows of all providers, followed by the reason.
const EXEMPTION: &str = "// every provider:";
/// How many lines above the text the comment may begin.
const EXEMPTION_REACH: usize = 4;

pub(super) fn check(files: &Files) -> Result<Vec<String>> {
    let tables = tenant_tables(files)?;
    let used = Regex::new(r"(?i)\b(?:from|into|update|join)\s+(?:only\s+)?([a-z_][a-z0-9_]*)\b")?;
    let mut violations = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| is_of_the_program(path)) {
        for literal in literals(text) {
            let names = used
                .captures_iter(literal.text)
                .map(|found| found[1].to_ascii_lowercase());
            let Some(table) = names.into_iter().find(|name| tables.contains(name)) else {
                continue;
            };
            if !path.starts_with(HOME) {
                if is_statement(literal.text) {
                    violations.push(at(
                        path,
                        literal.line,
                        &format!("SQL on {table} outside {HOME}"),
                    ));
                }
            } else if !literal.text.contains("provider_id") && !is_exempt(text, literal.line) {
                let what = format!(
                    "SQL on {table} does not name provider_id; if it must not, say why: {EXEMPTION} …"
                );
                violations.push(at(path, literal.line, &what));
            }
        }
    }
    Ok(violations)
}

fn tenant_tables(files: &Files) -> Result<BTreeSet<String>> {
    let create = Regex::new(
        r"(?is)\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?([a-z_][a-z0-9_]*)\s*\((.*?)\)[^();]*;",
    )?;
    let migrations = files
        .iter()
        .filter(|(path, _)| path.starts_with(MIGRATIONS));
    let created = migrations.flat_map(|(_, text)| create.captures_iter(text));
    let owned = created.filter(|found| found[2].contains("provider_id"));
    let names = owned.map(|found| found[1].to_ascii_lowercase());
    Ok(names.filter(|name| name != TENANTS).collect())
}

/// Outside its home, `from payments` may also be a sentence; a statement shouts.
fn is_statement(text: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
        .iter()
        .any(|verb| text.contains(verb))
}

/// Tests, and what a crate offers them, may look at the tables from outside.
fn is_of_the_program(path: &Path) -> bool {
    let mut parts = path.components().map(Component::as_os_str);
    let test = parts.any(|part| {
        ["tests", "tests.rs", "testing", "testing.rs"]
            .iter()
            .any(|name| part == *name)
    });
    path.starts_with("crates") && has_extension(path, "rs") && !test
}

fn is_exempt(text: &str, line: usize) -> bool {
    let above = text.lines().take(line).collect::<Vec<_>>();
    above
        .iter()
        .rev()
        .take(EXEMPTION_REACH + 1)
        .any(|line| line.contains(EXEMPTION))
}

#[cfg(test)]
mod tests {
    use super::super::files_of;
    use super::*;

    const MIGRATION: &str = "CREATE TABLE plans (\n provider_id UUID NOT NULL,\n price BIGINT CHECK (price > 0),\n \
                             PRIMARY KEY (provider_id)\n);\nCREATE TABLE accounts (\n name TEXT\n);\n";

    fn violations_of(path: &str, text: &str) -> usize {
        check(&files_of(&[
            ("crates/store/migrations/sqlite/0001.sql", MIGRATION),
            (path, text),
        ]))
        .unwrap()
        .len()
    }

    #[test]
    fn a_statement_names_the_provider() {
        let at = "crates/store/src/plans.rs";
        assert_eq!(
            violations_of(at, "\"SELECT 1 FROM plans WHERE provider_id = $1\""),
            0
        );
        assert_eq!(violations_of(at, "\"SELECT 1 FROM plans\""), 1);
        assert_eq!(violations_of(at, "\"SELECT 1 FROM accounts\""), 0);
        assert_eq!(
            violations_of(
                at,
                "// every provider: the clock ends them all\n\"UPDATE plans SET price = 1\""
            ),
            0
        );
    }

    #[test]
    fn a_statement_is_at_home_in_the_store() {
        let text = "\"SELECT 1 FROM plans WHERE provider_id = $1\"";
        assert_eq!(violations_of("crates/web/src/lib.rs", text), 1);
        assert_eq!(violations_of("crates/bando/tests/it/main.rs", text), 0);
        assert_eq!(
            violations_of("crates/web/src/lib.rs", "\"Choose from plans below\""),
            0
        );
    }
}
