//! The attributes that routers and we exchange, by the names of the RFCs and of the vendors.

pub mod microsoft;
pub mod mikrotik;
pub mod wispr;

use crate::{
    AcctStatusType, AcctTerminateCause, Attribute, Counter, ErrorCause, FramedProtocol,
    NasPortType, ServiceType, attribute::Kind,
};

/// Defines one constant per attribute, and `entry`, which finds name and kind by number.
macro_rules! attributes {
    (
        $constructor:expr;
        $($(#[doc = $doc:literal])* $constant:ident = $number:literal $name:literal $kind:expr;)+
    ) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            $(#[doc = $doc])*
            pub const $constant: Attribute = $constructor($number);
        )+

        /// The name and kind of the attribute with this number.
        pub(crate) fn entry(number: u8) -> Option<(&'static str, Kind)> {
            match number {
                $($number => Some(($name, $kind)),)+
                _ => None,
            }
        }
    };
}
pub(crate) use attributes;

attributes! {
    Attribute::standard;
    /// RFC 2865 §5.1.
    USER_NAME = 1 "User-Name" Kind::Identity;
    /// RFC 2865 §5.2; hidden, see [`crate::Credentials`].
    USER_PASSWORD = 2 "User-Password" Kind::Secret;
    /// RFC 2865 §5.3: identifier and MD5.
    CHAP_PASSWORD = 3 "CHAP-Password" Kind::Secret;
    /// RFC 2865 §5.4. What the router believes; never proof of which router it is.
    NAS_IP_ADDRESS = 4 "NAS-IP-Address" Kind::Ipv4;
    /// RFC 2865 §5.5.
    NAS_PORT = 5 "NAS-Port" Kind::Number;
    /// RFC 2865 §5.6, see [`ServiceType`].
    SERVICE_TYPE = 6 "Service-Type" Kind::Named(ServiceType::name_of);
    /// RFC 2865 §5.7, see [`FramedProtocol`].
    FRAMED_PROTOCOL = 7 "Framed-Protocol" Kind::Named(FramedProtocol::name_of);
    /// RFC 2865 §5.8.
    FRAMED_IP_ADDRESS = 8 "Framed-IP-Address" Kind::Ipv4;
    /// RFC 2865 §5.9.
    FRAMED_IP_NETMASK = 9 "Framed-IP-Netmask" Kind::Ipv4;
    /// RFC 2865 §5.11.
    FILTER_ID = 11 "Filter-Id" Kind::Text;
    /// RFC 2865 §5.12, in octets.
    FRAMED_MTU = 12 "Framed-MTU" Kind::Number;
    /// RFC 2865 §5.18: a sentence for the user.
    REPLY_MESSAGE = 18 "Reply-Message" Kind::Text;
    /// RFC 2865 §5.22; may be repeated.
    FRAMED_ROUTE = 22 "Framed-Route" Kind::Text;
    /// RFC 2865 §5.24.
    STATE = 24 "State" Kind::Opaque;
    /// RFC 2865 §5.25: comes back in every accounting packet of the session.
    CLASS = 25 "Class" Kind::Opaque;
    /// RFC 2865 §5.26; met only where its content is not in the recommended form.
    VENDOR_SPECIFIC = 26 "Vendor-Specific" Kind::Opaque;
    /// RFC 2865 §5.27, in seconds.
    SESSION_TIMEOUT = 27 "Session-Timeout" Kind::Number;
    /// RFC 2865 §5.28, in seconds.
    IDLE_TIMEOUT = 28 "Idle-Timeout" Kind::Number;
    /// RFC 2865 §5.29.
    TERMINATION_ACTION = 29 "Termination-Action" Kind::Number;
    /// RFC 2865 §5.30. RouterOS sends the name of the hotspot server or PPPoE service.
    CALLED_STATION_ID = 30 "Called-Station-Id" Kind::Text;
    /// RFC 2865 §5.31: the device's MAC address.
    CALLING_STATION_ID = 31 "Calling-Station-Id" Kind::Text;
    /// RFC 2865 §5.32: the router's identity.
    NAS_IDENTIFIER = 32 "NAS-Identifier" Kind::Text;
    /// RFC 2865 §5.33; copied into the reply by the builder.
    PROXY_STATE = 33 "Proxy-State" Kind::Opaque;
    /// RFC 2866 §5.1, see [`AcctStatusType`].
    ACCT_STATUS_TYPE = 40 "Acct-Status-Type" Kind::Named(AcctStatusType::name_of);
    /// RFC 2866 §5.2, in seconds.
    ACCT_DELAY_TIME = 41 "Acct-Delay-Time" Kind::Number;
    /// RFC 2866 §5.3: from the user, modulo 2³²; see [`INPUT_OCTETS`].
    ACCT_INPUT_OCTETS = 42 "Acct-Input-Octets" Kind::Number;
    /// RFC 2866 §5.4: to the user, modulo 2³²; see [`OUTPUT_OCTETS`].
    ACCT_OUTPUT_OCTETS = 43 "Acct-Output-Octets" Kind::Number;
    /// RFC 2866 §5.5: unique until the router restarts.
    ACCT_SESSION_ID = 44 "Acct-Session-Id" Kind::Text;
    /// RFC 2866 §5.6.
    ACCT_AUTHENTIC = 45 "Acct-Authentic" Kind::Number;
    /// RFC 2866 §5.7, in seconds.
    ACCT_SESSION_TIME = 46 "Acct-Session-Time" Kind::Number;
    /// RFC 2866 §5.8: from the user.
    ACCT_INPUT_PACKETS = 47 "Acct-Input-Packets" Kind::Number;
    /// RFC 2866 §5.9: to the user.
    ACCT_OUTPUT_PACKETS = 48 "Acct-Output-Packets" Kind::Number;
    /// RFC 2866 §5.10, see [`AcctTerminateCause`].
    ACCT_TERMINATE_CAUSE = 49 "Acct-Terminate-Cause" Kind::Named(AcctTerminateCause::name_of);
    /// RFC 2866 §5.11.
    ACCT_MULTI_SESSION_ID = 50 "Acct-Multi-Session-Id" Kind::Text;
    /// RFC 2866 §5.12.
    ACCT_LINK_COUNT = 51 "Acct-Link-Count" Kind::Number;
    /// RFC 2869 §5.1.
    ACCT_INPUT_GIGAWORDS = 52 "Acct-Input-Gigawords" Kind::Number;
    /// RFC 2869 §5.2.
    ACCT_OUTPUT_GIGAWORDS = 53 "Acct-Output-Gigawords" Kind::Number;
    /// RFC 2869 §5.3: seconds since 1970 UTC, by the router's clock.
    EVENT_TIMESTAMP = 55 "Event-Timestamp" Kind::Number;
    /// RFC 2865 §5.40; if absent, the Request Authenticator was the challenge.
    CHAP_CHALLENGE = 60 "CHAP-Challenge" Kind::Secret;
    /// RFC 2865 §5.41, see [`NasPortType`].
    NAS_PORT_TYPE = 61 "NAS-Port-Type" Kind::Named(NasPortType::name_of);
    /// RFC 2865 §5.42. RouterOS: how many devices may share the account.
    PORT_LIMIT = 62 "Port-Limit" Kind::Number;
    /// RFC 2869 §5.11.
    CONNECT_INFO = 77 "Connect-Info" Kind::Text;
    /// RFC 3579 §3.1; in pieces, see [`crate::Packet::eap_message`].
    EAP_MESSAGE = 79 "EAP-Message" Kind::Secret;
    /// RFC 3579 §3.2; written and checked by [`crate::Builder`] and [`crate::Secret`].
    MESSAGE_AUTHENTICATOR = 80 "Message-Authenticator" Kind::Secret;
    /// RFC 2869 §5.16, in seconds, not below 60.
    ACCT_INTERIM_INTERVAL = 85 "Acct-Interim-Interval" Kind::Number;
    /// RFC 2869 §5.17: the router's interface.
    NAS_PORT_ID = 87 "NAS-Port-Id" Kind::Text;
    /// RFC 2869 §5.18: a pool on the router.
    FRAMED_POOL = 88 "Framed-Pool" Kind::Text;
    /// RFC 3162 §2.1.
    NAS_IPV6_ADDRESS = 95 "NAS-IPv6-Address" Kind::Opaque;
    /// RFC 3162 §2.3.
    FRAMED_IPV6_PREFIX = 97 "Framed-IPv6-Prefix" Kind::Opaque;
    /// RFC 3162 §2.6.
    FRAMED_IPV6_POOL = 100 "Framed-IPv6-Pool" Kind::Text;
    /// RFC 5176 §3.5, see [`ErrorCause`].
    ERROR_CAUSE = 101 "Error-Cause" Kind::Named(ErrorCause::name_of);
    /// RFC 4818 §3.
    DELEGATED_IPV6_PREFIX = 123 "Delegated-IPv6-Prefix" Kind::Opaque;
    /// RFC 6911 §3.4.
    DELEGATED_IPV6_PREFIX_POOL = 171 "Delegated-IPv6-Prefix-Pool" Kind::Text;
}

/// Octets from the user (upload), as accounted.
pub const INPUT_OCTETS: Counter = Counter {
    octets: ACCT_INPUT_OCTETS,
    gigawords: ACCT_INPUT_GIGAWORDS,
};

/// Octets to the user (download), as accounted.
pub const OUTPUT_OCTETS: Counter = Counter {
    octets: ACCT_OUTPUT_OCTETS,
    gigawords: ACCT_OUTPUT_GIGAWORDS,
};
