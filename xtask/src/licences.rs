//! The licences of what is linked into the program: all permissive, and no cryptography in C beside `ring`.

use anyhow::{Result, ensure};

use crate::metadata::{Metadata, Package};

/// Licences that let anyone ship the program as it is.
const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages that must not come in through a default feature of another: a second TLS, a C build of minutes.
const UNWANTED: &[&str] = &[
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];

/// Checks everything and prints one line that counts.
pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::read()?;
    let linked = metadata.linked(metadata.package("bando")?);
    let violations: Vec<String> = linked
        .iter()
        .filter_map(|package| violation(package))
        .collect();
    for violation in &violations {
        println!("{violation}");
    }
    println!(
        "licences: {} packages, {} violations",
        linked.len(),
        violations.len()
    );
    ensure!(violations.is_empty(), "licences: see above");
    Ok(())
}

fn violation(package: &Package) -> Option<String> {
    let Package { name, version, .. } = package;
    if UNWANTED.contains(&name.as_str()) {
        return Some(format!(
            "{name} {version}: must not be linked (`cargo tree -i {name}` tells who brings it)"
        ));
    }
    match package.license.as_deref() {
        None => Some(format!("{name} {version}: names no licence")),
        Some(licence) if !is_permissive(licence) => {
            Some(format!("{name} {version}: licence {licence}"))
        }
        Some(_) => None,
    }
}

/// Whether an SPDX expression leaves a permissive choice. `/` is the old way to write `OR`.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest) && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut found = all(words);
    while let Some(("OR", rest)) = words.split_first().map(|(word, rest)| (*word, rest)) {
        *words = rest;
        found |= all(words);
    }
    found
}

fn all(words: &mut &[&str]) -> bool {
    let mut every = one(words);
    while let Some(("AND", rest)) = words.split_first().map(|(word, rest)| (*word, rest)) {
        *words = rest;
        every &= one(words);
    }
    every
}

fn one(words: &mut &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let inner = any(words);
            let closed = words.first() == Some(&")");
            *words = words.get(1..).unwrap_or_default();
            inner && closed
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            PERMISSIVE.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, rest @ ..] => {
            *words = rest;
            PERMISSIVE.contains(licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_permissive_side_and_a_sum_all() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-2.0-only",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later",
        ] {
            assert!(is_permissive(good), "{good}");
        }
        for bad in [
            "",
            "AGPL-3.0",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND OpenSSL",
            "(MIT",
            "MIT)",
        ] {
            assert!(!is_permissive(bad), "{bad}");
        }
    }
}
