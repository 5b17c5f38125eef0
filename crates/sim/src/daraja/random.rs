//! Random texts from the given source, so that a run can be replayed from its seed.

use std::sync::Arc;

use bando_domain::Entropy;

/// Draws from the entropy it was given.
pub(crate) struct Random(Arc<dyn Entropy>);

impl Random {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self(entropy)
    }

    /// `length` characters of `alphabet` (at most 256 of them; slight bias does not matter here).
    pub(crate) fn text(&self, length: usize, alphabet: &[u8]) -> String {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
            .iter()
            .map(|b| char::from(alphabet[usize::from(*b) % alphabet.len()]))
            .collect()
    }
}
