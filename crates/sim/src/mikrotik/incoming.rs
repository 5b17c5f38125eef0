//! Disconnect and CoA (RFC 5176), as `/radius incoming` answers them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bando_domain::MacAddr;
use bando_radius::dictionary as rfc;
use bando_radius::{AcctTerminateCause, Attribute, Builder, Code, ErrorCause, Packet};

use super::lock;
use super::router::Router;
use super::session::Session;
use super::view::Direction;

/// What may say which session is meant. RouterOS wants two of them.
const SESSION: [Attribute; 5] = [
    rfc::USER_NAME,
    rfc::ACCT_SESSION_ID,
    rfc::FRAMED_IP_ADDRESS,
    rfc::CALLING_STATION_ID,
    rfc::NAS_PORT,
];

/// What may stand in any request: which session, which router, and what belongs to the packet.
const IDENTIFYING: [Attribute; 11] = [
    rfc::USER_NAME,
    rfc::ACCT_SESSION_ID,
    rfc::FRAMED_IP_ADDRESS,
    rfc::CALLING_STATION_ID,
    rfc::NAS_PORT,
    rfc::NAS_IDENTIFIER,
    rfc::NAS_IP_ADDRESS,
    rfc::MESSAGE_AUTHENTICATOR,
    rfc::EVENT_TIMESTAMP,
    rfc::PROXY_STATE,
    rfc::CLASS,
];

impl Router {
    /// Answers requests for ever.
    pub(super) async fn receive_requests(self: Arc<Self>) {
        let mut buffer = [0; bando_radius::MAX_LENGTH];
        loop {
            let Ok((length, from)) = self.incoming.recv_from(&mut buffer).await else {
                continue;
            };
            if self.is_on() && !self.loses() {
                self.hear(from, &buffer[..length]);
            }
        }
    }

    fn hear(self: &Arc<Self>, from: SocketAddr, datagram: &[u8]) {
        let proved = Packet::parse(datagram).ok().filter(|packet| {
            from.ip() == self.config.auth_server.ip()
                && matches!(packet.code(), Code::DisconnectRequest | Code::CoaRequest)
                && self.key().secret.verify_request(packet).is_ok()
        });
        let Some(request) = proved else {
            self.record(Direction::Received, datagram, Some("bad request, dropped"));
            return self.journal.count(|c| c.incoming_bad_requests += 1);
        };
        self.record(Direction::Received, datagram, None);
        self.journal.count(|c| c.incoming_requests += 1);
        let is_disconnect = request.code() == Code::DisconnectRequest;
        if is_disconnect && self.faults().ignore_disconnects {
            return;
        }
        let outcome = if is_disconnect {
            self.disconnect(&request)
        } else {
            self.change(&request)
        };
        let code = match (is_disconnect, outcome) {
            (true, Ok(())) => Code::DisconnectAck,
            (true, Err(_)) => Code::DisconnectNak,
            (false, Ok(())) => Code::CoaAck,
            (false, Err(_)) => Code::CoaNak,
        };
        self.journal.count(|c| match outcome {
            Ok(()) => c.incoming_acks += 1,
            Err(_) => c.incoming_naks += 1,
        });
        let mut reply = Vec::new();
        let mut builder = Builder::reply(&mut reply, code, &request);
        if let Err(cause) = outcome {
            builder.u32(rfc::ERROR_CAUSE, cause.to_u32());
        }
        if builder.finish(&self.key().secret).is_ok() {
            self.answer(from, reply);
        }
    }

    fn answer(self: &Arc<Self>, to: SocketAddr, reply: Vec<u8>) {
        let router = Arc::clone(self);
        let delay = Duration::from_millis(self.faults().answer_delay_ms);
        self.runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            router.transmit(&router.incoming, to, &reply).await;
        });
    }

    fn disconnect(self: &Arc<Self>, request: &Packet<'_>) -> Result<(), ErrorCause> {
        if request
            .attributes()
            .any(|(attribute, _)| !IDENTIFYING.contains(&attribute))
        {
            return Err(ErrorCause::UnsupportedAttribute);
        }
        let meant = self.meant(request)?;
        if !self.faults().acknowledge_but_keep {
            for mac in meant {
                self.end_session(mac, AcctTerminateCause::AdminReset);
            }
        }
        Ok(())
    }

    fn change(self: &Arc<Self>, request: &Packet<'_>) -> Result<(), ErrorCause> {
        let meant = self.meant(request)?;
        let mut state = lock(&self.state);
        let mut changed = Vec::new();
        for session in meant.iter().filter_map(|mac| state.sessions.get(mac)) {
            changed.push((session.mac, session.grant.changed(request, &IDENTIFYING)?));
        }
        for (mac, grant) in changed {
            if let Some(session) = state.sessions.get_mut(&mac) {
                session.grant = grant;
            }
        }
        Ok(())
    }

    /// The devices of the sessions that the request names, at least one.
    fn meant(self: &Arc<Self>, request: &Packet<'_>) -> Result<Vec<MacAddr>, ErrorCause> {
        self.tick();
        let other = request
            .text(rfc::NAS_IDENTIFIER)
            .is_some_and(|name| name != self.config.identity);
        if other {
            return Err(ErrorCause::NasIdentificationMismatch);
        }
        if SESSION
            .iter()
            .filter(|attribute| request.contains(**attribute))
            .count()
            < 2
        {
            return Err(ErrorCause::MissingAttribute);
        }
        let state = lock(&self.state);
        let meant: Vec<_> = state
            .sessions
            .values()
            .filter(|s| is_meant(request, s))
            .map(|s| s.mac)
            .collect();
        if meant.is_empty() {
            Err(ErrorCause::SessionContextNotFound)
        } else {
            Ok(meant)
        }
    }
}

/// Whether everything that the request says fits the session.
fn is_meant(request: &Packet<'_>, session: &Session) -> bool {
    let text =
        |attribute, wanted: &str| request.text(attribute).is_none_or(|found| found == wanted);
    text(rfc::USER_NAME, &session.user)
        && text(rfc::ACCT_SESSION_ID, &session.acct_session_id())
        && request
            .ipv4(rfc::FRAMED_IP_ADDRESS)
            .is_none_or(|ip| ip == session.ip)
        && request
            .u32(rfc::NAS_PORT)
            .is_none_or(|port| port == session.id)
        && request
            .text(rfc::CALLING_STATION_ID)
            .is_none_or(|mac| mac.parse() == Ok(session.mac))
}
