//! A private Python environment with the packages that tests import, below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{program, repository};

/// The packages and their versions, beside the scripts that import them.
const REQUIREMENTS: &str = "crates/bando/tests/it/clients/requirements.txt";

/// Makes the environment if it is not there as the requirements are now, and answers with its Python.
pub(crate) fn prepare() -> Result<PathBuf> {
    let directory = repository::target().join("test-python");
    let requirements = repository::root().join(REQUIREMENTS);
    let wanted =
        fs::read_to_string(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let (python, made) = (
        directory.join("bin/python"),
        directory.join("made-from.txt"),
    );
    if !is_made(&python, &made, &wanted) {
        println!("making a Python environment in {}", directory.display());
        make(&directory, &python, &requirements)?;
        fs::write(&made, wanted).with_context(|| format!("cannot write {}", made.display()))?;
    }
    Ok(python)
}

fn is_made(python: &Path, made: &Path, wanted: &str) -> bool {
    let same = fs::read_to_string(made).is_ok_and(|text| text == wanted);
    // The Python that the environment points to may have gone.
    same && program::read(Command::new(python).args(["-c", "import sys"])).is_ok()
}

fn make(directory: &Path, python: &Path, requirements: &Path) -> Result<()> {
    program::read(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(directory),
    )?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    program::read(Command::new(python).args(pip).arg(requirements))?;
    Ok(())
}
