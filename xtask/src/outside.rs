//! The outside world of a test run: programs, data and servers, told to the tests by environment variables.

use std::env;
use std::process::Command;

use anyhow::Result;

use crate::postgres::Postgres;
use crate::{machine, program, python, repository};

/// What was prepared. Dropping it stops what was started.
pub(crate) struct Outside {
    variables: Vec<(&'static str, String)>,
    _postgres: Option<Postgres>,
}

impl Outside {
    /// Installs what is missing where that is possible, starts PostgreSQL, and notes what tests have to know.
    ///
    /// What cannot be had is left out: `bando_testkit` then skips the tests that need it.
    pub(crate) fn prepare() -> Result<Self> {
        machine::prepare()?;
        let mut variables = Vec::new();
        if let Some(shared) = repository::shared() {
            variables.push(("BANDO_SHARED", shared.display().to_string()));
        }
        match python::prepare() {
            Ok(python) => variables.push(("BANDO_TEST_PYTHON", python.display().to_string())),
            Err(error) => println!("no Python environment: {error:#}"),
        }
        for (variable, name) in [
            ("BANDO_TEST_CHROMEDRIVER", "chromedriver"),
            ("BANDO_TEST_RADCLIENT", "radclient"),
        ] {
            if let Some(path) = program::find(name) {
                variables.push((variable, path.display().to_string()));
            }
        }
        let postgres = start_postgres()?;
        if let Some(server) = &postgres {
            variables.push(("BANDO_TEST_POSTGRES", server.url()));
        }
        Ok(Self {
            variables,
            _postgres: postgres,
        })
    }

    /// Cargo, with what the tests have to know in its environment.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = repository::cargo();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Nothing where the caller names a server of his own, or where PostgreSQL is not installed.
fn start_postgres() -> Result<Option<Postgres>> {
    if env::var_os("BANDO_TEST_POSTGRES").is_some() {
        return Ok(None);
    }
    machine::postgres_programs()
        .map(Postgres::start)
        .transpose()
}
