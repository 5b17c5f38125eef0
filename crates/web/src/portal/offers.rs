//! What each provider offers, remembered for a moment: the first page is asked for by everyone who
//! joins a Wi-Fi, and seldom changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bando_app::{App, Change, Event, Plan, Provider, Result};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::answer::Drawn;
use crate::i18n::Lang;

/// How long it is remembered. Plans are sold by the minute, and other nodes change them too.
const FRESH: Duration = Duration::from_secs(1);

/// A provider and what it sells now.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The provider.
    pub(crate) provider: Provider,
    /// The plans on sale, in its own order.
    pub(crate) plans: Vec<Plan>,
    /// The ways to pay.
    pub(crate) ways: Vec<bando_app::Offer>,
    /// The first page for those who come without a router, in each language, once it was drawn.
    pub(crate) first_page: [OnceLock<Drawn>; Lang::ALL.len()],
}

/// The offers of this node. Only providers that exist are remembered, so there are never more
/// entries than two for each of them (by slug and by id).
#[derive(Debug)]
pub(crate) struct Offers(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    events: Receiver<Event>,
    by_name: HashMap<String, (Instant, Arc<Offer>)>,
    /// Counts what was forgotten, so that an offer read before a change is not remembered after it.
    forgotten: u64,
}

impl Offers {
    /// Nothing remembered yet.
    pub(crate) fn new(app: &App) -> Self {
        Self(Mutex::new(Memory {
            events: app.events(),
            by_name: HashMap::new(),
            forgotten: 0,
        }))
    }

    /// The offer of the provider with this slug or id, at most [`FRESH`] old and never older than
    /// the last change made on this node.
    ///
    /// # Errors
    /// [`bando_app::Error::NotFound`].
    pub(crate) async fn get(&self, app: &App, name: &str) -> Result<Arc<Offer>> {
        let forgotten = match self.remembered(name) {
            Ok(offer) => return Ok(offer),
            Err(forgotten) => forgotten,
        };
        let provider = app.provider(name).await?;
        let plans = app.plans_on_sale(&provider).await?;
        let ways = app.offers(provider.id).await?;
        let offer = Arc::new(Offer {
            provider,
            plans,
            ways,
            first_page: Default::default(),
        });
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.forget_changed();
        if memory.forgotten == forgotten {
            memory
                .by_name
                .insert(name.to_owned(), (Instant::now(), Arc::clone(&offer)));
        }
        Ok(offer)
    }

    fn remembered(&self, name: &str) -> std::result::Result<Arc<Offer>, u64> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.forget_changed();
        match memory.by_name.get(name) {
            Some((at, offer)) if at.elapsed() < FRESH => Ok(Arc::clone(offer)),
            _ => Err(memory.forgotten),
        }
    }
}

impl Offer {
    /// The way to pay of this name, if it is offered.
    pub(crate) fn way(&self, gateway: &str) -> Option<&bando_app::Offer> {
        self.ways.iter().find(|way| way.gateway == gateway)
    }
}

impl Memory {
    fn forget_changed(&mut self) {
        loop {
            match self.events.try_recv() {
                Ok(Event {
                    provider,
                    change: Change::Settings,
                }) => {
                    self.forgotten += 1;
                    self.by_name
                        .retain(|_, (_, offer)| offer.provider.id != provider);
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => {
                    self.forgotten += 1;
                    self.by_name.clear();
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}
