//! Accepts connections, shakes hands within bounds, serves HTTP/1.1 with keep-alive, and drains when told to stop.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{peer::Peer, routes};
use crate::portal::Portal;

/// Connections at once, if the system has room for as many; more wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 20_000;
/// From TCP accept to the end of the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// A sensor's connection may idle for the longest interval between heartbeats, and some.
const SENSOR_IDLE: Duration = Duration::from_secs(1200);
/// Anybody else's may not.
const STRANGER_IDLE: Duration = Duration::from_secs(30);
/// Bytes of request line and headers.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// For open requests to end when told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves at most `room` connections at once until `stop` changes, then drains.
pub async fn serve(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    portal: Arc<Portal>,
    room: usize,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let places = Arc::new(Semaphore::new(room.min(MAX_CONNECTIONS)));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, address, place)) = accepted else { continue };
        let connection =
            Connection { acceptor: acceptor.clone(), portal: Arc::clone(&portal), watcher: graceful.watcher() };
        tokio::spawn(async move {
            let _place = place;
            connection.serve(stream, address).await;
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some sensors' connections were cut after {} s", DRAIN.as_secs());
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await; // out of file descriptors: do not spin
            None
        }
    }
}

struct Connection {
    acceptor: TlsAcceptor,
    portal: Arc<Portal>,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, address: SocketAddr) {
        let _ = stream.set_nodelay(true); // answers are one small write
        let stream = match timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%address, %error, "handshake failed"),
            Err(_) => return tracing::debug!(%address, "handshake took too long"),
        };
        let peer = Peer::judge(stream.get_ref().1.peer_certificates(), self.portal.device_ca.certificate());
        let idle = if matches!(peer, Peer::Sensor(_)) { SENSOR_IDLE } else { STRANGER_IDLE };
        let (portal, peer) = (&self.portal, &peer);
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
