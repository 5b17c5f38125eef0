//! `Wave-Signature`: proof of who wrote a message, and when.
//!
//! `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`, where `v1` is HMAC-SHA256 over the seconds as written and,
//! with nothing between them, the body byte for byte. During a rotation there are several.

use std::time::Duration;

use bando_domain::{Secret, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::account::{self, Strategy};
use crate::account::Account;
use crate::gateway::{Authenticity, Message};

/// How old a message may be: a signature is no use to whoever finds it later.
const PAST: Duration = Duration::from_secs(300);

/// How far Wave's clock may be ahead of ours.
const FUTURE: Duration = Duration::from_secs(30);

/// Tells whether Wave sent a message to this account. Without a secret nothing can be Wave's.
pub(super) fn authenticate(account: &Account, message: &Message<'_>) -> Authenticity {
    let Ok(Some((strategy, secret))) = account::webhook(account) else {
        return Authenticity::Forged("the account has no webhook secret");
    };
    let proven = match strategy {
        Strategy::Signing => verify(&secret, message),
        Strategy::Shared => compare(&secret, message),
    };
    match proven {
        Ok(()) => Authenticity::Signed,
        Err(why) => Authenticity::Forged(why),
    }
}

/// The header that signs a request of ours, for keys that were made with request signing.
///
/// UNVERIFIED: Wave documents "a timestamp and an HMAC-SHA256 signature of the request body"; that it
/// is put together as in webhooks is concluded from the shared name and from other clients.
pub(super) fn sign(secret: &Secret, now: Timestamp, body: &[u8]) -> String {
    let time = now.as_seconds().to_string();
    let hex = hex::encode(digest(secret, &time, body));
    format!("t={time},v1={hex}")
}

fn verify(secret: &Secret, message: &Message<'_>) -> Result<(), &'static str> {
    let header = only(message, "wave-signature")?;
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) if time.is_none() => time = Some(value),
            Some(("t", _)) => return Err("two times in the signature"),
            Some(("v1", value)) => signatures.push(value),
            _ => {}
        }
    }
    let time = time.ok_or("no time in the signature")?;
    if !time.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the signature's time is not a time");
    }
    let seconds = time
        .parse()
        .map_err(|_| "the signature's time is not a time")?;
    let signed_at = Timestamp::from_seconds(seconds);
    if message.received_at.since(signed_at) > PAST {
        return Err("the signature is too old");
    }
    if signed_at.since(message.received_at) > FUTURE {
        return Err("the signature is of the future");
    }
    let expected = digest(secret, time, message.body);
    let mut good = false;
    for signature in signatures {
        let bytes = hex::decode(signature).unwrap_or_default();
        good |= bool::from(bytes.ct_eq(&expected));
    }
    if good {
        Ok(())
    } else {
        Err("the signature is wrong")
    }
}

fn compare(secret: &Secret, message: &Message<'_>) -> Result<(), &'static str> {
    let token = only(message, "authorization")?
        .strip_prefix("Bearer ")
        .ok_or("the authorization is not a bearer's")?;
    if bool::from(token.as_bytes().ct_eq(secret.expose().as_bytes())) {
        Ok(())
    } else {
        Err("the shared secret is wrong")
    }
}

/// The value of a header that must be there once.
fn only<'a>(message: &Message<'a>, name: &str) -> Result<&'a str, &'static str> {
    let mut values = message.headers.iter().filter(|(header, _)| header == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value),
        (None, _) => Err("the signature is missing"),
        (Some(_), Some(_)) => Err("there are two signatures"),
    }
}

fn digest(secret: &Secret, time: &str, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("a key of any length");
    mac.update(time.as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}
