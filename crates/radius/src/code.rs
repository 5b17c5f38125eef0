//! What a packet is for.

use std::fmt;

use crate::Error;

/// The first octet of a packet (RFC 2865 §3, 2866 §3, 5176 §2.3, 5997 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// A router asks whether a user may come in.
    AccessRequest = 1,
    /// Yes, under these terms.
    AccessAccept = 2,
    /// No.
    AccessReject = 3,
    /// A router reports on a session or on itself.
    AccountingRequest = 4,
    /// The report has been recorded.
    AccountingResponse = 5,
    /// Answer this first.
    AccessChallenge = 11,
    /// A router asks whether the server is alive.
    StatusServer = 12,
    /// The server asks a router to end a session.
    DisconnectRequest = 40,
    /// The session has ended.
    DisconnectAck = 41,
    /// The session has not been ended; Error-Cause says why.
    DisconnectNak = 42,
    /// The server asks a router to change a session's terms.
    CoaRequest = 43,
    /// The terms are in force.
    CoaAck = 44,
    /// The terms are unchanged; Error-Cause says why.
    CoaNak = 45,
}

impl Code {
    /// The name in the RFCs, for example `Access-Request`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessRequest => "Access-Request",
            Self::AccessAccept => "Access-Accept",
            Self::AccessReject => "Access-Reject",
            Self::AccountingRequest => "Accounting-Request",
            Self::AccountingResponse => "Accounting-Response",
            Self::AccessChallenge => "Access-Challenge",
            Self::StatusServer => "Status-Server",
            Self::DisconnectRequest => "Disconnect-Request",
            Self::DisconnectAck => "Disconnect-ACK",
            Self::DisconnectNak => "Disconnect-NAK",
            Self::CoaRequest => "CoA-Request",
            Self::CoaAck => "CoA-ACK",
            Self::CoaNak => "CoA-NAK",
        }
    }

    /// Whether a packet with this code may answer `request`.
    #[must_use]
    pub const fn answers(self, request: Self) -> bool {
        match request {
            Self::AccessRequest => {
                matches!(
                    self,
                    Self::AccessAccept | Self::AccessReject | Self::AccessChallenge
                )
            }
            Self::AccountingRequest => matches!(self, Self::AccountingResponse),
            Self::StatusServer => matches!(self, Self::AccessAccept | Self::AccountingResponse),
            Self::DisconnectRequest => matches!(self, Self::DisconnectAck | Self::DisconnectNak),
            Self::CoaRequest => matches!(self, Self::CoaAck | Self::CoaNak),
            _ => false,
        }
    }
}

impl TryFrom<u8> for Code {
    type Error = Error;

    fn try_from(octet: u8) -> Result<Self, Error> {
        Ok(match octet {
            1 => Self::AccessRequest,
            2 => Self::AccessAccept,
            3 => Self::AccessReject,
            4 => Self::AccountingRequest,
            5 => Self::AccountingResponse,
            11 => Self::AccessChallenge,
            12 => Self::StatusServer,
            40 => Self::DisconnectRequest,
            41 => Self::DisconnectAck,
            42 => Self::DisconnectNak,
            43 => Self::CoaRequest,
            44 => Self::CoaAck,
            45 => Self::CoaNak,
            _ => return Err(Error::UnknownCode(octet)),
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
