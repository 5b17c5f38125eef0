//! The requests of a hotspot, attribute by attribute in the order in which RouterOS sends them.

use std::net::Ipv4Addr;

use bando_domain::{MacAddr, Timestamp};
use bando_radius::dictionary::{self as rfc, mikrotik, wispr};
use bando_radius::{
    AcctStatusType, AcctTerminateCause, Builder, Error, NasPortType, Secret, ServiceType,
};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::config::MikrotikConfig;
use super::session::{Session, acct_session_id};

/// NAS-IP-Address: RouterOS sends the one it reaches the server from.
const NAS_ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// How a user proves to be the one.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// The password itself.
    Pap(String),
    /// The answer to a challenge of ours.
    Chap {
        id: u8,
        challenge: [u8; 16],
        response: [u8; 16],
    },
}

/// Someone who wants to log in.
pub(super) struct Login<'a> {
    pub(super) session: u32,
    pub(super) mac: MacAddr,
    pub(super) ip: Ipv4Addr,
    pub(super) user: &'a str,
    pub(super) proof: &'a Proof,
}

/// The secret in both forms that are needed here.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) secret: Secret,
    octets: Vec<u8>,
}

impl Key {
    /// # Errors
    /// If it is empty.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        Ok(Self {
            secret: Secret::new(text.as_bytes())?,
            octets: text.as_bytes().to_vec(),
        })
    }
}

/// An Access-Request.
///
/// # Errors
/// What was typed does not fit into a packet.
pub(super) fn access_request(
    config: &MikrotikConfig,
    key: &Key,
    identifier: u8,
    authenticator: [u8; 16],
    login: &Login<'_>,
) -> Result<Vec<u8>, Error> {
    let mut packet = Vec::new();
    let mut builder = Builder::unsigned_access_request(&mut packet, identifier, authenticator);
    station(&mut builder, config, login.mac);
    builder
        .text(rfc::USER_NAME, login.user)
        .u32(rfc::NAS_PORT, login.session)
        .text(rfc::ACCT_SESSION_ID, &acct_session_id(login.session))
        .ipv4(rfc::FRAMED_IP_ADDRESS, login.ip)
        .ipv4(mikrotik::HOST_IP, login.ip);
    match login.proof {
        Proof::Pap(password) => {
            builder.user_password(&key.secret, password.as_bytes());
        }
        Proof::Chap {
            id,
            challenge,
            response,
        } => {
            let mut value = [*id; 17];
            value[1..].copy_from_slice(response);
            builder
                .bytes(rfc::CHAP_CHALLENGE, challenge)
                .bytes(rfc::CHAP_PASSWORD, &value);
        }
    }
    builder
        .u32(rfc::SERVICE_TYPE, ServiceType::Login.to_u32())
        .text(
            wispr::LOGOFF_URL,
            &format!("http://{}/logout", config.profile.address),
        )
        .text(rfc::NAS_IDENTIFIER, &config.identity)
        .ipv4(rfc::NAS_IP_ADDRESS, NAS_ADDRESS);
    builder.finish(&key.secret)?;
    if config.client.signs {
        sign_at_the_end(&mut packet, &key.octets);
    }
    Ok(packet)
}

/// What an Accounting-Request tells.
#[derive(Clone)]
pub(super) enum Event {
    Start,
    Interim,
    Stop(AcctTerminateCause),
}

/// An Accounting-Request about `session` as it was at `at` by the router's clock.
///
/// # Errors
/// None that a session could cause: its names have been in an Access-Request before.
pub(super) fn accounting_request(
    config: &MikrotikConfig,
    key: &Key,
    identifier: u8,
    session: &Session,
    event: &Event,
    (at, delay_seconds): (Timestamp, u32),
) -> Result<Vec<u8>, Error> {
    let mut packet = Vec::new();
    let mut builder = Builder::accounting_request(&mut packet, identifier);
    let status = match event {
        Event::Start => AcctStatusType::Start,
        Event::Interim => AcctStatusType::InterimUpdate,
        Event::Stop(_) => AcctStatusType::Stop,
    };
    builder.u32(rfc::ACCT_STATUS_TYPE, status.to_u32());
    station(&mut builder, config, session.mac);
    builder
        .text(rfc::USER_NAME, &session.user)
        .u32(rfc::NAS_PORT, session.id)
        .text(rfc::ACCT_SESSION_ID, &session.acct_session_id())
        .ipv4(rfc::FRAMED_IP_ADDRESS, session.ip)
        .ipv4(mikrotik::HOST_IP, session.ip);
    for class in &session.grant.class {
        builder.bytes(rfc::CLASS, class);
    }
    if !matches!(event, Event::Start) {
        usage(&mut builder, session);
    }
    if let Event::Stop(cause) = event {
        builder.u32(rfc::ACCT_TERMINATE_CAUSE, cause.to_u32());
    }
    builder
        .u32(
            rfc::EVENT_TIMESTAMP,
            saturated(at.as_seconds().unsigned_abs()),
        )
        .text(rfc::NAS_IDENTIFIER, &config.identity)
        .u32(rfc::ACCT_DELAY_TIME, delay_seconds)
        .ipv4(rfc::NAS_IP_ADDRESS, NAS_ADDRESS);
    builder.finish(&key.secret)?;
    Ok(packet)
}

fn station(builder: &mut Builder<'_>, config: &MikrotikConfig, mac: MacAddr) {
    builder
        .u32(rfc::NAS_PORT_TYPE, NasPortType::Wireless80211.to_u32())
        .text(rfc::CALLING_STATION_ID, &mac.to_string())
        .text(rfc::CALLED_STATION_ID, &config.profile.server)
        .text(rfc::NAS_PORT_ID, &config.profile.interface);
}

/// Unlike most, RouterOS sends gigawords even when they are 0.
fn usage(builder: &mut Builder<'_>, session: &Session) {
    // Whole seconds to the nearest: a session cut at 60 s lasted 60 s.
    let seconds = (session.uptime().as_millis() + 500) / 1000;
    builder.u32(
        rfc::ACCT_SESSION_TIME,
        u32::try_from(seconds).unwrap_or(u32::MAX),
    );
    for (counter, packets, packet_size, octets) in [
        (
            rfc::INPUT_OCTETS,
            rfc::ACCT_INPUT_PACKETS,
            200,
            session.upload.octets(),
        ),
        (
            rfc::OUTPUT_OCTETS,
            rfc::ACCT_OUTPUT_PACKETS,
            1200,
            session.download.octets(),
        ),
    ] {
        builder
            .u32(counter.octets, saturated(octets & u64::from(u32::MAX)))
            .u32(counter.gigawords, saturated(octets >> 32))
            .u32(packets, saturated(octets.div_ceil(packet_size)));
    }
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Appends Message-Authenticator (RFC 3579 §3.2) where RouterOS has it, last; the builder would put
/// it first.
fn sign_at_the_end(packet: &mut Vec<u8>, secret: &[u8]) {
    packet.extend_from_slice(&[80, 18]);
    packet.extend_from_slice(&[0; 16]);
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mac = Hmac::<Md5>::new_from_slice(secret).expect("a key of any length");
    let mac = mac.chain_update(&*packet).finalize().into_bytes();
    let start = packet.len() - 16;
    packet[start..].copy_from_slice(&mac);
}
