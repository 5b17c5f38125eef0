//! What the program logs while tests run.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Begins to keep what is logged, in detail. Once for the whole program of tests.
pub(crate) fn keep() {
    static BEGUN: OnceLock<()> = OnceLock::new();
    BEGUN.get_or_init(|| {
        let filter =
            "info,bando=debug,bando_aaa=debug,bando_app=debug,bando_gateways=debug,bando_web=debug";
        let logger = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(|| Keeper);
        // Another logger in place would be another test's: then nothing is kept, and the test says so.
        let _ = logger.try_init();
    });
}

/// All that was logged so far, by all tests.
pub(crate) fn kept() -> String {
    String::from_utf8_lossy(&lock()).into_owned()
}

struct Keeper;

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock() -> MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}
