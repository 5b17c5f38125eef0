//! What a gateway's simulator stands on: a listener on loopback and a client for its messages.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a message's receiver is waited for.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a request.
pub(crate) const MAX_REQUEST: usize = 64 * 1024;

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("the simulator cannot listen on {0}: {1}; choose another address or port")]
    Listen(SocketAddr, std::io::Error),
    /// No HTTP client for the messages.
    #[error("the simulator cannot send messages: {0}")]
    Client(#[from] reqwest::Error),
}

/// An address that is listened on, but not yet answered.
pub(crate) struct Bound {
    listener: TcpListener,
    /// Scheme, host and port.
    pub(crate) origin: String,
}

/// A running HTTP server.
pub(crate) struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Bound {
    /// Listens on `addr` (port 0: any free one).
    pub(crate) async fn listen(addr: SocketAddr) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(addr, error);
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let origin = format!("http://{}", listener.local_addr().map_err(failed)?);
        Ok(Self { listener, origin })
    }

    /// Answers with `app` from now on.
    pub(crate) fn serve(self, app: Router) -> Server {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let serving = axum::serve(self.listener, app).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "a simulator stopped");
            }
        });
        Server { stop, task }
    }
}

impl Server {
    /// Stops listening, and waits a second for connections to end: some are kept waiting on purpose.
    pub(crate) async fn shutdown(self) {
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if tokio::time::timeout(Duration::from_secs(1), self.task)
            .await
            .is_err()
        {
            abort.abort();
        }
    }
}

/// The client that messages are sent with.
pub(crate) fn client() -> Result<reqwest::Client, StartError> {
    // Harmless when the program has installed it already; without one the builder panics.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .timeout(MESSAGE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?)
}
