//! A customer's visit to the portal: what the router told the browser to tell us.

use bando_domain::{MacAddr, ProviderId, TicketCode};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::{App, Result};

/// The router's parameters, under RouterOS's own names. All of them come by way of the customer's
/// browser, so none is believed: they only say where the browser may be sent back to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Visit {
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddr>,
    /// The device's address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// The router's identity (NAS-Identifier).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// The router's login address, without query.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link_login_only: String,
    /// The page the customer wanted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub link_orig: String,
    /// The CHAP identifier, one octet, as RouterOS escapes it (`\371`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chap_id: String,
    /// The CHAP challenge, sixteen octets, escaped likewise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub chap_challenge: String,
}

/// What the browser sends to the router's login address to go online.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouterLogin {
    /// The router's login address.
    pub action: String,
    /// The field `username`.
    pub username: String,
    /// The field `password`: the code, or its CHAP response.
    pub password: String,
    /// The field `dst`: where the router sends the browser afterwards.
    pub dst: String,
}

impl App {
    /// Where the routers of a provider have their login pages, by name: for a device that stands behind
    /// one of them, but whose browser came to us past it.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn login_pages(&self, provider: ProviderId) -> Result<Vec<(String, String)>> {
        let routers = self.store.read(provider).await?.routers().await?;
        let mut pages: Vec<(String, String)> = Vec::new();
        for router in routers {
            // Hotspots of one make often have one address.
            let is_known = pages.iter().any(|(_, host)| *host == router.hotspot_host);
            if !is_known && !router.hotspot_host.is_empty() {
                pages.push((router.name, router.hotspot_host));
            }
        }
        Ok(pages)
    }
}

impl Visit {
    /// What logs the device in with a ticket's code; none if the browser did not come by way of a
    /// router. The caller has checked that the login address is the router's own.
    pub fn login(&self, code: &TicketCode, dst: &str) -> Option<RouterLogin> {
        self.login_as(code.as_str(), dst)
    }

    /// The same for a device that a ticket is bound to already: it logs in by its own address, which
    /// the router vouches for, so that no code stands in a page that anybody could ask for.
    pub fn login_by_device(&self, dst: &str) -> Option<RouterLogin> {
        self.login_as(&self.mac?.to_string(), dst)
    }

    /// Name and password are the same for both.
    fn login_as(&self, name: &str, dst: &str) -> Option<RouterLogin> {
        if self.link_login_only.is_empty() {
            return None;
        }
        let chap = unescape(&self.chap_id).zip(unescape(&self.chap_challenge));
        let password = match chap.filter(|(id, _)| id.len() == 1) {
            // As RouterOS's own login page does it: md5(id, password, challenge), RFC 1994 §4.1.
            Some((id, challenge)) => {
                let mut hash = Md5::new();
                hash.update(&id);
                hash.update(name);
                hash.update(&challenge);
                hex::encode(hash.finalize())
            }
            None => name.to_owned(),
        };
        Some(RouterLogin {
            action: self.link_login_only.clone(),
            username: name.to_owned(),
            password,
            dst: dst.to_owned(),
        })
    }

    /// The host of the login address, if it is an http(s) URL.
    pub fn login_host(&self) -> Option<String> {
        let url = url::Url::parse(&self.link_login_only).ok()?;
        let web = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
        web.then(|| url.host_str().map(str::to_owned)).flatten()
    }
}

/// Undoes RouterOS's escapes: `\ooo` in octal, as in a JavaScript string. None for text that
/// RouterOS does not write, and for none at all.
fn unescape(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 256 {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(16), 0);
    while i < bytes.len() {
        if bytes[i] == b'\\' {
            let digits = bytes[i + 1..]
                .iter()
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(b))
                .count();
            if digits == 0 {
                // A backslash or quote that stands for itself.
                out.push(*bytes.get(i + 1)?);
                i += 2;
                continue;
            }
            let value = bytes[i + 1..=i + digits]
                .iter()
                .fold(0_u32, |v, b| v * 8 + u32::from(b - b'0'));
            out.push(u8::try_from(value).ok()?);
            i += 1 + digits;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> TicketCode {
        "K7MPQ2XW9R".parse().expect("code")
    }

    #[test]
    fn undoes_octal() {
        assert_eq!(unescape("\\371"), Some(vec![0xf9]));
        assert_eq!(
            unescape("\\357\\015ab\\\\\\1"),
            Some(vec![0xef, 0x0d, b'a', b'b', b'\\', 1])
        );
        assert_eq!(unescape("\\777"), None);
        assert_eq!(unescape("\\"), None);
        assert_eq!(unescape(""), None);
    }

    #[test]
    fn answers_a_challenge_or_sends_the_code() {
        let mut visit = Visit {
            link_login_only: "http://10.5.50.1/login".into(),
            ..Visit::default()
        };
        assert_eq!(
            visit.login(&code(), "").expect("plain").password,
            "K7MPQ2XW9R"
        );
        visit.chap_id = "\\001".into();
        visit.chap_challenge = "\\002\\003".into();
        let expected = hex::encode(Md5::digest(b"\x01K7MPQ2XW9R\x02\x03"));
        assert_eq!(visit.login(&code(), "").expect("chap").password, expected);
        assert_eq!(Visit::default().login(&code(), ""), None);
    }

    #[test]
    fn a_known_device_logs_in_by_its_address() {
        let mut visit = Visit {
            link_login_only: "http://10.5.50.1/login".into(),
            ..Visit::default()
        };
        assert_eq!(visit.login_by_device(""), None);
        visit.mac = "02:00:5e:10:00:01".parse().ok();
        let login = visit.login_by_device("http://example.org/").expect("login");
        assert_eq!(login.username, "02:00:5E:10:00:01");
        assert_eq!(login.password, login.username);
        assert_eq!(login.dst, "http://example.org/");
    }

    #[test]
    fn login_hosts() {
        let host = |link: &str| {
            Visit {
                link_login_only: link.into(),
                ..Visit::default()
            }
            .login_host()
        };
        assert_eq!(
            host("http://wifi.example/login").as_deref(),
            Some("wifi.example")
        );
        assert_eq!(host("javascript:alert(1)"), None);
        assert_eq!(host("http://wifi.example@evil.example/login"), None);
        assert_eq!(host("login"), None);
    }
}
