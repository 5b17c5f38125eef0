//! The key behind every `SecurityCredential`: an initiator's password, encrypted for M-Pesa.
//!
//! The key pair is the simulator's own and protects nothing: it is part of this source, so that runs
//! can be repeated and clients can be tested against a certificate that never changes.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

/// The certificate that clients encrypt with: PEM, self-signed.
pub const CERTIFICATE: &str = include_str!("credential_certificate.pem");

static KEY: LazyLock<Option<RsaPrivateKey>> =
    LazyLock::new(|| RsaPrivateKey::from_pkcs8_pem(include_str!("credential_key.pem")).ok());

/// Whether the text has the form of a credential: base64 of as many bytes as the key has.
pub(crate) fn is_credential(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 256)
}

/// The password inside; none when it was encrypted for another key or in another way (OAEP).
pub(crate) fn open(credential: &str) -> Option<String> {
    let sealed = STANDARD.decode(credential).ok()?;
    let password = KEY.as_ref()?.decrypt(Pkcs1v15Encrypt, &sealed).ok()?;
    String::from_utf8(password).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_was_sealed_for_it_and_nothing_else() {
        let public = KEY.as_ref().expect("the key is good").to_public_key();
        let sealed = public
            .encrypt(
                &mut rsa::rand_core::OsRng,
                Pkcs1v15Encrypt,
                b"Safaricom999!*!",
            )
            .map(|bytes| STANDARD.encode(bytes))
            .expect("encrypts");
        assert!(is_credential(&sealed));
        assert_eq!(open(&sealed).as_deref(), Some("Safaricom999!*!"));
        assert!(!is_credential("Safaricom999!*!"));
        assert_eq!(open(&STANDARD.encode([7; 256])), None);
    }
}
