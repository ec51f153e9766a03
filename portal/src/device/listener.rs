//! Accepts connections, shakes hands within bounds, serves HTTP/1.1 with keep-alive, and drains when told to stop.

use std::{convert::Infallible, net::SocketAddr, num::NonZeroU32, pin::pin, sync::Arc, time::Duration};

use hyper::{
    Request,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch},
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

/// Connections that the kernel holds ready, at most: it is asked for fewer.
const MAX_WAITING: usize = 4096;
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
    let (alive, mut ended) = mpsc::channel(1);
    let mut door = Door { acceptor, portal, places, stop: stop.clone(), alive, turned_away: TurnedAway::default() };
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = accept(&listener, &seats) => accepted,
        };
        if let Some((stream, address, seat)) = accepted {
            door.let_in(stream, address, seat);
        }
    }
    for (stream, address) in connected_already(listener) {
        if let Ok(seat) = Arc::clone(&seats).try_acquire_owned() {
            door.let_in(stream, address, seat);
        }
    }
    drop(door);
    if timeout(DRAIN, ended.recv()).await.is_err() {
        tracing::warn!("some sensors' connections were cut after {} s", DRAIN.as_secs());
    }
}

/// Closes the listener. Whom the kernel has connected by then believes to be served, and may have spoken: without this
/// a balancer's clients see their connections reset whenever a process is told to stop.
fn connected_already(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    let waiting = std::iter::from_fn(|| listener.accept().ok()).take(MAX_WAITING);
    let ours = waiting.filter_map(|(stream, address)| {
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, address))
    });
    ours.collect()
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

/// Lets connections in, each to be served by itself.
struct Door {
    acceptor: TlsAcceptor,
    portal: Arc<Portal>,
    places: Places,
    stop: watch::Receiver<bool>,
    alive: mpsc::Sender<Infallible>,
    turned_away: TurnedAway,
}

impl Door {
    fn let_in(&mut self, stream: TcpStream, address: SocketAddr, seat: OwnedSemaphorePermit) {
        let Some(stranger) = self.places.stranger(address.ip(), Instant::now()) else {
            return self.turned_away.count(address, Instant::now());
        };
        let (acceptor, portal) = (self.acceptor.clone(), Arc::clone(&self.portal));
        let connection = Connection { acceptor, portal, stop: self.stop.clone() };
        let alive = self.alive.clone();
        tokio::spawn(async move {
            let _held = (seat, alive);
            connection.serve(stream, address, stranger).await;
        });
    }
}

struct Connection {
    acceptor: TlsAcceptor,
    portal: Arc<Portal>,
    stop: watch::Receiver<bool>,
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

    /// Answers requests until the connection ends, or idles for longer than `idle`, or this process is told to stop: then
    /// a request that came is answered, and so is the first one of a connection that has yet to bring it.
    async fn converse(mut self, stream: TlsStream<TcpStream>, address: SocketAddr, peer: &Peer, idle: Duration) {
        let (portal, begun, stopping) = (&self.portal, &Notify::new(), &self.stop.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            begun.notify_one();
            async move {
                let mut answer = routes::answer(portal, peer, request).await;
                if *stopping.borrow() {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let stop = &mut self.stop;
        let told_to_stop = async move {
            let _ = stop.wait_for(|stop| *stop).await;
            begun.notified().await;
        };
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            biased; // what came before the word to stop is read first
            ended = connection.as_mut() => ended,
            () = told_to_stop => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}
