//! Which router a packet comes from: known by identity and secret, not by its address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bando_app::App;
use bando_domain::{Language, ProviderId, RouterId};
use bando_radius::dictionary::{NAS_IDENTIFIER, PROXY_STATE};
use bando_radius::{Code, Packet, Secret};
use bando_store::{Engine, ProviderStatus, Router};
use moka::sync::Cache;

use crate::DropReason;
use crate::invalidations::Invalidations;

/// The most routers, and the most identities that are not ours, remembered.
const MAX_ROUTERS: u64 = 100_000;
const MAX_STRANGERS: u64 = 10_000;

/// How long another node's change to a router may go unnoticed.
const SHARED_LIFE: Duration = Duration::from_secs(10);

/// How long an unknown identity stays unknown without asking the database again, and how long the
/// routers of an address do.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// How often it is written down that a router was heard of.
const SEEN_INTERVAL: Duration = Duration::from_secs(60);

/// A router with what its packets need.
#[derive(Debug)]
pub(crate) struct KnownRouter {
    pub(crate) provider: ProviderId,
    pub(crate) id: RouterId,
    pub(crate) secret: Secret,
    /// The language of refusals.
    pub(crate) language: Language,
    /// The provider may let nobody in.
    pub(crate) suspended: bool,
    /// It has sent Message-Authenticator before.
    signs: bool,
}

/// What is known of a packet's origin without the database.
pub(crate) enum Origin {
    /// These routers may have sent it. One, if it names itself.
    Known(Arc<[Arc<KnownRouter>]>),
    /// No router.
    Unknown,
    /// Ask the database: [`Routers::load`].
    NotLoaded,
}

/// How a packet says where it comes from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Name {
    /// NAS-Identifier.
    Identity(String),
    /// It has none: by the address it came from.
    Source(IpAddr),
}

/// All routers that were heard of lately.
pub(crate) struct Routers {
    app: App,
    require_message_authenticator: bool,
    by_identity: Cache<String, Arc<[Arc<KnownRouter>]>>,
    by_source: Cache<IpAddr, Arc<[Arc<KnownRouter>]>>,
    strangers: Cache<String, ()>,
    identities: Cache<RouterId, String>,
    changes: Invalidations<RouterId>,
    heard: Mutex<HashMap<RouterId, Heard>>,
}

/// When a router was last heard of, as far as that is written down.
#[derive(Debug)]
struct Heard {
    at: Instant,
    /// None if it could not be written down.
    from: Option<IpAddr>,
    signs: bool,
}

impl Routers {
    pub(crate) fn new(app: App, require_message_authenticator: bool) -> Self {
        let by_identity = Cache::builder().max_capacity(MAX_ROUTERS);
        let by_identity = match app.engine() {
            Engine::Sqlite => by_identity,
            Engine::Postgres => by_identity.time_to_live(SHARED_LIFE),
        };
        let short = |size| Cache::builder().max_capacity(size).time_to_live(SHORT_LIFE);
        Self {
            app,
            require_message_authenticator,
            by_identity: by_identity.build(),
            by_source: Cache::builder()
                .max_capacity(MAX_ROUTERS)
                .time_to_live(SHORT_LIFE)
                .build(),
            strangers: short(MAX_STRANGERS).build(),
            identities: Cache::new(MAX_ROUTERS),
            changes: Invalidations::new(),
            heard: Mutex::default(),
        }
    }

    /// Where a packet says it comes from; nothing of that is proved yet.
    pub(crate) fn origin(&self, packet: &Packet<'_>, from: IpAddr) -> Origin {
        let Some(identity) = packet.get(NAS_IDENTIFIER) else {
            return self.by_source.get(&from).map_or(Origin::NotLoaded, known);
        };
        // Identities are made by us, of ASCII.
        let Ok(identity) = std::str::from_utf8(identity) else {
            return Origin::Unknown;
        };
        match self.by_identity.get(identity) {
            Some(router) => Origin::Known(router),
            None if self.strangers.contains_key(identity) => Origin::Unknown,
            None => Origin::NotLoaded,
        }
    }

    /// Reads from the database where a packet comes from.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn load(&self, name: Name) -> Result<Origin, bando_app::Error> {
        let read = self.changes.now();
        match name {
            Name::Identity(identity) => {
                let Some(router) = self.app.router_by_identity(&identity).await? else {
                    self.strangers.insert(identity, ());
                    return Ok(Origin::Unknown);
                };
                let Some(router) = self.known(router).await? else {
                    return Ok(Origin::Unknown);
                };
                let id = router.id;
                let found: Arc<[_]> = Arc::from([router]);
                self.identities.insert(id, identity.clone());
                self.by_identity
                    .insert(identity.clone(), Arc::clone(&found));
                if self.changes.since(&id, read) {
                    self.by_identity.invalidate(&identity);
                }
                Ok(Origin::Known(found))
            }
            Name::Source(host) => {
                let mut found = Vec::new();
                for router in self.app.routers_by_source(&host.to_string()).await? {
                    found.extend(self.known(router).await?);
                }
                let found: Arc<[_]> = Arc::from(found);
                self.by_source.insert(host, Arc::clone(&found));
                Ok(known(found))
            }
        }
    }

    /// Which of the routers sent the packet, if that is proved or need not be.
    ///
    /// # Errors
    /// Why it gets no answer.
    pub(crate) fn verify<'r>(
        &self,
        routers: &'r [Arc<KnownRouter>],
        packet: &Packet<'_>,
    ) -> Result<&'r Arc<KnownRouter>, DropReason> {
        if !is_proof(packet) {
            // Nothing in it depends on the secret but a hidden password: with several routers at one
            // address it cannot be told whose it is.
            let [router] = routers else {
                return Err(DropReason::Unsigned);
            };
            let required = self.require_message_authenticator || self.signs(router);
            return if required || packet.contains(PROXY_STATE) {
                Err(DropReason::Unsigned)
            } else {
                Ok(router)
            };
        }
        routers
            .iter()
            .find(|router| router.secret.verify_request(packet).is_ok())
            .ok_or(DropReason::WrongSecret)
    }

    /// Whether it must be written down that a router was heard of. Only a packet that proves where
    /// it comes from counts.
    pub(crate) fn heard(&self, router: &KnownRouter, packet: &Packet<'_>, from: IpAddr) -> bool {
        if !is_proof(packet) {
            return false;
        }
        let signs = packet.code() == Code::AccessRequest;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, from) = (Instant::now(), Some(from));
        let Some(last) = heard.get_mut(&router.id) else {
            heard.insert(
                router.id,
                Heard {
                    at: now,
                    from,
                    signs,
                },
            );
            return true;
        };
        let news = last.from != from || (signs && !last.signs);
        if news || now.duration_since(last.at) >= SEEN_INTERVAL {
            *last = Heard {
                at: now,
                from,
                signs: last.signs || signs,
            };
            return true;
        }
        false
    }

    /// Writes down that a router was heard of.
    pub(crate) async fn write_down(&self, router: &KnownRouter, from: IpAddr) {
        let signs = self.signs(router);
        let written = self
            .app
            .router_seen(router.provider, router.id, &from.to_string(), signs)
            .await;
        if let Err(error) = written {
            tracing::warn!(router = %router.id, %error, "it could not be noted that a router was heard of");
            // The next packet tries again.
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = heard.get_mut(&router.id) {
                last.from = None;
            }
        }
    }

    /// Reads a router that has changed again. Until that is done its packets are judged by what was
    /// known, for its own note that it was heard of is such a change too.
    pub(crate) async fn refresh(&self, router: RouterId) {
        self.changes.note(router);
        self.by_source.invalidate_all();
        let Some(identity) = self.identities.get(&router) else {
            // It may be a new one that was asked for before it was there.
            return self.strangers.invalidate_all();
        };
        let loaded = self.load(Name::Identity(identity.clone())).await;
        if !matches!(loaded, Ok(Origin::Known(_))) {
            self.by_identity.invalidate(&identity);
        }
    }

    /// Forgets all of them.
    pub(crate) fn forget_everything(&self) {
        self.changes.note_everything();
        self.by_identity.invalidate_all();
        self.by_source.invalidate_all();
        self.strangers.invalidate_all();
    }

    /// Whether the router is known to sign its Access-Requests.
    fn signs(&self, router: &KnownRouter) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        router.signs || heard.get(&router.id).is_some_and(|last| last.signs)
    }

    /// `None` if its provider is gone, or nobody could use its secret.
    async fn known(&self, router: Router) -> Result<Option<Arc<KnownRouter>>, bando_app::Error> {
        let Ok(secret) = Secret::new(router.secret.expose().as_bytes()) else {
            return Ok(None);
        };
        let provider = match self.app.provider_by_id(router.provider).await {
            Ok(provider) => provider,
            Err(bando_app::Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Arc::new(KnownRouter {
            provider: router.provider,
            id: router.id,
            secret,
            language: provider.language,
            suspended: provider.status == ProviderStatus::Suspended,
            signs: router.message_authenticator,
        })))
    }
}

impl Name {
    /// How this packet says where it comes from.
    pub(crate) fn of(packet: &Packet<'_>, from: IpAddr) -> Self {
        packet
            .text(NAS_IDENTIFIER)
            .map_or(Self::Source(from), |name| Self::Identity(name.into_owned()))
    }
}

/// Whether nobody without the secret can have made the packet, once it is verified.
fn is_proof(packet: &Packet<'_>) -> bool {
    packet.code() != Code::AccessRequest || packet.has_message_authenticator()
}

fn known(routers: Arc<[Arc<KnownRouter>]>) -> Origin {
    if routers.is_empty() {
        Origin::Unknown
    } else {
        Origin::Known(routers)
    }
}
