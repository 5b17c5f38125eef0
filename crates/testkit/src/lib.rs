//! What tests of every crate share: how a test says that it was skipped, and where it finds outside programs and data.
//!
//! A test that cannot run here says so and returns. `cargo xtask test` counts the lines, and in CI each is a failure:
//!
//! ```
//! fn reads_every_packet() {
//!     let Some(packets) = bando_testkit::shared("data/radius/packets.jsonl") else { return };
//!     assert!(packets.exists());
//! }
//! # reads_every_packet();
//! ```

use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Says on standard error that the running test is skipped and why: `skipped: REASON [TEST]`.
///
/// The line goes around the capture of the test runner, so that a plain `cargo test` shows it too.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!(
        "skipped: {reason} [{}]\n",
        thread.name().unwrap_or("unnamed")
    );
    // Nothing is lost but a message if standard error is closed.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A file or directory of the shared test data, which is not part of this repository.
///
/// It is looked for below `$BANDO_SHARED`, else below `shared` beside the repository. When it is not there, the test is
/// [skipped](skip) and the answer is `None`.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = set("BANDO_SHARED").map_or_else(|| repository().join("../shared"), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    skip(&format!("no shared test data {path} (set BANDO_SHARED)"));
    None
}

/// The URL of a PostgreSQL superuser on a server that tests may create databases and roles in.
///
/// It is `$BANDO_TEST_POSTGRES`, as `cargo xtask test` sets it for the private server that it starts. When it is not
/// set, the test is [skipped](skip) and the answer is `None`.
#[must_use]
pub fn postgres() -> Option<String> {
    let url = set("BANDO_TEST_POSTGRES").and_then(|url| url.into_string().ok());
    if url.is_none() {
        skip(
            "no PostgreSQL (run `cargo xtask test`, or set BANDO_TEST_POSTGRES to the URL of a superuser)",
        );
    }
    url
}

/// An outside program: the one named by the environment variable, else the first of that name in `PATH`.
///
/// When there is none, the test is [skipped](skip) and the answer is `None`.
#[must_use]
pub fn program(variable: &str, name: &str) -> Option<PathBuf> {
    let found = set(variable).map(PathBuf::from).or_else(|| in_path(name));
    if found.is_none() {
        skip(&format!(
            "no program {name} (run `cargo xtask test`, or set {variable})"
        ));
    }
    found
}

/// A Python with the packages that the tests import (pyrad, librouteros).
///
/// It is `$BANDO_TEST_PYTHON`, else the private environment that an earlier `cargo xtask test` left below `target`.
#[must_use]
pub fn python() -> Option<PathBuf> {
    let private = repository().join("target/test-python/bin/python");
    let found = set("BANDO_TEST_PYTHON")
        .map(PathBuf::from)
        .or_else(|| private.exists().then_some(private));
    if found.is_none() {
        skip(
            "no Python with pyrad and librouteros (run `cargo xtask test`, or set BANDO_TEST_PYTHON)",
        );
    }
    found
}

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a variable is set to; empty counts as not set.
fn set(variable: &str) -> Option<OsString> {
    env::var_os(variable).filter(|value| !value.is_empty())
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_program_in_path() {
        assert!(in_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(in_path("no-such-program-anywhere"), None);
    }

    #[test]
    fn the_repository_holds_this_crate() {
        assert!(repository().join("crates/testkit/Cargo.toml").exists());
    }
}
