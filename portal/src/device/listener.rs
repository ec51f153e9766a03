//! Accepts connections, shakes hands within bounds, serves HTTP/1.1 with keep-alive, and drains when told to stop.

use std::{convert::Infallible, net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    peer::Peer,
    places::{Places, Stranger},
    routes,
};
use crate::portal::Portal;

/// Connections at once, if the system has room for as many; more wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 20_000;
/// From when the handshake may begin to its end.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// A sensor's connection may idle for the longest interval between heartbeats, and some.
const SENSOR_IDLE: Duration = Duration::from_secs(1200);
/// Anybody else's may not, and it ends: enrolling takes a few seconds.
const STRANGER_IDLE: Duration = Duration::from_secs(30);
const STRANGER_LIFE: Duration = Duration::from_secs(120);
/// Bytes of request line and headers.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// For open requests to end when told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How often it is said that connections were turned away.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// What the listener takes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once that the system has room for.
    pub connections: usize,
    /// Handshakes a second that one address may begin; none: addresses are not bounded.
    pub handshakes_per_address: Option<NonZeroU32>,
}

/// Serves within limits until `stop` changes, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    portal: Arc<Portal>,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let room = limits.connections.min(MAX_CONNECTIONS);
    let seats = Arc::new(Semaphore::new(room));
    let places = Places::new(room, limits.handshakes_per_address, Instant::now());
    let mut turned_away = TurnedAway::default();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        let Some((stream, address, seat)) = accepted else { continue };
        let Some(stranger) = places.stranger(address.ip(), Instant::now()) else {
            turned_away.count(address, Instant::now());
            continue;
        };
        let connection =
            Connection { acceptor: acceptor.clone(), portal: Arc::clone(&portal), watcher: graceful.watcher() };
        tokio::spawn(async move {
            let _seat = seat;
            connection.serve(stream, address, stranger).await;
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some sensors' connections were cut after {} s", DRAIN.as_secs());
    }
}

async fn accept(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let seat = Arc::clone(seats).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, seat)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(Duration::from_millis(100)).await; // out of file descriptors: do not spin
            None
        }
    }
}

/// Counts connections that found no place, and says so now and then: a flood must not flood the log.
#[derive(Debug, Default)]
struct TurnedAway {
    connections: u64,
    said_at: Option<Instant>,
}

impl TurnedAway {
    fn count(&mut self, address: SocketAddr, now: Instant) {
        self.connections += 1;
        if self.said_at.is_none_or(|said| now.duration_since(said) >= SAY_EVERY) {
            tracing::warn!(connections = self.connections, last = %address, "too many connections without a certificate");
            *self = Self { connections: 0, said_at: Some(now) };
        }
    }
}

struct Connection {
    acceptor: TlsAcceptor,
    portal: Arc<Portal>,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, address: SocketAddr, stranger: Stranger) {
        let _ = stream.set_nodelay(true); // answers are one small write
        sleep(stranger.wait).await;
        let stream = match timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%address, %error, "handshake failed"),
            Err(_) => return tracing::debug!(%address, "handshake took too long"),
        };
        let peer = Peer::judge(stream.get_ref().1.peer_certificates(), self.portal.device_ca.certificate());
        let Some(key) = peer.key() else {
            let _ = timeout(STRANGER_LIFE, self.converse(stream, address, &peer, STRANGER_IDLE)).await;
            return drop(stranger);
        };
        let mut known = stranger.known(key);
        tokio::select! {
            () = self.converse(stream, address, &peer, SENSOR_IDLE) => {}
            () = known.lost() => tracing::debug!(%address, key = %key.short(), "a later connection has its place"),
        }
    }

    /// Answers requests until the connection ends, or idles for longer than `idle`.
    async fn converse(self, stream: TlsStream<TcpStream>, address: SocketAddr, peer: &Peer, idle: Duration) {
        let portal = &self.portal;
        let service = service_fn(move |request: Request<Incoming>| async move {
            Ok::<_, Infallible>(routes::answer(portal, peer, request).await)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}
