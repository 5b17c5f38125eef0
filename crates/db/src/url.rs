//! Where the database is.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::error::{Error, Result};

/// Where the database is. `Debug` and `Display` hide the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Place);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file that lives in a temporary directory for as long as the database is open.
    Temporary,
    File(PathBuf),
    Postgres(Url),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` (also `sqlite://PATH`), `sqlite::memory:` (a temporary database, gone
    /// when it is closed), a bare path, or `postgres://…` / `postgresql://…`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Configuration("the database URL is empty".into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            // The parser's message never holds the text itself, so no password leaks here.
            let url = Url::parse(text).map_err(|error| {
                Error::Configuration(format!("the PostgreSQL URL is malformed: {error}"))
            })?;
            return Ok(Self(Place::Postgres(url)));
        }
        let path = match text.strip_prefix("sqlite:") {
            Some(":memory:") => return Ok(Self(Place::Temporary)),
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None if text.contains("://") => {
                return Err(Error::Configuration(
                    "use sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME".into(),
                ));
            }
            None => text,
        };
        if path.is_empty() {
            return Err(Error::Configuration(
                "sqlite: needs the path of a file".into(),
            ));
        }
        Ok(Self(Place::File(PathBuf::from(path))))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Temporary => f.write_str("sqlite::memory:"),
            Place::File(path) => write!(f, "sqlite:{}", path.display()),
            Place::Postgres(url) => {
                write!(
                    f,
                    "postgres://{}@{}",
                    url.username(),
                    url.host_str().unwrap_or("localhost")
                )?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                // The query may hold a password as well, so it is left out.
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        for (text, shown) in [
            (
                "sqlite:/var/lib/bando/bando.db",
                "sqlite:/var/lib/bando/bando.db",
            ),
            ("sqlite://data/bando.db", "sqlite:data/bando.db"),
            ("data/bando.db", "sqlite:data/bando.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            (
                "postgres://bando:hush@db.example:5433/bando",
                "postgres://bando@db.example:5433/bando",
            ),
            (
                "postgresql://bando@localhost/bando?password=hush",
                "postgres://bando@localhost/bando",
            ),
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            " ",
            "sqlite:",
            "mysql://localhost/x",
            "postgres://user:hush@[bad/x",
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let url = DatabaseUrl::parse("postgres://bando:hush@localhost/bando").unwrap();
        assert!(!format!("{url:?} {url}").contains("hush"));
    }
}
