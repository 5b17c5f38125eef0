//! Log lines that anybody can cause, and that must not fill the disk.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Lets a line through now and then, and counts the others.
#[derive(Debug)]
pub(super) struct Quiet(Mutex<(Option<Instant>, u64)>);

impl Quiet {
    /// Nothing was said yet.
    pub(super) const fn new() -> Self {
        Self(Mutex::new((None, 0)))
    }

    /// Whether to write a line; if so, how many were held back since the last.
    pub(super) fn speak(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, held_back) = &mut *state;
        if last.is_some_and(|last| last.elapsed() < PAUSE) {
            *held_back += 1;
            return None;
        }
        *last = Some(Instant::now());
        Some(std::mem::take(held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_it_once() {
        let quiet = Quiet::new();
        assert_eq!(quiet.speak(), Some(0));
        assert_eq!((quiet.speak(), quiet.speak()), (None, None));
    }
}
