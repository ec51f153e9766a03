//! Accepts connections, fair between addresses, and serves HTTP/2 and HTTP/1.1 over TLS until told to stop.

mod connection;
mod seats;

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tokio::{net::TcpListener, sync::watch, time::sleep};
use tokio_rustls::TlsAcceptor;

use self::{connection::Connection, seats::Seats};

/// For open requests to end when told to stop; pages that follow the sensor's state are cut then.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until `stop` changes, then drains.
pub async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, router: Router, mut stop: watch::Receiver<bool>) {
    let acceptor = TlsAcceptor::from(tls);
    let seats = Seats::default();
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await; // out of file descriptors: do not spin
                continue;
            }
        };
        let Some(waiting) = seats.waiting(address.ip()) else { continue };
        let connection = Connection { acceptor: acceptor.clone(), router: router.clone(), watcher: graceful.watcher() };
        tokio::spawn(async move {
            if let Some(_seat) = waiting.seat().await {
                connection.serve(stream, address).await;
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}
