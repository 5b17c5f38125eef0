//! A packet in one line, for debug logs.

use std::{fmt, net::Ipv4Addr};

use crate::{Attribute, Packet, attribute::Kind};

/// A packet to be printed: every attribute by name, passwords, keys and digests left out, and of
/// User-Name only the beginning, for a ticket's code is one. Control characters are escaped.
#[derive(Clone, Copy)]
pub struct Readable<'a>(pub(crate) Packet<'a>);

impl fmt::Display for Readable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(packet) = self;
        write!(
            f,
            "{} id={} length={}",
            packet.code(),
            packet.identifier(),
            packet.as_bytes().len()
        )?;
        for (attribute, value) in packet.attributes() {
            f.write_str(" ")?;
            write_attribute(f, attribute, value)?;
        }
        Ok(())
    }
}

fn write_attribute(f: &mut fmt::Formatter<'_>, attribute: Attribute, value: &[u8]) -> fmt::Result {
    write!(f, "{attribute}=")?;
    let kind = attribute.entry().map_or(Kind::Opaque, |(_, kind)| kind);
    let number = <[u8; 4]>::try_from(value).map(u32::from_be_bytes);
    match (kind, number) {
        (Kind::Secret, _) => f.write_str("<hidden>"),
        (Kind::Identity, _) => {
            let shown = value.get(..2).unwrap_or_default();
            write!(f, "\"{}…\"<{} octets>", shown.escape_ascii(), value.len())
        }
        (Kind::Text, _) => write!(f, "\"{}\"", String::from_utf8_lossy(value).escape_debug()),
        (Kind::Number, Ok(number)) => write!(f, "{number}"),
        (Kind::Named(name), Ok(number)) => match name(number) {
            Some(name) => f.write_str(name),
            None => write!(f, "{number}"),
        },
        (Kind::Ipv4, Ok(number)) => write!(f, "{}", Ipv4Addr::from_bits(number)),
        // Unknown attributes may hold anything, so their content is never shown.
        (Kind::Opaque | Kind::Number | Kind::Named(_) | Kind::Ipv4, _) => {
            write!(f, "<{} octets>", value.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Builder, Packet, Secret, dictionary, dictionary::mikrotik};

    #[test]
    fn a_line_names_everything_and_betrays_nothing() {
        let secret = Secret::new(b"testing123").unwrap();
        let mut buffer = Vec::new();
        let mut builder = Builder::access_request(&mut buffer, 9, [1; 16]);
        builder
            .text(dictionary::USER_NAME, "K7PQ2M9XWT")
            .user_password(&secret, b"K7PQ2M9XWT")
            .text(dictionary::NAS_IDENTIFIER, "lab\n\"1\"")
            .u32(dictionary::SERVICE_TYPE, 1)
            .u32(dictionary::NAS_PORT_TYPE, 99)
            .ipv4(dictionary::FRAMED_IP_ADDRESS, [10, 0, 0, 2].into())
            .text(mikrotik::RATE_LIMIT, "1M/5M")
            .bytes(crate::Attribute::standard(200), b"who knows");
        let packet = Packet::parse(builder.finish(&secret).unwrap()).unwrap();
        assert_eq!(
            packet.readable().to_string(),
            "Access-Request id=9 length=119 Message-Authenticator=<hidden> \
             User-Name=\"K7…\"<10 octets> User-Password=<hidden> \
             NAS-Identifier=\"lab\\n\\\"1\\\"\" Service-Type=Login-User NAS-Port-Type=99 \
             Framed-IP-Address=10.0.0.2 Mikrotik-Rate-Limit=\"1M/5M\" Attr-200=<9 octets>"
        );
    }
}
