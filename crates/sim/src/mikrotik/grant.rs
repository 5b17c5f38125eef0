//! What RADIUS allows a session.

use std::time::Duration;

use bando_domain::RateLimit;
use bando_radius::dictionary::{self as rfc, mikrotik};
use bando_radius::{Attribute, Counter, ErrorCause, Packet};

/// The attributes of an Access-Accept that the hotspot heeds, changed by CoA.
#[derive(Clone, Debug, Default)]
pub(super) struct Grant {
    /// From the session's start.
    pub(super) session_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    /// Octets from the device.
    pub(super) recv_limit: Option<u64>,
    /// Octets to the device.
    pub(super) xmit_limit: Option<u64>,
    /// Octets both ways.
    pub(super) total_limit: Option<u64>,
    pub(super) rate: Option<RateLimit>,
    pub(super) interim: Option<Duration>,
    /// Sessions allowed to the user.
    pub(super) port_limit: Option<u32>,
    pub(super) class: Vec<Vec<u8>>,
}

/// What a CoA-Request may change on RouterOS (manual, "RADIUS"), of what is simulated.
const CHANGEABLE: [Attribute; 10] = [
    rfc::SESSION_TIMEOUT,
    rfc::IDLE_TIMEOUT,
    rfc::PORT_LIMIT,
    mikrotik::RECV_LIMIT,
    mikrotik::RECV_LIMIT_GIGAWORDS,
    mikrotik::XMIT_LIMIT,
    mikrotik::XMIT_LIMIT_GIGAWORDS,
    mikrotik::RATE_LIMIT,
    mikrotik::GROUP,
    mikrotik::MARK_ID,
];

impl Grant {
    /// Reads an Access-Accept.
    ///
    /// # Errors
    /// A rate limit that RouterOS cannot read.
    pub(super) fn from_accept(accept: &Packet<'_>) -> Result<Self, ErrorCause> {
        let mut grant = Self {
            total_limit: limit(accept, mikrotik::TOTAL_BYTES),
            interim: seconds(accept, rfc::ACCT_INTERIM_INTERVAL),
            class: accept.values(rfc::CLASS).map(<[u8]>::to_vec).collect(),
            ..Self::default()
        };
        grant.read_changeable(accept)?;
        Ok(grant)
    }

    /// The grant as a CoA-Request changes it. `identifying` attributes say whose it is.
    ///
    /// # Errors
    /// The Error-Cause with which RouterOS refuses: all or nothing (RFC 5176 §3).
    pub(super) fn changed(
        &self,
        request: &Packet<'_>,
        identifying: &[Attribute],
    ) -> Result<Self, ErrorCause> {
        let mut changes = false;
        for (attribute, _) in request.attributes() {
            if CHANGEABLE.contains(&attribute) {
                changes = true;
            } else if !identifying.contains(&attribute) {
                return Err(ErrorCause::UnsupportedAttribute);
            }
        }
        if !changes {
            return Err(ErrorCause::InvalidRequest);
        }
        let mut grant = self.clone();
        grant.read_changeable(request)?;
        Ok(grant)
    }

    fn read_changeable(&mut self, packet: &Packet<'_>) -> Result<(), ErrorCause> {
        if packet.contains(rfc::SESSION_TIMEOUT) {
            self.session_timeout = seconds(packet, rfc::SESSION_TIMEOUT);
        }
        if packet.contains(rfc::IDLE_TIMEOUT) {
            self.idle_timeout = seconds(packet, rfc::IDLE_TIMEOUT);
        }
        if packet.contains(rfc::PORT_LIMIT) {
            self.port_limit = packet.u32(rfc::PORT_LIMIT).filter(|n| *n > 0);
        }
        if packet.contains(mikrotik::RECV_LIMIT) {
            self.recv_limit = limit(packet, mikrotik::RECV_BYTES);
        }
        if packet.contains(mikrotik::XMIT_LIMIT) {
            self.xmit_limit = limit(packet, mikrotik::XMIT_BYTES);
        }
        if let Some(text) = packet.text(mikrotik::RATE_LIMIT) {
            self.rate = Some(rate(&text).ok_or(ErrorCause::InvalidAttributeValue)?);
        }
        Ok(())
    }
}

/// Zero means none.
fn seconds(packet: &Packet<'_>, attribute: Attribute) -> Option<Duration> {
    packet
        .u32(attribute)
        .filter(|s| *s > 0)
        .map(|s| Duration::from_secs(s.into()))
}

/// Zero means none: RouterOS has no way to say "nothing left".
fn limit(packet: &Packet<'_>, counter: Counter) -> Option<u64> {
    packet.counter(counter).filter(|octets| *octets > 0)
}

/// The domain's grammar is what Bando writes; RouterOS also reads a priority and minimum rates,
/// which change nothing for a single device.
fn rate(text: &str) -> Option<RateLimit> {
    let words: Vec<&str> = text.split_ascii_whitespace().take(4).collect();
    words.join(" ").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bando_radius::{Builder, Code, Secret};

    fn accept(fill: impl FnOnce(&mut Builder<'_>)) -> Result<Grant, ErrorCause> {
        let secret = Secret::new(b"testing123").expect("not empty");
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        let request = Builder::access_request(&mut request, 1, [1; 16]);
        let request = Packet::parse(request.finish(&secret).expect("fits")).expect("valid");
        let mut builder = Builder::reply(&mut reply, Code::AccessAccept, &request);
        fill(&mut builder);
        let reply = builder.finish(&secret).expect("fits");
        Grant::from_accept(&Packet::parse(reply).expect("valid"))
    }

    #[test]
    fn limits_have_gigawords_and_zero_is_none() {
        let grant = accept(|b| {
            b.counter(mikrotik::TOTAL_BYTES, 5 << 32 | 7)
                .u32(mikrotik::RECV_LIMIT, 0)
                .u32(rfc::SESSION_TIMEOUT, 0)
                .u32(rfc::IDLE_TIMEOUT, 300)
                .text(mikrotik::RATE_LIMIT, "1M/2M 2M/4M 1M/1M 8/8 8 64k/64k");
        })
        .expect("readable");
        assert_eq!(grant.total_limit, Some(5 << 32 | 7));
        assert_eq!((grant.recv_limit, grant.session_timeout), (None, None));
        assert_eq!(grant.idle_timeout, Some(Duration::from_mins(5)));
        assert_eq!(grant.rate.map(|r| r.download_bps), Some(2_000_000));
        let wrong = accept(|b| {
            b.text(mikrotik::RATE_LIMIT, "fast");
        });
        assert!(wrong.is_err());
    }
}
