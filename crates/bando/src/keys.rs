//! The encryption keys: from the configuration, or from a key file made at the first start.

use std::fs;
use std::io::Write;
use std::path::Path;

use bando_domain::Entropy;
use bando_store::{MasterKey, Vault};

use crate::config::{ConfigError, Data};

/// The vault with the configured keys, the newest first.
///
/// # Errors
/// [`ConfigError`] if a key is no key, or the key file cannot be used.
pub fn vault(data: &Data, entropy: &dyn Entropy) -> Result<Vault, ConfigError> {
    let keys = match &data.encryption_key {
        Some(text) => parse("ENCRYPTION_KEY", text.expose())?,
        None => from_file(&data.directory, entropy)?,
    };
    let (newest, older) = keys
        .split_first()
        .ok_or_else(|| ConfigError::new("ENCRYPTION_KEY", "is empty"))?;
    let vault = Vault::new(newest, older);
    Ok(match &data.secret_key {
        Some(text) => vault.with_signing_secret(text.expose().as_bytes()),
        None => vault,
    })
}

fn parse(place: &str, text: &str) -> Result<Vec<MasterKey>, ConfigError> {
    let keys = text
        .split([',', '\n'])
        .map(str::trim)
        .filter(|key| !key.is_empty());
    keys.map(|key| MasterKey::parse(key).map_err(|e| ConfigError::new(place, e)))
        .collect()
}

fn from_file(directory: &Path, entropy: &dyn Entropy) -> Result<Vec<MasterKey>, ConfigError> {
    let file = directory.join("key");
    let place = file.display().to_string();
    match fs::read_to_string(&file) {
        Ok(text) => {
            check_private(&file)?;
            parse(&place, &text)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = MasterKey::random(entropy);
            write_private(&file, &key.to_base64()).map_err(|e| {
                ConfigError::new(
                    &place,
                    format!(
                        "cannot be made: {e}; make the directory writable, or set ENCRYPTION_KEY"
                    ),
                )
            })?;
            tracing::info!(
                file = place,
                "made a new encryption key; back it up, credentials are lost without it"
            );
            Ok(vec![key])
        }
        Err(error) => Err(ConfigError::new(&place, format!("cannot be read: {error}"))),
    }
}

/// Writes a file that only its owner can read, durable before anything is encrypted with it.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    if let Some(directory) = file.parent() {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn check_private(file: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)
        .map(|m| m.permissions().mode())
        .unwrap_or(0);
    if mode & 0o077 != 0 {
        let problem = format!(
            "can be read by others (mode {:o}); run: chmod 600 {}",
            mode & 0o777,
            file.display()
        );
        return Err(ConfigError::new(file.display(), problem));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), ConfigError> {
    Ok(())
}
