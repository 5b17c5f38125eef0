//! Typed identifiers: UUIDv7, so that rows sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Clock, Entropy};

/// A UUIDv7 (RFC 9562 §5.7) from our own clock and randomness.
fn uuid_v7(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, unique by time and randomness.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(clock, entropy))
            }

            /// The id with this UUID, as read from the database or a URL.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, for the database.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// Someone who signs in: a member of one or more providers, or a super admin.
    AccountId
    /// Money that arrived otherwise than asked for.
    ArrivalId
    /// A set of tickets made together to be printed and sold.
    BatchId
    /// An item of a person's queue.
    CaseId
    /// Someone who buys access.
    CustomerId
    /// Something that a gateway's statement and our books disagree about.
    DifferenceId
    /// One movement of money from one ledger account to another.
    LedgerTransferId
    /// A raw message from a gateway.
    MessageId
    /// One attempt to pay.
    PaymentId
    /// Money sent to a provider's own phone.
    PayoutId
    /// What is sold.
    PlanId
    /// A tenant: a hotspot or ISP business.
    ProviderId
    /// Money sent back to its payer.
    RefundId
    /// A MikroTik (any RADIUS NAS) of a provider.
    RouterId
    /// One stay on the network as accounted by a router.
    SessionId
    /// A cashier's time at the till.
    ShiftId
    /// An imported list of a gateway's movements of money.
    StatementId
    /// A right to use the network.
    TicketId
}
