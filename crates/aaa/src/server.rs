//! Starting and stopping the service.

use std::fmt;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bando_app::App;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task;

use crate::authority::Authority;
use crate::counters::Counters;
use crate::port::{Kind, MAX_STRANGERS, MAX_WAITING, Port, Service};
use crate::routers::Routers;
use crate::snapshots::Snapshots;
use crate::watch::watch;
use crate::writer::{self, Writer};
use crate::{Config, Error, Stats};

/// How soon a thread that waits for a packet notices that the service stops.
const STOP_CHECK: Duration = Duration::from_millis(200);

/// Room for the packets of a moment in which all routers report together. The system may give less
/// (`net.core.rmem_max`).
const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;

/// The running RADIUS service. It runs until [`shutdown`](Self::shutdown).
pub struct RadiusServer {
    /// Where Access-Requests are taken.
    pub auth_addr: SocketAddr,
    /// Where Accounting-Requests are taken.
    pub acct_addr: SocketAddr,
    service: Arc<Service>,
    acct: Arc<Port>,
    threads: Vec<JoinHandle<()>>,
    watch: task::JoinHandle<()>,
    writer: task::JoinHandle<()>,
}

impl RadiusServer {
    /// Opens both ports and serves them. Work that needs the database runs on the runtime that this
    /// is called on.
    ///
    /// # Errors
    /// [`Error::Bind`] if a port is taken.
    pub async fn start(app: App, config: Config) -> Result<Self, Error> {
        let (auth_socket, acct_socket) = (open(config.auth)?, open(config.acct)?);
        let address = |socket: &UdpSocket, wanted| {
            socket.local_addr().map_err(|source| Error::Bind {
                address: wanted,
                source,
            })
        };
        let auth_addr = address(&auth_socket, config.auth)?;
        let acct_addr = address(&acct_socket, config.acct)?;

        let snapshots = Arc::new(Snapshots::new(app.engine()));
        let routers = Arc::new(Routers::new(
            app.clone(),
            config.require_message_authenticator,
        ));
        let service = Arc::new(Service {
            authority: Authority::new(app.clone(), Arc::clone(&snapshots)),
            routers: Arc::clone(&routers),
            counters: Arc::new(Counters::new()),
            runtime: Handle::current(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING as usize)),
            strangers: Arc::new(Semaphore::new(MAX_STRANGERS)),
            stop: AtomicBool::new(false),
            app: app.clone(),
            config,
        });
        let (sender, queue) = mpsc::channel(writer::QUEUE);
        let auth = Arc::new(Port::new(Kind::Auth, auth_socket, Arc::clone(&service)));
        let kind = Kind::Acct(Mutex::new(Some(sender)));
        let acct = Arc::new(Port::new(kind, acct_socket, Arc::clone(&service)));

        let watch = tokio::spawn(watch(app.events(), routers, Arc::clone(&snapshots)));
        let writer = tokio::spawn(Writer::new(app, Arc::clone(&acct), snapshots).run(queue));
        let threads = vec![
            serve("radius-auth", auth)?,
            serve("radius-acct", Arc::clone(&acct))?,
        ];
        tracing::info!(%auth_addr, %acct_addr, "RADIUS is listening");
        Ok(Self {
            auth_addr,
            acct_addr,
            service,
            acct,
            threads,
            watch,
            writer,
        })
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        self.service.counters.snapshot()
    }

    /// Takes no more packets, finishes and answers what came in, and returns.
    pub async fn shutdown(self) {
        self.service.stop.store(true, Ordering::Relaxed);
        let threads = self.threads;
        let joined =
            task::spawn_blocking(move || threads.into_iter().try_for_each(JoinHandle::join));
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a RADIUS thread had panicked");
        }
        // Every packet that waits for the database holds a permit.
        let _all = self.service.waiting.acquire_many(MAX_WAITING).await;
        if let Kind::Acct(queue) = &self.acct.kind {
            queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        if self.writer.await.is_err() {
            tracing::error!("the accounting writer had panicked");
        }
        self.watch.abort();
    }
}

impl fmt::Debug for RadiusServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            auth_addr,
            acct_addr,
            ..
        } = self;
        write!(f, "RadiusServer(auth {auth_addr}, acct {acct_addr})")
    }
}

fn serve(name: &str, port: Arc<Port>) -> Result<JoinHandle<()>, Error> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn(move || port.serve()).map_err(Error::Thread)
}

fn open(address: SocketAddr) -> Result<UdpSocket, Error> {
    let open = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        // Best effort: without it only a burst of packets suffers.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.set_read_timeout(Some(STOP_CHECK))?;
        socket.bind(&address.into())?;
        Ok(socket.into())
    };
    open().map_err(|source| Error::Bind { address, source })
}
