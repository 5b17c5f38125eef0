//! Writing a packet into a buffer that is used again and again.

use std::net::Ipv4Addr;

use crate::{
    Attribute, Authenticator, Code, Counter, Error, HEADER_LENGTH, MAX_LENGTH, Packet, Secret,
    dictionary::{MESSAGE_AUTHENTICATOR, PROXY_STATE, USER_PASSWORD, VENDOR_SPECIFIC},
    pap,
};

/// Where Message-Authenticator's value stands: always in the first attribute, so that nobody can
/// put a chosen prefix before it (CVE-2024-3596, "BlastRADIUS").
const MAC_RANGE: std::ops::Range<usize> = HEADER_LENGTH + 2..HEADER_LENGTH + 18;

/// A packet being written. Attributes follow each other in the order of the calls; what does not
/// fit is reported by [`finish`](Self::finish), so calls can be chained.
///
/// A value of no octets is left out, as RFC 2865 §5 demands.
#[derive(Debug)]
#[must_use = "a packet is only complete after `finish`"]
pub struct Builder<'b> {
    /// Until `finish`, the authenticator field holds what the digests are computed over.
    buffer: &'b mut Vec<u8>,
    /// Whether Message-Authenticator has been reserved.
    has_mac: bool,
    /// Whether the authenticator field is computed, rather than random.
    computed: bool,
    /// The first thing that went wrong.
    failure: Option<Error>,
}

impl<'b> Builder<'b> {
    /// An Access-Request. `authenticator` must be random.
    pub fn access_request(
        buffer: &'b mut Vec<u8>,
        identifier: u8,
        authenticator: Authenticator,
    ) -> Self {
        Self::begin(
            buffer,
            Code::AccessRequest,
            identifier,
            authenticator,
            true,
            false,
        )
    }

    /// An Access-Request without Message-Authenticator, as RouterOS sent it before 7.15.
    pub fn unsigned_access_request(
        buffer: &'b mut Vec<u8>,
        identifier: u8,
        authenticator: Authenticator,
    ) -> Self {
        Self::begin(
            buffer,
            Code::AccessRequest,
            identifier,
            authenticator,
            false,
            false,
        )
    }

    /// A Status-Server (RFC 5997). `authenticator` must be random.
    pub fn status_server(
        buffer: &'b mut Vec<u8>,
        identifier: u8,
        authenticator: Authenticator,
    ) -> Self {
        Self::begin(
            buffer,
            Code::StatusServer,
            identifier,
            authenticator,
            true,
            false,
        )
    }

    /// An Accounting-Request; without Message-Authenticator, as RouterOS sends it.
    pub fn accounting_request(buffer: &'b mut Vec<u8>, identifier: u8) -> Self {
        Self::begin(
            buffer,
            Code::AccountingRequest,
            identifier,
            [0; 16],
            false,
            true,
        )
    }

    /// A CoA-Request (RFC 5176).
    pub fn coa_request(buffer: &'b mut Vec<u8>, identifier: u8) -> Self {
        Self::begin(buffer, Code::CoaRequest, identifier, [0; 16], true, true)
    }

    /// A Disconnect-Request (RFC 5176).
    pub fn disconnect_request(buffer: &'b mut Vec<u8>, identifier: u8) -> Self {
        Self::begin(
            buffer,
            Code::DisconnectRequest,
            identifier,
            [0; 16],
            true,
            true,
        )
    }

    /// The answer to a request: Message-Authenticator first (in an Accounting-Response only if
    /// the request had one), then the request's Proxy-State, in order. A `code` that does not
    /// answer the request is reported by [`finish`](Self::finish).
    pub fn reply(buffer: &'b mut Vec<u8>, code: Code, request: &Packet<'_>) -> Self {
        let mac = code != Code::AccountingResponse || request.has_message_authenticator();
        let mut reply = Self::begin(
            buffer,
            code,
            request.identifier(),
            *request.authenticator(),
            mac,
            true,
        );
        if !code.answers(request.code()) {
            reply.fail(Error::NotAReply {
                reply: code,
                request: request.code(),
            });
        }
        for state in request.values(PROXY_STATE) {
            reply.write(PROXY_STATE, state);
        }
        reply
    }

    /// Adds a number.
    pub fn u32(&mut self, attribute: Attribute, value: u32) -> &mut Self {
        self.bytes(attribute, &value.to_be_bytes())
    }

    /// Adds an IPv4 address.
    pub fn ipv4(&mut self, attribute: Attribute, value: Ipv4Addr) -> &mut Self {
        self.bytes(attribute, &value.octets())
    }

    /// Adds text.
    pub fn text(&mut self, attribute: Attribute, value: &str) -> &mut Self {
        self.bytes(attribute, value.as_bytes())
    }

    /// Adds a 64-bit count of octets; the upper half only if there is one.
    pub fn counter(&mut self, counter: Counter, value: u64) -> &mut Self {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
        let (low, high) = (value as u32, (value >> 32) as u32);
        self.u32(counter.octets, low);
        if high > 0 {
            self.u32(counter.gigawords, high);
        }
        self
    }

    /// Adds octets.
    pub fn bytes(&mut self, attribute: Attribute, value: &[u8]) -> &mut Self {
        match attribute {
            MESSAGE_AUTHENTICATOR => self.fail(Error::AttributeReserved(attribute)),
            _ if value.is_empty() => {}
            _ => self.write(attribute, value),
        }
        self
    }

    /// Adds a password, hidden as PAP wants it (RFC 2865 §5.2).
    pub fn user_password(&mut self, secret: &Secret, password: &[u8]) -> &mut Self {
        let mut authenticator = Authenticator::default();
        authenticator.copy_from_slice(&self.buffer[4..HEADER_LENGTH]);
        let mut out = [0; pap::MAX_PASSWORD_LENGTH];
        match pap::hide(password, secret, &authenticator, &mut out) {
            Ok(hidden) => self.write(USER_PASSWORD, hidden),
            Err(error) => self.fail(error),
        }
        self
    }

    /// Fills in length, Message-Authenticator and authenticator, and gives the finished packet.
    ///
    /// # Errors
    /// The first thing that went wrong in the calls before.
    pub fn finish(self, secret: &Secret) -> Result<&'b [u8], Error> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let length = u16::try_from(self.buffer.len()).map_err(|_| Error::PacketTooLong)?;
        self.buffer[2..4].copy_from_slice(&length.to_be_bytes());
        if self.has_mac {
            let mac = secret.mac(self.buffer);
            self.buffer[MAC_RANGE].copy_from_slice(&mac);
        }
        if self.computed {
            let digest = secret.digest(&[self.buffer]);
            self.buffer[4..HEADER_LENGTH].copy_from_slice(&digest);
        }
        Ok(self.buffer)
    }

    fn begin(
        buffer: &'b mut Vec<u8>,
        code: Code,
        identifier: u8,
        basis: Authenticator,
        has_mac: bool,
        computed: bool,
    ) -> Self {
        buffer.clear();
        buffer.extend_from_slice(&[code as u8, identifier, 0, 0]);
        buffer.extend_from_slice(&basis);
        let mut builder = Self {
            buffer,
            has_mac,
            computed,
            failure: None,
        };
        if has_mac {
            builder.write(MESSAGE_AUTHENTICATOR, &[0; 16]);
        }
        builder
    }

    /// Appends an attribute, or remembers why not.
    fn write(&mut self, attribute: Attribute, value: &[u8]) {
        let vendor = attribute.vendor_id();
        let size = value.len() + if vendor.is_some() { 8 } else { 2 };
        let Ok(octet) = u8::try_from(size) else {
            return self.fail(Error::ValueTooLong {
                attribute,
                length: value.len(),
            });
        };
        if self.buffer.len() + size > MAX_LENGTH {
            return self.fail(Error::PacketTooLong);
        }
        if let Some(vendor) = vendor {
            self.buffer
                .extend_from_slice(&[VENDOR_SPECIFIC.number(), octet]);
            self.buffer.extend_from_slice(&vendor.to_be_bytes());
            self.buffer
                .extend_from_slice(&[attribute.number(), octet - 6]);
        } else {
            self.buffer.extend_from_slice(&[attribute.number(), octet]);
        }
        self.buffer.extend_from_slice(value);
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::{CLASS, REPLY_MESSAGE, STATE, USER_NAME, mikrotik};

    fn secret() -> Secret {
        Secret::new(b"testing123").unwrap()
    }

    #[test]
    fn replies_begin_with_message_authenticator_and_echo_proxy_state_in_order() {
        let (mut question, mut answer) = (Vec::new(), Vec::new());
        let mut request = Builder::access_request(&mut question, 3, [7; 16]);
        request
            .bytes(PROXY_STATE, &[1, 2])
            .text(USER_NAME, "bob")
            .bytes(PROXY_STATE, &[3, 4]);
        let request = Packet::parse(request.finish(&secret()).unwrap()).unwrap();
        for code in [
            Code::AccessAccept,
            Code::AccessReject,
            Code::AccessChallenge,
        ] {
            let mut reply = Builder::reply(&mut answer, code, &request);
            reply.text(REPLY_MESSAGE, "hello");
            let reply = Packet::parse(reply.finish(&secret()).unwrap()).unwrap();
            secret()
                .verify_reply(&reply, request.authenticator())
                .unwrap();
            assert_eq!((reply.code(), reply.identifier()), (code, 3));
            assert_eq!(reply.attributes().next().unwrap().0, MESSAGE_AUTHENTICATOR);
            let states: Vec<_> = reply.values(PROXY_STATE).collect();
            assert_eq!(states, [[1, 2], [3, 4]]);
        }
    }

    #[test]
    fn an_accounting_response_is_signed_as_its_request_was() {
        let (mut question, mut answer) = (Vec::new(), Vec::new());
        let request = Builder::accounting_request(&mut question, 1)
            .finish(&secret())
            .unwrap();
        let request = Packet::parse(request).unwrap();
        let reply = Builder::reply(&mut answer, Code::AccountingResponse, &request);
        assert_eq!(reply.finish(&secret()).unwrap().len(), HEADER_LENGTH);

        let request = Builder::status_server(&mut question, 1, [9; 16])
            .finish(&secret())
            .unwrap();
        let request = Packet::parse(request).unwrap();
        let reply = Builder::reply(&mut answer, Code::AccountingResponse, &request);
        let reply = Packet::parse(reply.finish(&secret()).unwrap()).unwrap();
        assert!(reply.has_message_authenticator());
        secret()
            .verify_reply(&reply, request.authenticator())
            .unwrap();
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut buffer = Vec::new();
        let mut packet = Builder::coa_request(&mut buffer, 1);
        packet.bytes(CLASS, &[1; 254]);
        let too_long = Error::ValueTooLong {
            attribute: CLASS,
            length: 254,
        };
        assert_eq!(packet.finish(&secret()), Err(too_long));

        let mut packet = Builder::coa_request(&mut buffer, 1);
        packet.bytes(mikrotik::GROUP, &[b'g'; 248]);
        let too_long = Error::ValueTooLong {
            attribute: mikrotik::GROUP,
            length: 248,
        };
        assert_eq!(packet.finish(&secret()), Err(too_long));

        let mut packet = Builder::coa_request(&mut buffer, 1);
        packet.bytes(MESSAGE_AUTHENTICATOR, &[0; 16]);
        let reserved = Error::AttributeReserved(MESSAGE_AUTHENTICATOR);
        assert_eq!(packet.finish(&secret()), Err(reserved));
    }

    #[test]
    fn a_packet_holds_4096_octets_and_not_one_more() {
        let mut buffer = Vec::new();
        for (last, expected) in [(249, Ok(MAX_LENGTH)), (250, Err(Error::PacketTooLong))] {
            let mut packet = Builder::accounting_request(&mut buffer, 1);
            for _ in 0..15 {
                packet.bytes(CLASS, &[1; 253]);
            }
            packet.bytes(STATE, &vec![2; last]);
            assert_eq!(packet.finish(&secret()).map(<[u8]>::len), expected);
        }
    }

    #[test]
    fn a_reply_must_answer_its_request() {
        let (mut question, mut answer) = (Vec::new(), Vec::new());
        let request = Builder::disconnect_request(&mut question, 1)
            .finish(&secret())
            .unwrap();
        let request = Packet::parse(request).unwrap();
        let wrong = Builder::reply(&mut answer, Code::CoaAck, &request).finish(&secret());
        let (reply, request) = (Code::CoaAck, Code::DisconnectRequest);
        assert_eq!(wrong, Err(Error::NotAReply { reply, request }));
    }
}
