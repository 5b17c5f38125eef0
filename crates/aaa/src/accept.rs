//! What a router is told when somebody may come in, or may not.

use std::time::Duration;

use bando_app::Access;
use bando_domain::{Entitlement, Refusal, SessionId};
use bando_radius::dictionary::{
    ACCT_INTERIM_INTERVAL, CLASS, IDLE_TIMEOUT, PORT_LIMIT, REPLY_MESSAGE, SESSION_TIMEOUT,
    mikrotik,
};
use bando_radius::{Builder, Code, Error, Packet};

use crate::routers::KnownRouter;
use crate::{Config, class};

/// Writes an Access-Accept: how long, how fast, how much, and the Class that accounting brings back.
pub(crate) fn accept(
    buffer: &mut Vec<u8>,
    request: &Packet<'_>,
    router: &KnownRouter,
    access: &Access,
    entitlement: &Entitlement,
    session: SessionId,
    config: &Config,
) -> Result<(), Error> {
    let mut reply = Builder::reply(buffer, Code::AccessAccept, request);
    if let Some(seconds) = entitlement.session_timeout() {
        reply.u32(SESSION_TIMEOUT, seconds);
    }
    if let Some(rate) = &access.terms.rate {
        reply.text(mikrotik::RATE_LIMIT, &rate.to_string());
    }
    // An entitlement has at least one octet left: RouterOS reads 0 as no limit.
    if let Some(octets) = entitlement.remaining_octets {
        reply.counter(mikrotik::TOTAL_BYTES, octets);
    }
    reply.u32(
        ACCT_INTERIM_INTERVAL,
        interim(config.interim_interval, session),
    );
    if let Some(idle) = config.idle_timeout {
        reply.u32(IDLE_TIMEOUT, seconds(idle));
    }
    reply.u32(PORT_LIMIT, access.terms.device_limit.into());
    reply.bytes(CLASS, &class::write(session, access.ticket));
    reply.finish(&router.secret)?;
    Ok(())
}

/// Writes an Access-Reject with a sentence for the customer.
pub(crate) fn reject(
    buffer: &mut Vec<u8>,
    request: &Packet<'_>,
    router: &KnownRouter,
    refusal: Refusal,
) -> Result<(), Error> {
    let mut reply = Builder::reply(buffer, Code::AccessReject, request);
    reply.text(REPLY_MESSAGE, refusal.sentence(router.language));
    reply.finish(&router.secret)?;
    Ok(())
}

/// The interval and up to a fifth more, by the random part of the session's id.
fn interim(interval: Duration, session: SessionId) -> u32 {
    let base = seconds(interval);
    let [.., random] = *session.uuid().as_bytes();
    base.saturating_add((u64::from(base) * u64::from(random) / (5 * 255)) as u32)
}

/// Whole seconds that a router can be told: never 0, which it would read as "none".
fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(random: u8) -> SessionId {
        let mut bytes = [0; 16];
        bytes[15] = random;
        SessionId::from_uuid(uuid::Uuid::from_bytes(bytes))
    }

    #[test]
    fn a_crowd_does_not_report_together() {
        let minute = Duration::from_secs(60);
        assert_eq!(interim(minute, session(0)), 60);
        assert_eq!(interim(minute, session(255)), 72);
        assert_eq!(interim(Duration::from_millis(10), session(255)), 1);
        assert_eq!(interim(Duration::MAX, session(255)), u32::MAX);
    }
}
