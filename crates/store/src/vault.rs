//! Encryption at rest, and the keyed hashes and links that need the same keys.

use std::fmt;

use bando_domain::{Entropy, ProviderId};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Error, Result};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEADER: usize = 1 + 4 + NONCE;
const LINK_TAG: usize = 16;

/// One 256-bit master key. Its id is the first four bytes of a hash of it, so that a key always
/// finds its own ciphertexts again.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new random key.
    pub fn random(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut());
        Self(bytes)
    }

    /// Reads 32 bytes written as hex or base64 (a Fernet key is one of these).
    ///
    /// # Errors
    /// [`Error::Key`] if it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let bytes = hex::decode(text)
            .or_else(|_| URL_SAFE.decode(text))
            .or_else(|_| URL_SAFE_NO_PAD.decode(text))
            .or_else(|_| STANDARD.decode(text))
            .map(Zeroizing::new)
            .map_err(|_| Error::Key)?;
        <[u8; 32]>::try_from(bytes.as_slice())
            .map(|b| Self(Zeroizing::new(b)))
            .map_err(|_| Error::Key)
    }

    /// The key as the key file holds it.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE.encode(self.0.as_slice()))
    }

    /// A key for one use, from this one (HMAC-SHA-256 of the use's name).
    fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(self.0.as_slice(), &[label.as_bytes()]))
    }
}

/// Where a ciphertext lives. It is bound to this place: moved to another row, column, table or
/// provider it does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The provider that owns the row.
    pub provider: ProviderId,
    /// The row's key within the provider.
    pub row: &'a [u8],
}

/// What a public link leads to. A link for one purpose is no good for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// The customer's page of a payment.
    Payment,
    /// The gateway's callback for a payment.
    Callback,
    /// The public page of a ticket, as its QR code opens it.
    Ticket,
    /// Where a gateway tells of whatever happens in a provider's account with it. The row is
    /// [`account_row`](crate::account_row).
    Account,
    /// The gateway's callback for a refund.
    Refund,
    /// The gateway's callback for a payout.
    Payout,
    /// The gateway's answer about money that arrived by itself.
    Arrival,
    /// The page on which a customer spends what is in their wallet.
    Wallet,
}

impl Link {
    /// Daraja refuses callback addresses in which letters happen to spell "exe", "cmd" or "sql", so
    /// those are hex; pages are base64, which makes smaller QR codes.
    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Callback | Self::Account | Self::Refund | Self::Payout | Self::Arrival => {
                hex::encode(bytes)
            }
            Self::Payment | Self::Ticket | Self::Wallet => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Callback | Self::Account | Self::Refund | Self::Payout | Self::Arrival => {
                hex::decode(text).ok()
            }
            Self::Payment | Self::Ticket | Self::Wallet => URL_SAFE_NO_PAD.decode(text).ok(),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Payment => "link:payment",
            Self::Callback => "link:callback",
            Self::Ticket => "link:ticket",
            Self::Account => "link:account",
            Self::Refund => "link:refund",
            Self::Payout => "link:payout",
            Self::Arrival => "link:arrival",
            Self::Wallet => "link:wallet",
        }
    }
}

struct Ring {
    id: [u8; 4],
    cipher: XChaCha20Poly1305,
    link_key: Zeroizing<[u8; 32]>,
    nonce_key: Zeroizing<[u8; 32]>,
}

/// Seals and opens what must not be read from the database, with the newest of its keys, or
/// whichever key sealed it.
pub struct Vault {
    keys: Vec<Ring>,
    index_key: Zeroizing<[u8; 32]>,
    signing_key: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// A vault that seals with `newest` and also opens what `older` keys sealed. Keyed hashes that
    /// are stored use the oldest key, so that adding a key changes none of them.
    pub fn new(newest: &MasterKey, older: &[MasterKey]) -> Self {
        let ring = |key: &MasterKey| {
            let mut id = [0; 4];
            id.copy_from_slice(&key.derive("id")[..4]);
            Ring {
                id,
                cipher: XChaCha20Poly1305::new(&Key::from(*key.derive("seal"))),
                link_key: key.derive("link"),
                nonce_key: key.derive("nonce"),
            }
        };
        let keys = std::iter::once(newest).chain(older).map(ring).collect();
        let index_key = older.last().unwrap_or(newest).derive("index");
        Self {
            keys,
            index_key,
            signing_key: newest.derive("jwt"),
        }
    }

    /// The same vault, signing API tokens with a key made from this text instead.
    #[must_use]
    pub fn with_signing_secret(mut self, secret: &[u8]) -> Self {
        self.signing_key = Zeroizing::new(mac(secret, &[b"jwt"]));
        self
    }

    /// The key for signing API tokens.
    pub fn signing_key(&self) -> &[u8; 32] {
        &self.signing_key
    }

    /// Encrypts `plain` for `place`: version, key id, nonce, XChaCha20-Poly1305 ciphertext.
    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce);
        self.seal_with(nonce, place, plain)
    }

    /// Encrypts `plain` for `place` with a nonce made from both: the same again gives the same
    /// bytes, and nothing else does. For rows that are written over and over with one value.
    pub fn seal_same(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let ring = &self.keys[0];
        let aad = associated_data(place, ring.id);
        let full = mac(ring.nonce_key.as_slice(), &[&aad, plain]);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&full[..NONCE]);
        self.seal_with(nonce, place, plain)
    }

    fn seal_with(&self, nonce: [u8; NONCE], place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let ring = &self.keys[0];
        let aad = associated_data(place, ring.id);
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        #[expect(clippy::expect_used, reason = "fails only past 256 GiB of plaintext")]
        let sealed = ring
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("short plaintext");
        let mut out = Vec::with_capacity(HEADER + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&ring.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Decrypts what [`Vault::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Error::Sealed`] if it was sealed for another place, was altered, or its key is not here.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let fail = || Error::Sealed {
            table: place.table.to_owned(),
            column: place.column.to_owned(),
        };
        let (header, body) = sealed.split_at_checked(HEADER).ok_or_else(fail)?;
        let ring = self
            .keys
            .iter()
            .find(|k| header[0] == VERSION && header[1..5] == k.id);
        let ring = ring.ok_or_else(fail)?;
        let nonce = <[u8; NONCE]>::try_from(&header[5..]).map_err(|_| fail())?;
        let aad = associated_data(place, ring.id);
        let payload = Payload {
            msg: body,
            aad: &aad,
        };
        ring.cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| fail())
    }

    /// A keyed hash to look a secret up by: without the key, a stolen table cannot be searched.
    pub fn index(&self, what: &str, provider: Option<ProviderId>, secret: &[u8]) -> [u8; 32] {
        let owner = provider.map(|p| p.uuid().into_bytes()).unwrap_or_default();
        mac(
            self.index_key.as_slice(),
            &[what.as_bytes(), &[0], &owner, secret],
        )
    }

    /// The unguessable last part of a public URL: provider, row and a tag that only we can make.
    /// Nothing has to be stored, and the row is found within its own provider.
    pub fn link(&self, link: Link, provider: ProviderId, row: Uuid) -> String {
        let mut bytes = [0; 32 + LINK_TAG];
        bytes[..16].copy_from_slice(provider.uuid().as_bytes());
        bytes[16..32].copy_from_slice(row.as_bytes());
        let tag = link_tag(&self.keys[0], link, &bytes[..32]);
        bytes[32..].copy_from_slice(&tag);
        link.encode(&bytes)
    }

    /// Reads a link made by [`Vault::link`] with any of our keys; none if it is forged, cut or meant
    /// for another purpose.
    pub fn read_link(&self, link: Link, text: &str) -> Option<(ProviderId, Uuid)> {
        let bytes: [u8; 32 + LINK_TAG] = link.decode(text)?.try_into().ok()?;
        let genuine = self
            .keys
            .iter()
            .any(|key| bool::from(link_tag(key, link, &bytes[..32]).ct_eq(&bytes[32..])));
        if !genuine {
            return None;
        }
        let provider = Uuid::from_slice(&bytes[..16]).ok()?;
        Some((
            ProviderId::from_uuid(provider),
            Uuid::from_slice(&bytes[16..32]).ok()?,
        ))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.keys.len())
    }
}

/// Every part with its length in front, so that no two places give the same bytes.
fn associated_data(place: Place<'_>, key_id: [u8; 4]) -> Vec<u8> {
    let provider = place.provider.uuid();
    let parts: [&[u8]; 5] = [
        place.table.as_bytes(),
        place.column.as_bytes(),
        provider.as_bytes(),
        place.row,
        &key_id,
    ];
    let mut out = Vec::with_capacity(96);
    for part in parts {
        out.extend_from_slice(&(part.len() as u32).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

fn link_tag(ring: &Ring, link: Link, row: &[u8]) -> [u8; LINK_TAG] {
    let full = mac(
        ring.link_key.as_slice(),
        &[link.label().as_bytes(), &[0], row],
    );
    let mut tag = [0; LINK_TAG];
    tag.copy_from_slice(&full[..LINK_TAG]);
    tag
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(std::sync::atomic::AtomicU8);

    impl Entropy for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn entropy() -> Counter {
        Counter(std::sync::atomic::AtomicU8::new(1))
    }

    fn place(row: &[u8]) -> Place<'_> {
        let provider = ProviderId::from_uuid(Uuid::from_u128(7));
        Place {
            table: "routers",
            column: "secret_sealed",
            provider,
            row,
        }
    }

    #[test]
    fn opens_only_in_its_own_place() {
        let entropy = entropy();
        let vault = Vault::new(&MasterKey::random(&entropy), &[]);
        let sealed = vault.seal(place(b"a"), b"hello", &entropy);
        assert_eq!(
            vault
                .open(place(b"a"), &sealed)
                .expect("own place")
                .as_slice(),
            b"hello"
        );
        assert!(vault.open(place(b"b"), &sealed).is_err());
        assert!(
            vault
                .open(
                    Place {
                        column: "other",
                        ..place(b"a")
                    },
                    &sealed
                )
                .is_err()
        );
        assert!(
            vault
                .open(
                    Place {
                        table: "other",
                        ..place(b"a")
                    },
                    &sealed
                )
                .is_err()
        );
        let other = ProviderId::from_uuid(Uuid::from_u128(8));
        assert!(
            vault
                .open(
                    Place {
                        provider: other,
                        ..place(b"a")
                    },
                    &sealed
                )
                .is_err()
        );
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert!(vault.open(place(b"a"), &altered).is_err(), "byte {i}");
            assert!(vault.open(place(b"a"), &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn the_same_in_the_same_place_seals_the_same() {
        let vault = Vault::new(&MasterKey::random(&entropy()), &[]);
        let sealed = vault.seal_same(place(b"a"), b"hello");
        assert_eq!(sealed, vault.seal_same(place(b"a"), b"hello"));
        assert_ne!(
            sealed[5..29],
            vault.seal_same(place(b"a"), b"hellO")[5..29],
            "a nonce of its own"
        );
        assert_ne!(
            sealed[5..29],
            vault.seal_same(place(b"b"), b"hello")[5..29],
            "a nonce of its own"
        );
        assert_eq!(
            vault
                .open(place(b"a"), &sealed)
                .expect("own place")
                .as_slice(),
            b"hello"
        );
    }

    #[test]
    fn an_older_key_still_opens_and_indexes() {
        let entropy = entropy();
        let (old, new) = (MasterKey::random(&entropy), MasterKey::random(&entropy));
        let before = Vault::new(&old, &[]);
        let sealed = before.seal(place(b"a"), b"hello", &entropy);
        let link = before.link(
            Link::Payment,
            ProviderId::from_uuid(Uuid::nil()),
            Uuid::nil(),
        );
        let after = Vault::new(&new, std::slice::from_ref(&old));
        assert_eq!(
            after
                .open(place(b"a"), &sealed)
                .expect("older key")
                .as_slice(),
            b"hello"
        );
        assert_eq!(
            after.index("code", None, b"x"),
            before.index("code", None, b"x")
        );
        assert!(after.read_link(Link::Payment, &link).is_some());
        assert!(Vault::new(&new, &[]).open(place(b"a"), &sealed).is_err());
    }

    #[test]
    fn a_link_is_good_for_its_purpose_only() {
        let vault = Vault::new(&MasterKey::random(&entropy()), &[]);
        let (provider, row) = (
            ProviderId::from_uuid(Uuid::from_u128(1)),
            Uuid::from_u128(2),
        );
        let link = vault.link(Link::Callback, provider, row);
        assert_eq!(
            vault.read_link(Link::Callback, &link),
            Some((provider, row))
        );
        assert_eq!(vault.read_link(Link::Payment, &link), None);
        assert_eq!(vault.read_link(Link::Callback, "forged"), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(&link).expect("base64");
        bytes[0] ^= 1;
        assert_eq!(
            vault.read_link(Link::Callback, &URL_SAFE_NO_PAD.encode(bytes)),
            None
        );
    }

    #[test]
    fn reads_keys_as_hex_base64_and_fernet() {
        let key = MasterKey::random(&entropy());
        assert_eq!(
            *MasterKey::parse(&key.to_base64()).expect("base64").0,
            *key.0
        );
        assert_eq!(
            *MasterKey::parse(&hex::encode(key.0.as_slice()))
                .expect("hex")
                .0,
            *key.0
        );
        assert!(MasterKey::parse("too short").is_err());
    }
}
