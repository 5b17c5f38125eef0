//! Who may order things (status queries, reversals, payouts), and the `SecurityCredential` that
//! proves it: the initiator's password, encrypted for Safaricom.
//!
//! The encryption is RSA with PKCS#1 v1.5 padding, as the portal prescribes (not OAEP), for the key of
//! the certificate that the portal offers for download, one for the sandbox and one for production.
//! No certificate is built in. Copies that go around differ: stale ones fail with 2001, and a forged
//! one would hand the password to whoever made it.
//!
//! The crate `rsa` has an advisory (RUSTSEC-2023-0071) about the time that operations with a *private*
//! key take. Here is only a public key, so it does not apply.

use bando_domain::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use crate::account::{Account, BadSetting};

/// An API operator of the provider's organisation.
pub(super) struct Initiator {
    /// Its name.
    pub(super) name: String,
    /// `SecurityCredential`: base64.
    pub(super) credential: Secret,
}

impl Initiator {
    /// Reads the initiator of an account; none when there is none.
    ///
    /// # Errors
    /// [`BadSetting`] names what is missing or wrong.
    pub(super) fn read(account: &Account) -> Result<Option<Self>, BadSetting> {
        let Some(name) = account.setting("initiator") else {
            return Ok(None);
        };
        let password = account.need_secret("initiator_password")?;
        let bad = |field, why| BadSetting { field, why };
        let certificate = account.setting("certificate").ok_or(bad(
            "certificate",
            "is needed with an initiator: download it from the Daraja portal and paste it here",
        ))?;
        let key = read_key(certificate).ok_or(bad(
            "certificate",
            "is not a certificate with an RSA key: paste all of it, from BEGIN to END",
        ))?;
        if let Some(date) = account.setting("initiator_expires") {
            date.parse::<Date>()
                .map_err(|_| bad("initiator_expires", "is a date written like 2026-12-31"))?;
        }
        let credential = seal(&key, password).ok_or(bad(
            "initiator_password",
            "is too long for the key of the certificate",
        ))?;
        Ok(Some(Self {
            name: name.to_owned(),
            credential,
        }))
    }
}

/// The RSA key of a certificate, or a bare public key; in PEM however its lines were broken, or
/// without the BEGIN and END lines.
fn read_key(pem: &str) -> Option<RsaPublicKey> {
    let body = match pem.split_once("-----BEGIN ") {
        Some((_, rest)) => rest.split_once("-----")?.1.split("-----END ").next()?,
        None => pem,
    };
    let base64: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(base64).ok()?;
    let key = match Certificate::from_der(&der) {
        Ok(certificate) => certificate
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .ok()?,
        Err(_) => der,
    };
    RsaPublicKey::from_public_key_der(&key).ok()
}

/// The padding is drawn from the system, as TLS draws its own: nothing is ever replayed from it.
fn seal(key: &RsaPublicKey, password: &Secret) -> Option<Secret> {
    key.encrypt(&mut OsRng, Pkcs1v15Encrypt, password.expose().as_bytes())
        .ok()
        .map(|sealed| Secret::new(STANDARD.encode(sealed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = bando_sim::daraja::CERTIFICATE;

    fn account(settings: &[(&str, &str)], password: &str) -> Account {
        let mut account = Account::default();
        for (name, value) in settings {
            account.settings.insert((*name).into(), (*value).into());
        }
        let password = Secret::new(password);
        account
            .secrets
            .insert("initiator_password".into(), password);
        account
    }

    fn field_of(settings: &[(&str, &str)], password: &str) -> Option<&'static str> {
        Initiator::read(&account(settings, password))
            .err()
            .map(|bad| bad.field)
    }

    #[test]
    fn an_initiator_is_complete_or_absent() {
        let none = Initiator::read(&account(&[], "x"));
        assert!(matches!(none, Ok(None)));
        let name = ("initiator", "api");
        let good = ("certificate", CERTIFICATE);
        assert_eq!(field_of(&[name, good], "Safaricom999!*!"), None);
        assert_eq!(field_of(&[name, good], ""), Some("initiator_password"));
        assert_eq!(field_of(&[name], "x"), Some("certificate"));
        for bad in [
            "x",
            "-----BEGIN CERTIFICATE-----",
            "AAAA",
            "-----BEGIN A-----\nAAAA",
        ] {
            assert_eq!(
                field_of(&[name, ("certificate", bad)], "x"),
                Some("certificate")
            );
        }
        let long = "x".repeat(246);
        assert_eq!(field_of(&[name, good], &long), Some("initiator_password"));
        for (date, field) in [
            ("2026-12-31", None),
            ("31/12/2026", Some("initiator_expires")),
            ("2026-02-30", Some("initiator_expires")),
        ] {
            let settings = [name, good, ("initiator_expires", date)];
            assert_eq!(field_of(&settings, "x"), field, "{date}");
        }
    }

    #[test]
    fn a_certificate_may_be_pasted_in_any_form() {
        let one_line = CERTIFICATE.replace('\n', " ");
        let windows = CERTIFICATE.replace('\n', "\r\n");
        let with_words = format!("subject=CN=daraja\n{CERTIFICATE}\ntrailing");
        let bare: String = CERTIFICATE
            .lines()
            .filter(|l| !l.starts_with('-'))
            .collect();
        let expected = read_key(CERTIFICATE);
        assert!(expected.is_some());
        for form in [one_line, windows, with_words, bare] {
            assert_eq!(read_key(&form), expected, "{form}");
        }
    }

    #[test]
    fn every_credential_is_different_and_has_the_length_of_the_key() {
        let key = read_key(CERTIFICATE).expect("a key");
        let seal = || seal(&key, &Secret::new("Safaricom999!*!")).expect("sealed");
        let (one, other) = (seal(), seal());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(STANDARD.decode(one.expose()).map(|b| b.len()), Ok(256));
    }
}
