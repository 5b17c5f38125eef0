//! CHAP (RFC 1994 §4.1): the password is proved, not sent.

use md5::{Digest, Md5};

/// MD5 over identifier, password and challenge. The hotspot's login page computes the same.
#[must_use]
pub fn response(identifier: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    let md5 = Md5::new().chain_update([identifier]).chain_update(password);
    md5.chain_update(challenge).finalize().into()
}
