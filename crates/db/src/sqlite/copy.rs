//! A consistent copy of the file while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{file, statement};
use crate::error::{Error, Result};

/// Writes a copy of `source` to `target`, which must not exist. The writer goes on meanwhile (a
/// step-by-step backup would start over at each of its commits and never end).
pub(super) fn copy(source: &Path, target: &Path) -> Result<()> {
    if target.exists() {
        return Err(Error::Configuration(format!(
            "{} is already there",
            target.display()
        )));
    }
    let partial = partial(target);
    // Left by a copy that was interrupted.
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(&partial, &error));
        }
        _ => {}
    }
    let name = partial
        .to_str()
        .ok_or_else(|| Error::Configuration("the copy's path is not UTF-8".into()))?;
    let connection = file::open_reader(source)?;
    connection
        .execute("VACUUM INTO $1", [name])
        .map_err(statement::error)?;
    // The copy gets its name only when it is whole and on the disk.
    File::open(&partial)
        .and_then(|copy| copy.sync_all())
        .and_then(|()| fs::rename(&partial, target))
        .and_then(|()| {
            File::open(
                target
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty())
                    .unwrap_or(Path::new(".")),
            )?
            .sync_all()
        })
        .map_err(|error| failed(target, &error))
}

fn partial(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::unavailable(format_args!("{}: {error}", path.display()))
}
