//! Access tokens: JSON Web Tokens (RFC 7519) in the compact form, signed with HS256 (RFC 7515).
//!
//! Written by hand, because the one header we issue is the one header we accept: there is no
//! algorithm, key id or key address to be chosen by whoever sends a token. A general library would
//! bring all of these, a process-wide cryptography provider, and a clock of its own.

use std::time::Duration;

use bando_domain::{AccountId, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// How long an access token is good for.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);

/// The only header: `typ` is that of RFC 9068, so that no other kind of token passes for one.
const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

/// Whom a token is for.
const AUDIENCE: &str = "bando-api";

/// What a token is good for; refresh tokens are not JWTs at all.
const KIND: &str = "access";

/// How far the clocks of two nodes may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// Far longer than any token of ours; longer ones are not looked at.
const MAX_LENGTH: usize = 1024;

/// Makes and reads the tokens of one installation.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    /// The installation's signing key.
    pub(crate) key: &'a [u8; 32],
    /// The installation's public address.
    pub(crate) issuer: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    typ: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

impl Tokens<'_> {
    /// An access token for `account`; `id` tells it from others.
    pub(crate) fn issue(&self, account: AccountId, id: Uuid, now: Timestamp) -> String {
        let claims = Claims {
            iss: self.issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account,
            typ: KIND.to_owned(),
            iat: now.as_seconds(),
            exp: now.plus(LIFETIME).as_seconds(),
            jti: id,
        };
        let claims = serde_json::json!(claims).to_string();
        let signed = format!("{}.{}", encode(HEADER), encode(&claims));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whose token this is; none unless it is one of ours and good at `now`.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<AccountId> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != encode(HEADER) {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // In constant time.
        self.mac(signed).verify_slice(&signature).ok()?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let ours = claims.iss == self.issuer && claims.aud == AUDIENCE && claims.typ == KIND;
        let begun = claims.iat <= now.plus(SKEW).as_seconds();
        (ours && begun && now.as_seconds() < claims.exp).then_some(claims.sub)
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key).expect("a key of any length");
        mac.update(signed.as_bytes());
        mac
    }
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const NOW: Timestamp = Timestamp::from_seconds(1_795_178_527);
    const TOKENS: Tokens<'_> = Tokens {
        key: &KEY,
        issuer: "https://wifi.example",
    };

    fn account() -> AccountId {
        AccountId::from_uuid(Uuid::from_u128(5))
    }

    fn token() -> String {
        TOKENS.issue(account(), Uuid::from_u128(9), NOW)
    }

    /// A token with these parts, signed with our own key: what only its text can be wrong about.
    fn signed(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = TOKENS.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Our claims with one member changed or taken away.
    fn claims(member: &str, value: Option<serde_json::Value>) -> String {
        let mut claims = serde_json::json!({
            "iss": TOKENS.issuer, "aud": AUDIENCE, "sub": account(), "typ": KIND,
            "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 600, "jti": Uuid::from_u128(9),
        });
        let members = claims.as_object_mut().expect("object");
        match value {
            Some(value) => members.insert(member.to_owned(), value),
            None => members.remove(member),
        };
        claims.to_string()
    }

    #[test]
    fn reads_its_own_until_the_second_it_ends() {
        let verify = |seconds| TOKENS.verify(&token(), NOW.plus(Duration::from_secs(seconds)));
        assert_eq!(verify(0), Some(account()));
        assert_eq!(verify(599), Some(account()));
        assert_eq!(verify(600), None);
    }

    #[test]
    fn signs_as_rfc_7515_does() {
        // RFC 7515 appendix A.1: the bytes of header and claims are the RFC's own, CRLF and all.
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .expect("key");
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("key");
        mac.update(signed.as_bytes());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn takes_no_other_header() {
        let good = claims("typ", Some(KIND.into()));
        assert_eq!(TOKENS.verify(&signed(HEADER, &good), NOW), Some(account()));
        for header in [
            r#"{"alg":"none","typ":"at+jwt"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS512","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","jku":"https://evil.example/keys"}"#,
            r#"{"alg":"HS256","typ":"at+jwt","crit":["exp"]}"#,
            r#"{"typ":"at+jwt"}"#,
            "",
        ] {
            assert_eq!(TOKENS.verify(&signed(header, &good), NOW), None, "{header}");
        }
    }

    #[test]
    fn takes_no_other_claims() {
        let late = Some((NOW.as_seconds() + 3600).into());
        for (member, value) in [
            ("iss", Some("https://other.example".into())),
            ("aud", Some("another-api".into())),
            ("aud", Some(serde_json::json!([AUDIENCE]))),
            ("typ", Some("refresh".into())),
            ("sub", Some("nobody".into())),
            ("iat", late),
            ("exp", Some(NOW.as_seconds().into())),
            ("exp", Some("never".into())),
            ("exp", Some(serde_json::json!(1e300))),
            ("iss", None),
            ("aud", None),
            ("typ", None),
            ("sub", None),
            ("exp", None),
            ("iat", None),
            ("jti", None),
        ] {
            let token = signed(HEADER, &claims(member, value.clone()));
            assert_eq!(TOKENS.verify(&token, NOW), None, "{member} {value:?}");
        }
    }

    #[test]
    fn takes_no_other_key_and_no_altered_text() {
        let other = Tokens {
            key: &[8; 32],
            ..TOKENS
        };
        let good = token();
        assert_eq!(other.verify(&good, NOW), None);
        for cut in 0..good.len() {
            assert_eq!(TOKENS.verify(&good[..cut], NOW), None, "cut at {cut}");
        }
        for (at, _) in good.char_indices() {
            let mut altered = good.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert_eq!(TOKENS.verify(&altered, NOW), None, "altered at {at}");
        }
        for odd in [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "\u{1f600}.\u{1f600}.\u{1f600}",
        ] {
            assert_eq!(TOKENS.verify(odd, NOW), None, "{odd:?}");
        }
        assert_eq!(TOKENS.verify(&format!("{good}."), NOW), None);
        assert_eq!(TOKENS.verify(&"a".repeat(100_000), NOW), None);
    }
}
