//! Takes connections: so many at once, each of one request, each bounded in time. Puts the caller's uid on the request.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use nix::unistd::Uid;
use picket_lifecycle::audit::Actor;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use super::{LocalApi, routes};

/// Connections at once; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 64;
/// For the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// For everything else; a check of three dead endpoints takes the longest.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);
/// For requests that are being answered when the agent stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// Largest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// The caller, as the kernel vouches for it.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) uid: Uid,
    /// For whom it asks, where it is believed.
    pub(super) person: Option<Arc<str>>,
}

impl Caller {
    /// The caller as the audit names it.
    pub(super) fn actor(&self) -> Actor {
        Actor::Caller { uid: self.uid.as_raw(), person: self.person.as_deref().map(str::to_owned) }
    }
}

/// Serves until `stop`, then lets running requests end for a moment.
pub async fn serve(listener: UnixListener, api: LocalApi, stop: impl Future<Output = ()>) {
    let api = Arc::new(api);
    let router = routes::router(Arc::clone(&api));
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &permits) => {
                let Some((stream, permit)) = accepted else { continue };
                connections.spawn(connection(stream, permit, router.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    api.stopping.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(STOP_TIMEOUT, ended).await;
    // Whatever is left lets go of what it holds before the rest stops.
    connections.shutdown().await;
}

async fn accept(listener: &UnixListener, permits: &Arc<Semaphore>) -> Option<(UnixStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            // Out of descriptors, most likely: trying again at once would only burn the processor.
            tracing::warn!(%error, "a connection to the local API could not be taken");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection(stream: UnixStream, _permit: OwnedSemaphorePermit, router: Router) {
    let caller = match stream.peer_cred() {
        Ok(credentials) => Caller { uid: Uid::from_raw(credentials.uid()), person: None },
        Err(error) => return tracing::warn!(%error, "a caller of the local API has no credentials"),
    };
    let uid = caller.uid;
    let service = TowerToHyperService::new(router.layer(Extension(caller)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, %uid, "a connection to the local API broke"),
        Err(_) => tracing::debug!(%uid, "a connection to the local API took too long"),
    }
}
