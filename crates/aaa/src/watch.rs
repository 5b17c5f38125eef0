//! Hears what changed and forgets what is not true any more.

use std::sync::Arc;

use bando_app::{Change, Event};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::routers::Routers;
use crate::snapshots::Snapshots;

/// Forgets what changed until the application is gone.
pub(crate) async fn watch(
    mut events: broadcast::Receiver<Event>,
    routers: Arc<Routers>,
    snapshots: Arc<Snapshots>,
) {
    let everything = || {
        routers.forget_everything();
        snapshots.forget_everything();
    };
    loop {
        match events.recv().await {
            Ok(Event { change, .. }) => match change {
                Change::Ticket(ticket) => snapshots.forget(ticket),
                Change::Router(router) => {
                    let routers = Arc::clone(&routers);
                    tokio::spawn(async move { routers.refresh(router).await });
                }
                Change::Settings => everything(),
                _ => {}
            },
            Err(RecvError::Lagged(_)) => everything(),
            Err(RecvError::Closed) => return,
        }
    }
}
