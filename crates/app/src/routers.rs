//! Routers, as a provider sets them up.

use std::collections::HashMap;

use bando_domain::{RouterId, Secret};
use bando_store::{NewRouter, Router, Session, Ticket};

use crate::caller::Permission;
use crate::events::Change;
use crate::{App, Caller, Error, Invalid, Result};

/// What a provider says of a router.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouterDraft {
    /// Its name in the console.
    pub name: String,
    /// The address or dns-name of its hotspot.
    pub hotspot_host: String,
    /// Where it takes CoA and Disconnect, if not where its requests come from.
    pub coa_address: Option<String>,
}

/// A session that is open, and whose it is.
#[derive(Clone, PartialEq, Debug)]
pub struct OnlineSession {
    /// The session.
    pub session: Session,
    /// The ticket it uses.
    pub ticket: Option<Ticket>,
}

impl App {
    /// All routers, oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn routers(&self, caller: &Caller) -> Result<Vec<Router>> {
        caller.need(Permission::Look)?;
        Ok(self.store.read(caller.provider).await?.routers().await?)
    }

    /// A router.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn router(&self, caller: &Caller, id: RouterId) -> Result<Router> {
        caller.need(Permission::Look)?;
        self.store
            .read(caller.provider)
            .await?
            .router(id)
            .await?
            .ok_or(Error::NotFound("router"))
    }

    /// Adds a router with an identity and a secret of its own, both unguessable.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field, [`Error::Forbidden`].
    pub async fn add_router(&self, caller: &Caller, draft: RouterDraft) -> Result<Router> {
        caller.need(Permission::Manage)?;
        let draft = draft.checked()?;
        let identity = format!("bando-{}", self.random_word(20));
        let router = NewRouter {
            id: RouterId::new(&*self.clock, &*self.entropy),
            name: draft.name,
            identity,
            secret: Secret::new(self.random_word(32)),
            hotspot_host: draft.hotspot_host,
            coa_address: draft.coa_address,
            created_at: self.now(),
        };
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.insert_router(&router, &*self.entropy).await?;
        let object = format!("router:{}", router.id);
        tx.audit(
            self.now(),
            &caller.actor(),
            "router.add",
            &object,
            &router.name,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Router(router.id));
        self.router(caller, router.id).await
    }

    /// Changes a router's name and addresses.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn change_router(
        &self,
        caller: &Caller,
        id: RouterId,
        draft: RouterDraft,
    ) -> Result<()> {
        caller.need(Permission::Manage)?;
        let d = draft.checked()?;
        let mut tx = self.store.tenant(caller.provider).await?;
        if !tx
            .update_router(id, &d.name, &d.hotspot_host, d.coa_address.as_deref())
            .await?
        {
            return Err(Error::NotFound("router"));
        }
        tx.audit(
            self.now(),
            &caller.actor(),
            "router.change",
            &format!("router:{id}"),
            &d.name,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Router(id));
        Ok(())
    }

    /// Takes a router away: it gets no more answers.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn delete_router(&self, caller: &Caller, id: RouterId) -> Result<()> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        if !tx.delete_router(id, self.now()).await? {
            return Err(Error::NotFound("router"));
        }
        tx.audit(
            self.now(),
            &caller.actor(),
            "router.delete",
            &format!("router:{id}"),
            "",
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Router(id));
        Ok(())
    }

    /// The sessions that are open now, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn open_sessions(&self, caller: &Caller) -> Result<Vec<Session>> {
        caller.need(Permission::Look)?;
        Ok(self
            .store
            .read(caller.provider)
            .await?
            .open_sessions(500)
            .await?)
    }

    /// The sessions that are open now, newest first, each with its ticket.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn online(&self, caller: &Caller) -> Result<Vec<OnlineSession>> {
        let sessions = self.open_sessions(caller).await?;
        let mut ids: Vec<_> = sessions.iter().filter_map(|s| s.ticket_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut tx = self.store.read(caller.provider).await?;
        let tickets = tx.tickets_by_id(&ids).await?;
        let tickets: HashMap<_, _> = tickets.into_iter().map(|t| (t.id, t)).collect();
        Ok(sessions
            .into_iter()
            .map(|session| OnlineSession {
                ticket: session.ticket_id.and_then(|id| tickets.get(&id).cloned()),
                session,
            })
            .collect())
    }

    /// Puts one session off; its ticket stays good.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn kick(&self, caller: &Caller, session: bando_domain::SessionId) -> Result<()> {
        caller.need(Permission::Revoke)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.session(session)
            .await?
            .ok_or(Error::NotFound("session"))?;
        tx.enqueue(bando_store::JobKind::Disconnect, session.uuid(), self.now())
            .await?;
        tx.audit(
            self.now(),
            &caller.actor(),
            "session.kick",
            &format!("session:{session}"),
            "",
        )
        .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(())
    }

    /// Random small letters and digits that are easy to paste.
    fn random_word(&self, length: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = vec![0; length];
        self.entropy.fill(&mut bytes);
        // 256 is a multiple of 32: no letter is likelier than another.
        bytes
            .iter()
            .map(|b| ALPHABET[usize::from(b % 32)] as char)
            .collect()
    }
}

impl RouterDraft {
    fn checked(mut self) -> Result<Self, Invalid> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() || self.name.chars().count() > 60 {
            return Err(Invalid::field(
                "name",
                "give the router a name of at most 60 characters",
            ));
        }
        self.hotspot_host = self.hotspot_host.trim().to_lowercase();
        let host_like = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if self.hotspot_host.is_empty()
            || self.hotspot_host.len() > 253
            || !self.hotspot_host.chars().all(host_like)
        {
            return Err(Invalid::field(
                "hotspot_host",
                "the address or name of the hotspot, such as 10.5.50.1",
            ));
        }
        self.coa_address = self
            .coa_address
            .map(|a| a.trim().to_owned())
            .filter(|a| !a.is_empty());
        let fits = |a: &str| a.len() <= 253 && a.chars().all(host_like);
        if self.coa_address.as_deref().is_some_and(|a| !fits(a)) {
            return Err(Invalid::field(
                "coa_address",
                "an address and port, such as 10.99.0.7:3799",
            ));
        }
        Ok(self)
    }
}
