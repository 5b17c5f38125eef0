//! Vendored files: each stands in the `VENDOR.toml` beside it, and is what that says it is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{at, read};

const LIST: &str = "VENDOR.toml";

#[derive(Deserialize)]
struct Vendor {
    file: Vec<File>,
}

/// What is known of a file: which package and version it is from, and under which licence.
#[derive(Deserialize)]
struct File {
    path: PathBuf,
    package: String,
    version: String,
    licence: String,
    sha256: String,
}

pub(super) fn check(paths: &[PathBuf]) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for list in paths.iter().filter(|path| path.ends_with(LIST)) {
        let directory = list.parent().unwrap_or(Path::new(""));
        let vendor: Vendor = toml::from_str(&String::from_utf8_lossy(&read(list)?))
            .with_context(|| format!("cannot read {}", list.display()))?;
        for file in &vendor.file {
            let path = directory.join(&file.path);
            match read(&path) {
                Err(_) => violations.push(at(&path, 1, "listed in VENDOR.toml and not there")),
                Ok(bytes) => violations.extend(differences(&path, file, &bytes)),
            }
        }
        let listed = |path: &Path| {
            vendor
                .file
                .iter()
                .any(|file| directory.join(&file.path) == path)
        };
        let beside = paths
            .iter()
            .filter(|path| path.starts_with(directory) && *path != list);
        violations.extend(
            beside
                .filter(|path| !listed(path))
                .map(|path| at(path, 1, "not listed in VENDOR.toml")),
        );
    }
    Ok(violations)
}

fn differences(path: &Path, file: &File, bytes: &[u8]) -> Option<String> {
    let named = [&file.package, &file.version, &file.licence]
        .iter()
        .all(|text| !text.is_empty());
    let found = hex::encode(Sha256::digest(bytes));
    match (named, found == file.sha256) {
        (true, true) => None,
        (false, _) => Some(at(path, 1, "VENDOR.toml does not say what it is")),
        (_, false) => Some(at(
            path,
            1,
            &format!("not what VENDOR.toml says: its SHA-256 is {found}"),
        )),
    }
}
