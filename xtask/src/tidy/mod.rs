//! The rules of the house that neither compiler nor clippy knows.
//!
//! To be let off a rule about SQL, write why in a comment `// every provider: …` just above the text.

mod literals;
mod sources;
mod sql;
mod templates;
mod vendor;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::repository;

/// The text files of the repository, by their path from the root.
type Files = BTreeMap<PathBuf, String>;

/// Checks everything and prints one line for each violation and one that counts.
pub(crate) fn run() -> Result<()> {
    let (paths, files) = read_all()?;
    let violations = check(&paths, &files)?;
    for violation in &violations {
        println!("{violation}");
    }
    println!(
        "tidy: {} files, {} violations",
        paths.len(),
        violations.len()
    );
    ensure!(violations.is_empty(), "tidy: see above");
    Ok(())
}

fn check(paths: &[PathBuf], files: &Files) -> Result<Vec<String>> {
    let mut violations = sources::check(files);
    violations.extend(sql::check(files)?);
    violations.extend(templates::check(paths, files)?);
    violations.extend(vendor::check(paths)?);
    Ok(violations)
}

/// All paths, and the contents of those files that are text.
fn read_all() -> Result<(Vec<PathBuf>, Files)> {
    let paths = repository::files()?;
    let mut files = Files::new();
    for path in &paths {
        let bytes = read(path)?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.insert(path.clone(), text);
        }
    }
    Ok((paths, files))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(repository::root().join(path))
        .with_context(|| format!("cannot read {}", path.display()))
}

/// How a violation is shown: where one can click on it, and what is wrong.
fn at(path: &Path, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", path.display())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
fn files_of(list: &[(&str, &str)]) -> Files {
    list.iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()))
        .collect()
}
