//! What this machine has of the programs that tests drive, and, as root on Debian, installing the rest.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::program;

/// A Debian package that the tests need, and how to see that what it brings is there.
struct Need {
    package: &'static str,
    present: fn() -> bool,
    without: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        package: "postgresql",
        present: || postgres_programs().is_some(),
        without: "store, race and flow tests run on SQLite only",
    },
    Need {
        package: "chromium",
        present: || program::find("chromium").is_some(),
        without: "no browser tests",
    },
    Need {
        package: "chromium-driver",
        present: || program::find("chromedriver").is_some(),
        without: "no browser tests",
    },
    Need {
        package: "freeradius-utils",
        present: || program::find("radclient").is_some(),
        without: "no tests with radclient",
    },
    Need {
        package: "fiu-utils",
        present: || program::find("fiu-ctrl").is_some(),
        without: "no test with a disk that fails",
    },
    Need {
        package: "python3-venv",
        present: || {
            program::read(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
        },
        without: "no tests with pyrad and librouteros",
    },
];

/// Installs what tests need and this machine lacks. Where that cannot be done, says what is missing and goes on:
/// the tests concerned are skipped.
pub(crate) fn prepare() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if is_root() && program::find("apt-get").is_some() {
        return install(&packages);
    }
    for need in missing {
        println!("missing: {} ({})", need.package, need.without);
    }
    println!(
        "to have them: sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    Ok(())
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

/// The directory with `initdb` and `pg_ctl`, of the newest PostgreSQL that Debian installed.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let version = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    let installed = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let newest = installed
        .filter(|path| path.join("bin/initdb").exists())
        .max_by_key(version)?;
    Some(newest.join("bin"))
}

fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    let install = || {
        let mut command = apt_get();
        program::run(
            command
                .args(["install", "--yes", "--no-install-recommends"])
                .args(packages),
        )
    };
    // The lists of packages may be absent or old: only then are they fetched.
    install()
        .or_else(|_| program::run(apt_get().arg("update")).and_then(|()| install()))
        .with_context(|| {
            format!(
                "cannot install what the tests need: apt-get install --no-install-recommends {}",
                packages.join(" ")
            )
        })
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["--quiet", "--option", "DPkg::Lock::Timeout=120"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
