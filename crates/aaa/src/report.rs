//! What an Accounting-Request reports.

use std::time::Duration;

use bando_app::AccessKey;
use bando_domain::{MacAddr, RouterId, SessionId, TicketCode, TicketId, Timestamp, Usage};
use bando_radius::dictionary::{
    ACCT_DELAY_TIME, ACCT_SESSION_ID, ACCT_SESSION_TIME, ACCT_STATUS_TYPE, ACCT_TERMINATE_CAUSE,
    CALLING_STATION_ID, CLASS, EVENT_TIMESTAMP, FRAMED_IP_ADDRESS, INPUT_OCTETS, NAS_PORT,
    OUTPUT_OCTETS, USER_NAME,
};
use bando_radius::{AcctStatusType, AcctTerminateCause, Attribute, Packet};
use bando_store::SessionUpdate;
use sha2::{Digest, Sha256};

use crate::class;

/// How far a router's clock may be off before ours is used instead.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(3600);

/// The longest a router can say it has kept a report back.
const MAX_DELAY: Duration = Duration::from_secs(7 * 86_400);

/// No session moves more than this; such counters are nonsense, and sums of them must not overflow.
const MAX_OCTETS: u64 = 1 << 50;

/// What a router reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Report {
    /// Of a session.
    Session(Box<SessionReport>),
    /// It has restarted, or is about to (Accounting-On, Accounting-Off): no session from before that
    /// moment is open.
    Restarted(Timestamp),
    /// Something that is not kept (tunnels).
    Nothing,
}

/// What a router reports of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SessionReport {
    pub(crate) update: SessionUpdate,
    pub(crate) phase: Phase,
    /// How to find the ticket if Class does not name it.
    pub(crate) key: Option<AccessKey>,
    /// On a Start: what RouterOS's session numbers say about restarts.
    pub(crate) boot: Option<Boot>,
}

/// Where in its life a session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// It began.
    Start,
    /// It goes on.
    Interim,
    /// It ended.
    Stop,
}

/// RouterOS numbers sessions `SSBnnnnn` in hex: the service, a digit that changes with every
/// restart, and a count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Boot {
    pub(crate) service: u8,
    pub(crate) digit: u8,
}

/// Reads a verified Accounting-Request; `None` if it lacks what it must have (RFC 2866 §4.1).
pub(crate) fn read(packet: &Packet<'_>, router: RouterId, now: Timestamp) -> Option<Report> {
    let status = AcctStatusType::from_u32(packet.u32(ACCT_STATUS_TYPE)?);
    let at = event_time(packet, now);
    let phase = match status {
        Some(AcctStatusType::Start) => Phase::Start,
        Some(AcctStatusType::InterimUpdate) => Phase::Interim,
        Some(AcctStatusType::Stop) => Phase::Stop,
        Some(AcctStatusType::AccountingOn | AcctStatusType::AccountingOff) => {
            return Some(Report::Restarted(at));
        }
        Some(AcctStatusType::Failed) | None => return Some(Report::Nothing),
    };
    let acct_session_id = text(packet, ACCT_SESSION_ID).filter(|id| !id.is_empty())?;
    let user_name = text(packet, USER_NAME).unwrap_or_default();
    let mac: Option<MacAddr> = text(packet, CALLING_STATION_ID).and_then(|mac| mac.parse().ok());
    let ours = packet.values(CLASS).find_map(class::read);
    let id = ours.map_or_else(|| derived_id(packet, router), |(session, _)| session);
    let stopped = (phase == Phase::Stop).then(|| {
        let cause = packet
            .u32(ACCT_TERMINATE_CAUSE)
            .and_then(AcctTerminateCause::from_u32);
        cause.map_or("Unknown", AcctTerminateCause::name).to_owned()
    });
    let octets = |counter| packet.counter(counter).unwrap_or(0).min(MAX_OCTETS);
    let update = SessionUpdate {
        id,
        router_id: router,
        ticket_id: ours.map(|(_, ticket)| ticket),
        acct_session_id,
        mac,
        framed_ip: packet.ipv4(FRAMED_IP_ADDRESS).map(|ip| ip.to_string()),
        at,
        seconds: packet.u32(ACCT_SESSION_TIME).unwrap_or(0).into(),
        usage: Usage {
            octets_in: octets(INPUT_OCTETS),
            octets_out: octets(OUTPUT_OCTETS),
        },
        stopped,
        user_name,
    };
    let key = ours
        .is_none()
        .then(|| key(&update.user_name, mac))
        .flatten();
    let boot = (phase == Phase::Start)
        .then(|| boot(packet, &update.acct_session_id))
        .flatten();
    Some(Report::Session(Box::new(SessionReport {
        update,
        phase,
        key,
        boot,
    })))
}

impl SessionReport {
    /// The ticket that the record names.
    pub(crate) fn ticket(&self) -> Option<TicketId> {
        self.update.ticket_id
    }
}

/// When it happened: by the router's clock if that is near ours, else by how long the router says
/// it kept the report back. Never in the future: our clock decides.
fn event_time(packet: &Packet<'_>, now: Timestamp) -> Timestamp {
    let theirs = packet
        .u32(EVENT_TIMESTAMP)
        .map(|s| Timestamp::from_seconds(s.into()));
    if let Some(theirs) = theirs
        && now.since(theirs) <= CLOCK_TOLERANCE
        && theirs.since(now) <= CLOCK_TOLERANCE
    {
        return theirs.min(now);
    }
    let delay = Duration::from_secs(packet.u32(ACCT_DELAY_TIME).unwrap_or(0).into());
    now.minus(delay.min(MAX_DELAY))
}

/// The id of a session that we did not let in (a user of the router's own), or whose router does
/// not return Class: the same for every record of it.
fn derived_id(packet: &Packet<'_>, router: RouterId) -> SessionId {
    let mut hash = Sha256::new();
    hash.update(router.uuid().as_bytes());
    for attribute in [ACCT_SESSION_ID, CALLING_STATION_ID, USER_NAME] {
        let value = packet.get(attribute).unwrap_or_default();
        hash.update([u8::try_from(value.len()).unwrap_or(u8::MAX)]);
        hash.update(value);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    SessionId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The ticket by what the record itself says: a code, or the device it names.
fn key(user_name: &str, mac: Option<MacAddr>) -> Option<AccessKey> {
    if let Ok(code) = user_name.parse::<TicketCode>() {
        return Some(AccessKey::Code(code));
    }
    let named = user_name.parse::<MacAddr>().ok()?;
    (mac == Some(named)).then_some(AccessKey::Device(named))
}

/// Only a router that also sends the number as NAS-Port numbers its sessions this way.
fn boot(packet: &Packet<'_>, acct_session_id: &str) -> Option<Boot> {
    let number = u32::from_str_radix(acct_session_id, 16).ok()?;
    let router_os = acct_session_id.len() == 8 && packet.u32(NAS_PORT) == Some(number);
    let [service, digit, ..] = number.to_be_bytes();
    router_os.then_some(Boot {
        service,
        digit: digit >> 4,
    })
}

/// Text as a database takes it: PostgreSQL refuses NUL.
fn text(packet: &Packet<'_>, attribute: Attribute) -> Option<String> {
    packet
        .text(attribute)
        .map(|text| text.replace('\0', "\u{FFFD}"))
}
