//! Numbers that have names.

use std::fmt;

/// Defines an enumeration of an attribute's values with their RFC names.
macro_rules! named_values {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $value:literal $label:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum $name {
            $(#[doc = concat!("`", $label, "`")] $variant = $value,)+
        }

        impl $name {
            /// The value a packet carries, or `None` if it is not one of these.
            #[must_use]
            pub const fn from_u32(value: u32) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The value to put into a packet.
            #[must_use]
            pub const fn to_u32(self) -> u32 {
                self as u32
            }

            /// The name in the RFCs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }

            /// The name of a value, for printing.
            pub(crate) fn name_of(value: u32) -> Option<&'static str> {
                Self::from_u32(value).map(Self::name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named_values! {
    /// What the user is to get (RFC 2865 §5.6, 5176 §3.1). RouterOS sends `Login-User` for a
    /// hotspot and `Framed-User` for PPP.
    ServiceType {
        Login = 1 "Login-User",
        Framed = 2 "Framed-User",
        CallbackLogin = 3 "Callback-Login-User",
        CallbackFramed = 4 "Callback-Framed-User",
        Outbound = 5 "Outbound-User",
        Administrative = 6 "Administrative-User",
        NasPrompt = 7 "NAS-Prompt-User",
        AuthenticateOnly = 8 "Authenticate-Only",
        CallbackNasPrompt = 9 "Callback-NAS-Prompt",
        CallCheck = 10 "Call-Check",
        CallbackAdministrative = 11 "Callback-Administrative",
        AuthorizeOnly = 17 "Authorize-Only",
    }
}

named_values! {
    /// The framing of a `Framed-User` (RFC 2865 §5.7).
    FramedProtocol {
        Ppp = 1 "PPP",
        Slip = 2 "SLIP",
    }
}

named_values! {
    /// The medium that the user came by (RFC 2865 §5.41); those that RouterOS can send.
    NasPortType {
        Async = 0 "Async",
        Virtual = 5 "Virtual",
        Ethernet = 15 "Ethernet",
        Cable = 17 "Cable",
        WirelessOther = 18 "Wireless-Other",
        Wireless80211 = 19 "Wireless-802.11",
    }
}

named_values! {
    /// What an Accounting-Request reports (RFC 2866 §5.1, 2869 §2.1).
    AcctStatusType {
        Start = 1 "Start",
        Stop = 2 "Stop",
        InterimUpdate = 3 "Interim-Update",
        AccountingOn = 7 "Accounting-On",
        AccountingOff = 8 "Accounting-Off",
        Failed = 15 "Failed",
    }
}

named_values! {
    /// Why a session ended (RFC 2866 §5.10).
    AcctTerminateCause {
        UserRequest = 1 "User-Request",
        LostCarrier = 2 "Lost-Carrier",
        LostService = 3 "Lost-Service",
        IdleTimeout = 4 "Idle-Timeout",
        SessionTimeout = 5 "Session-Timeout",
        AdminReset = 6 "Admin-Reset",
        AdminReboot = 7 "Admin-Reboot",
        PortError = 8 "Port-Error",
        NasError = 9 "NAS-Error",
        NasRequest = 10 "NAS-Request",
        NasReboot = 11 "NAS-Reboot",
        PortUnneeded = 12 "Port-Unneeded",
        PortPreempted = 13 "Port-Preempted",
        PortSuspended = 14 "Port-Suspended",
        ServiceUnavailable = 15 "Service-Unavailable",
        Callback = 16 "Callback",
        UserError = 17 "User-Error",
        HostRequest = 18 "Host-Request",
    }
}

named_values! {
    /// Why a router did not do as asked (RFC 5176 §3.5). `Session-Context-Not-Found` means that
    /// the session is already gone.
    ErrorCause {
        ResidualContextRemoved = 201 "Residual-Context-Removed",
        InvalidEapPacket = 202 "Invalid-EAP-Packet",
        UnsupportedAttribute = 401 "Unsupported-Attribute",
        MissingAttribute = 402 "Missing-Attribute",
        NasIdentificationMismatch = 403 "NAS-Identification-Mismatch",
        InvalidRequest = 404 "Invalid-Request",
        UnsupportedService = 405 "Unsupported-Service",
        UnsupportedExtension = 406 "Unsupported-Extension",
        InvalidAttributeValue = 407 "Invalid-Attribute-Value",
        AdministrativelyProhibited = 501 "Administratively-Prohibited",
        RequestNotRoutable = 502 "Proxy-Request-Not-Routable",
        SessionContextNotFound = 503 "Session-Context-Not-Found",
        SessionContextNotRemovable = 504 "Session-Context-Not-Removable",
        OtherProxyProcessingError = 505 "Proxy-Processing-Error",
        ResourcesUnavailable = 506 "Resources-Unavailable",
        RequestInitiated = 507 "Request-Initiated",
        MultipleSessionSelectionUnsupported = 508 "Multiple-Session-Selection-Unsupported",
    }
}
