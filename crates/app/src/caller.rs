//! Who calls, and what they may do.

use bando_domain::AccountId;
use bando_domain::ProviderId;
use bando_store::Role;

use crate::{Error, Result};

/// A member at work in one provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Who.
    pub account: AccountId,
    /// Their name.
    pub name: String,
    /// Where.
    pub provider: ProviderId,
    /// What they may do there.
    pub role: Role,
}

/// Something that not every member may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// See payments, tickets, sessions, routers.
    Look,
    /// Sell and give tickets, make vouchers.
    Sell,
    /// Put devices off, revoke tickets.
    Revoke,
    /// Ask for money to be sent back.
    Refund,
    /// Agree to money being sent, as another has asked for it.
    Approve,
    /// Change plans and routers.
    Manage,
    /// Change where the money goes.
    Money,
}

impl Permission {
    /// The least role that has it.
    pub const fn least(self) -> Role {
        match self {
            Self::Look => Role::Support,
            Self::Sell | Self::Refund => Role::Cashier,
            Self::Revoke | Self::Approve | Self::Manage => Role::Manager,
            Self::Money => Role::Owner,
        }
    }
}

impl Caller {
    /// Whether the role allows it.
    pub fn may(&self, permission: Permission) -> bool {
        self.role >= permission.least()
    }

    /// # Errors
    /// [`Error::Forbidden`] unless the role allows it.
    pub(crate) fn need(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// As the audit log names them.
    pub(crate) fn actor(&self) -> String {
        format!("member:{}", self.account)
    }
}
