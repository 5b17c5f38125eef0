//! Who may come in.

use std::net::IpAddr;
use std::sync::Arc;

use bando_app::{Access, AccessKey, App};
use bando_domain::{Entitlement, ProviderId, Refusal, TicketId, TicketState};

use crate::login::Login;
use crate::routers::KnownRouter;
use crate::snapshots::Snapshots;

/// The answer to an Access-Request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Yes, on this ticket and for what is left of it.
    Accept(Arc<Access>, Entitlement),
    /// No.
    Reject(Refusal),
}

/// Judges logins: from memory where that is certain, else by the database.
pub(crate) struct Authority {
    app: App,
    snapshots: Arc<Snapshots>,
}

impl Authority {
    pub(crate) fn new(app: App, snapshots: Arc<Snapshots>) -> Self {
        Self { app, snapshots }
    }

    /// The verdict, if it needs no database: a device that is bound to a ticket comes back while
    /// the ticket runs, or nothing that was typed can open anything.
    pub(crate) fn recall(
        &self,
        router: &KnownRouter,
        login: &Login,
        from: IpAddr,
    ) -> Option<Verdict> {
        if router.suspended {
            return Some(Verdict::Reject(Refusal::ProviderSuspended));
        }
        let Some(key) = &login.key else {
            return Some(self.wrong_code(router, login, from));
        };
        let access = self.snapshots.get(router.provider, key)?;
        self.settled(access, login)
    }

    /// The verdict by the database.
    ///
    /// # Errors
    /// When the database does not answer; then nobody may be told anything.
    pub(crate) async fn decide(
        &self,
        router: &KnownRouter,
        login: &Login,
        from: IpAddr,
    ) -> Result<Verdict, bando_app::Error> {
        let Some(key) = &login.key else {
            return Ok(self.wrong_code(router, login, from));
        };
        let by_code = matches!(key, AccessKey::Code(_));
        let read = self.snapshots.before_read();
        let Some(access) = self.app.find_access(router.provider, key).await? else {
            // A device without a ticket asks all the time; only codes can be guessed.
            return Ok(if by_code {
                self.wrong_code(router, login, from)
            } else {
                Verdict::Reject(Refusal::Unknown)
            });
        };
        let access = Arc::new(access);
        self.snapshots
            .keep(router.provider, key, Arc::clone(&access), read);
        if let Some(verdict) = self.settled(Arc::clone(&access), login) {
            return Ok(verdict);
        }
        // Whoever has guessed too often learns nothing any more, not even from a right code.
        if by_code && !self.app.may_try_code(router.provider, &who(login, from)) {
            return Ok(Verdict::Reject(Refusal::TooManyTries));
        }
        if let Err(refusal) = access.judge(self.app.now()) {
            return Ok(Verdict::Reject(refusal));
        }
        let read = self.snapshots.before_read();
        let access = match self
            .app
            .admit(router.provider, access.ticket, login.mac)
            .await?
        {
            Ok(access) => Arc::new(access),
            Err(refusal) => return Ok(Verdict::Reject(refusal)),
        };
        self.snapshots
            .keep(router.provider, key, Arc::clone(&access), read);
        Ok(match access.judge(self.app.now()) {
            Ok(entitlement) => Verdict::Accept(access, entitlement),
            Err(refusal) => Verdict::Reject(refusal),
        })
    }

    /// The ticket that `key` opens, for a record that does not name it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn ticket(
        &self,
        provider: ProviderId,
        key: &AccessKey,
    ) -> Result<Option<TicketId>, bando_app::Error> {
        if let Some(access) = self.snapshots.get(provider, key) {
            return Ok(Some(access.ticket));
        }
        let read = self.snapshots.before_read();
        let found = self.app.find_access(provider, key).await?.map(Arc::new);
        let ticket = found.as_ref().map(|access| access.ticket);
        if let Some(access) = found {
            self.snapshots.keep(provider, key, access, read);
        }
        Ok(ticket)
    }

    /// The verdict if admitting would change nothing: the ticket runs and the device is bound.
    fn settled(&self, access: Arc<Access>, login: &Login) -> Option<Verdict> {
        let bound = login.mac.is_none_or(|mac| access.devices.contains(&mac));
        if access.state != TicketState::Active || !bound {
            return None;
        }
        let entitlement = access.judge(self.app.now()).ok()?;
        Some(Verdict::Accept(access, entitlement))
    }

    fn wrong_code(&self, router: &KnownRouter, login: &Login, from: IpAddr) -> Verdict {
        let counted = self
            .app
            .count_wrong_code(router.provider, &who(login, from));
        Verdict::Reject(if counted.is_ok() {
            Refusal::Unknown
        } else {
            Refusal::TooManyTries
        })
    }
}

/// Who types: the device, or the address if the router does not name it.
fn who(login: &Login, from: IpAddr) -> String {
    login
        .mac
        .map_or_else(|| from.to_string(), |mac| mac.to_string())
}
