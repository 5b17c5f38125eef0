//! The stream of changes that makes pages live: only which kind of thing changed, so that the page
//! fetches its part again.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Extension;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bando_app::Change;
use bando_domain::{AccountId, ProviderId};
use futures_util::{Stream, StreamExt, stream};
use http::StatusCode;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

use super::who::SignedInCaller;

/// How many streams one account may hold open: one a tab.
const PER_ACCOUNT: u32 = 12;

/// Changes that come within this time are told as one.
const GATHER: Duration = Duration::from_millis(300);

/// A stream ends after this and is asked for again, so that a sign-in that ended ends its streams.
const LIFETIME: Duration = Duration::from_secs(300);

const HEARTBEAT: Duration = Duration::from_secs(15);

/// The live parts of pages: the name of the event, and its bit.
const TOPICS: [(&str, u16); 10] = [
    ("home", HOME),
    ("payments", PAYMENTS),
    ("tickets", TICKETS),
    ("sessions", SESSIONS),
    ("routers", ROUTERS),
    ("batches", BATCHES),
    ("confirm", CONFIRM),
    ("cases", CASES),
    ("sending", SENDING),
    ("till", TILL),
];
const HOME: u16 = 1;
const PAYMENTS: u16 = 2;
const TICKETS: u16 = 4;
const SESSIONS: u16 = 8;
const ROUTERS: u16 = 16;
const BATCHES: u16 = 32;
const CONFIRM: u16 = 64;
const CASES: u16 = 128;
const SENDING: u16 = 256;
const TILL: u16 = 512;
const ALL: u16 = 1023;

/// The streams that are open, by account.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<HashMap<AccountId, u32>>>);

/// One open stream; it counts until it is dropped.
struct Seat {
    streams: Streams,
    account: AccountId,
}

impl Streams {
    fn take(&self, account: AccountId) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(account).or_default();
        if *count >= PER_ACCOUNT {
            return None;
        }
        *count += 1;
        Some(Seat {
            streams: self.clone(),
            account,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// `GET /console/events`
pub(super) async fn stream(
    who: SignedInCaller,
    Extension(streams): Extension<Streams>,
) -> Response {
    let Some(seat) = streams.take(who.caller.account) else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let events = changes(who.app.events(), who.caller.provider, seat);
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}

fn changes(
    events: Receiver<bando_app::Event>,
    provider: ProviderId,
    seat: Seat,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let until = Instant::now() + LIFETIME;
    stream::unfold((events, seat), move |(mut events, seat)| async move {
        let mut topics = 0;
        while topics == 0 {
            topics = next(&mut events, provider, until).await?;
        }
        let gathered = Instant::now() + GATHER;
        while let Some(more) = next(&mut events, provider, gathered).await {
            topics |= more;
        }
        Some((topics, (events, seat)))
    })
    .flat_map(|topics| {
        let named = TOPICS.into_iter().filter(move |(_, bit)| topics & bit != 0);
        stream::iter(named.map(|(name, _)| Ok(Event::default().event(name).data("changed"))))
    })
}

/// The topics of the next change, 0 for another provider's; none when the time is over.
async fn next(
    events: &mut Receiver<bando_app::Event>,
    provider: ProviderId,
    until: Instant,
) -> Option<u16> {
    match timeout_at(until, events.recv()).await {
        Ok(Ok(event)) if event.provider == provider => Some(topics(event.change)),
        Ok(Ok(_)) => Some(0),
        // Some were missed: anything may have changed.
        Ok(Err(RecvError::Lagged(_))) => Some(ALL),
        Ok(Err(RecvError::Closed)) | Err(_) => None,
    }
}

fn topics(change: Change) -> u16 {
    match change {
        Change::Payment(_) => PAYMENTS | HOME | CONFIRM | TILL,
        Change::Ticket(_) => TICKETS,
        Change::Session(_) => SESSIONS | TICKETS | PAYMENTS | HOME,
        Change::Router(_) => ROUTERS | HOME,
        Change::Batch(_) => BATCHES,
        Change::Cases => CASES | HOME | CONFIRM,
        Change::Sending => SENDING | HOME | PAYMENTS | TILL,
        Change::Settings => HOME,
    }
}
