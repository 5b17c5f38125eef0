//! Which callback URLs Daraja takes (it answers the rest with `Invalid CallBackURL`, or worse,
//! with silence).

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::account::Environment;

/// Words that Daraja refuses anywhere in a callback URL, in any case.
const BANNED: [&str; 9] = [
    "m-pesa",
    "mpesa",
    "safaricom",
    "exec",
    "exe",
    "cmd",
    "cme",
    "sql",
    "query",
];

/// Hosts of tunnels and request bins, which Daraja refuses.
const TUNNELS: [&str; 4] = ["ngrok", "mockbin", "requestbin", "webhook.site"];

/// What is wrong with a callback URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UrlProblem {
    /// Not an absolute `http` or `https` URL.
    NotAUrl,
    /// Production wants `https`.
    NotHttps,
    /// A capital letter in the host.
    UppercaseHost,
    /// A word that Daraja refuses.
    BannedWord(&'static str),
    /// A tunnel or request bin.
    Tunnel(&'static str),
    /// Safaricom's servers cannot reach it.
    NotPublic,
    /// A query string or fragment: what becomes of it is not known.
    HasQuery,
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl => f.write_str("write the whole address, beginning with https://"),
            Self::NotHttps => f.write_str("production needs an address that begins with https://"),
            Self::UppercaseHost => f.write_str("write the host name in small letters"),
            Self::BannedWord(word) => write!(
                f,
                "Safaricom refuses addresses that contain {word:?}; choose another host or path"
            ),
            Self::Tunnel(name) => {
                write!(f, "Safaricom refuses {name}; use a host of your own")
            }
            Self::NotPublic => {
                f.write_str("Safaricom cannot reach this address; use a public host name")
            }
            Self::HasQuery => f.write_str("leave out everything from the ? or # on"),
        }
    }
}

/// Everything that is wrong with `url` as a callback URL; empty when it will do. A custom
/// environment (the simulator) may be called back on any host.
pub fn check_callback_url(url: &str, environment: &Environment) -> Vec<UrlProblem> {
    let Ok(parsed) = Url::parse(url) else {
        return vec![UrlProblem::NotAUrl];
    };
    let Some(host) = parsed
        .host()
        .filter(|_| matches!(parsed.scheme(), "http" | "https"))
    else {
        return vec![UrlProblem::NotAUrl];
    };
    let mut problems = Vec::new();
    if *environment == Environment::Production && parsed.scheme() != "https" {
        problems.push(UrlProblem::NotHttps);
    }
    if written_host(url).bytes().any(|b| b.is_ascii_uppercase()) {
        problems.push(UrlProblem::UppercaseHost);
    }
    let lower = url.to_ascii_lowercase();
    if let Some(word) = BANNED.into_iter().find(|word| lower.contains(word)) {
        problems.push(UrlProblem::BannedWord(word));
    }
    if let Some(name) = TUNNELS.into_iter().find(|name| lower.contains(name)) {
        problems.push(UrlProblem::Tunnel(name));
    }
    if !matches!(environment, Environment::Custom(_)) && !is_public(&host) {
        problems.push(UrlProblem::NotPublic);
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        problems.push(UrlProblem::HasQuery);
    }
    problems
}

/// The host as it was typed: parsing makes it lower case.
fn written_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn is_public(host: &Host<&str>) -> bool {
    let ip = match host {
        Host::Domain(name) => {
            return name.contains('.')
                && !name.ends_with(".local")
                && !name.ends_with(".localhost");
        }
        Host::Ipv4(ip) => IpAddr::V4(*ip),
        Host::Ipv6(ip) => IpAddr::V6(*ip),
    };
    let private = match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    !(private || ip.is_loopback() || ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(url: &str) -> Vec<UrlProblem> {
        check_callback_url(url, &Environment::Production)
    }

    #[test]
    fn takes_what_daraja_takes() {
        assert_eq!(problems("https://wifi.example.co.ke/cb/k/9f3a/77c1"), []);
        let sandbox = check_callback_url("http://wifi.example.co.ke/cb", &Environment::Sandbox);
        assert_eq!(sandbox, []);
        let custom = Environment::Custom("http://127.0.0.1:9".into());
        assert_eq!(
            check_callback_url("http://127.0.0.1:8080/cb/k/x", &custom),
            []
        );
    }

    #[test]
    fn names_what_daraja_refuses() {
        use UrlProblem::*;
        assert_eq!(problems("wifi.example.co.ke/cb"), [NotAUrl]);
        assert_eq!(problems("ftp://wifi.example.co.ke/cb"), [NotAUrl]);
        assert_eq!(problems("http://wifi.example.co.ke/cb"), [NotHttps]);
        assert_eq!(problems("https://WiFi.example.co.ke/cb"), [UppercaseHost]);
        assert_eq!(
            problems("https://a.co.ke/api/Mpesa/callback"),
            [BannedWord("mpesa")]
        );
        assert_eq!(problems("https://a.co.ke/cb/execute"), [BannedWord("exec")]);
        assert_eq!(problems("https://x.ngrok.io/cb"), [Tunnel("ngrok")]);
        assert_eq!(problems("https://192.168.88.1/cb"), [NotPublic]);
        assert_eq!(problems("https://localhost/cb"), [NotPublic]);
        assert_eq!(problems("https://[::1]/cb"), [NotPublic]);
        assert_eq!(problems("https://a.co.ke/cb?t=1"), [HasQuery]);
    }
}
