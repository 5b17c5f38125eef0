//! The little HTTP that benchmarks need: one page, plain TCP on loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// With its head.
    pub(super) bytes_as_sent: usize,
}

/// Asks for a page.
pub(super) fn get(url: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let (host, path) = parts(url)?;
    let mut stream =
        TcpStream::connect(host).with_context(|| format!("cannot connect to {host}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    // HTTP/1.0 ends an answer by closing, with no chunks to put together.
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {host}\r\n{headers}\r\n"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).with_context(|| format!("{url} did not answer in HTTP"))
}

fn parts(url: &str) -> Result<(&str, String)> {
    let rest = url
        .strip_prefix("http://")
        .with_context(|| format!("not a plain HTTP address: {url}"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((host, format!("/{path}")))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let status = bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    Some(Answer {
        status: std::str::from_utf8(status).ok()?.parse().ok()?,
        bytes_as_sent: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_and_answers_apart() {
        assert_eq!(
            parts("http://127.0.0.1:8080/p/x?y=/").unwrap(),
            ("127.0.0.1:8080", "/p/x?y=/".to_owned())
        );
        assert_eq!(parts("http://127.0.0.1:8080").unwrap().1, "/");
        let answer = parse(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nbody").unwrap();
        assert_eq!(
            answer,
            Answer {
                status: 200,
                bytes_as_sent: 29
            }
        );
        assert_eq!(parse(b"nonsense"), None);
    }
}
