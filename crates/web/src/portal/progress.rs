//! How a payment goes on, for the script of the waiting page: asked for, or told as it happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use bando_app::{App, Change, Event, PaymentPage};
use bando_domain::{PaymentId, Timestamp};
use futures_util::{Stream, stream};
use http::header;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

use super::Portal;
use super::asking::{self, DONE, seconds_left};
use super::guest::Guest;
use super::payment::find;
use crate::views::portal::WaitState;

/// The longest that one stream lives; the browser asks for another.
const MAX_STREAM: Duration = Duration::from_secs(300);

/// How often the payment is looked at without an event: time changes what is shown, and so may
/// another node.
const LOOK: Duration = Duration::from_secs(5);

/// `GET /p/{provider}/pay/{token}/state`.
pub(crate) async fn state(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    let found = find(&portal, &guest, &token).await;
    guest.answer(found.map(|found| no_store(Json(state_of(&found, portal.app.now())))))
}

/// `GET /p/{provider}/pay/{token}/events`: each new state, until it is final.
pub(crate) async fn events(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    // Watched before it is read, so that nothing is missed in between.
    let events = portal.app.events();
    let found = find(&portal, &guest, &token).await;
    guest.answer(found.map(|found| {
        let watch = Watch {
            app: portal.app,
            token,
            payment: found.payment.id,
            events,
            told: String::new(),
            ends: Instant::now() + MAX_STREAM,
        };
        no_store(Sse::new(watch.stream()).keep_alive(KeepAlive::default()))
    }))
}

/// Somebody who waits for a payment.
struct Watch {
    app: App,
    token: String,
    payment: PaymentId,
    events: Receiver<Event>,
    /// The last state that was told.
    told: String,
    ends: Instant,
}

impl Watch {
    fn stream(self) -> impl Stream<Item = Result<Message, Infallible>> {
        stream::unfold(self, Self::next)
    }

    /// The next state that differs from the last; none after the final one, after the longest time,
    /// or when the database does not answer (the script asks then).
    async fn next(mut self) -> Option<(Result<Message, Infallible>, Self)> {
        while self.told != DONE && Instant::now() < self.ends {
            let found = self.app.payment_page(&self.token).await.ok()?;
            let state = state_of(&found, self.app.now());
            if state.state != self.told {
                let message = Message::default().json_data(&state).ok()?;
                self.told = state.state;
                return Some((Ok(message), self));
            }
            let look = (Instant::now() + LOOK).min(self.ends);
            // Elapsed or not: it is time to look.
            let _ = timeout_at(look, self.changed()).await;
        }
        None
    }

    /// Ends when the payment may have changed.
    async fn changed(&mut self) {
        loop {
            match self.events.recv().await {
                Ok(event) if event.change == Change::Payment(self.payment) => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

fn state_of(found: &PaymentPage, now: Timestamp) -> WaitState {
    WaitState {
        state: asking::state(found, now).to_owned(),
        seconds_left: seconds_left(found, now),
    }
}

fn no_store(response: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}
