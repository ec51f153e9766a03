//! One connection: handshake, then requests, each step within bounds of time and size.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::Watcher},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::from::From;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// For the head of a request, and between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of request line and headers.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// Requests at once on an HTTP/2 connection.
const MAX_STREAMS: u32 = 32;
/// What one HTTP/2 connection may have under way to us.
const WINDOW: u32 = 256 * 1024;
/// A peer that is gone is noticed within both.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// No connection lives longer: a browser opens another without anybody noticing.
const LIFE: Duration = Duration::from_secs(3600);

pub(super) struct Connection {
    pub(super) acceptor: TlsAcceptor,
    pub(super) router: Router,
    pub(super) watcher: Watcher,
}

impl Connection {
    pub(super) async fn serve(self, stream: TcpStream, address: SocketAddr) {
        let _ = stream.set_nodelay(true); // answers are one small write
        let stream = match timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%address, %error, "handshake failed"),
            Err(_) => return tracing::debug!(%address, "handshake took too long"),
        };
        let router = self.router;
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(From(address.ip()));
            router.clone().oneshot(request)
        });
        let builder = builder();
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Ok(Err(error)) = timeout(LIFE, self.watcher.watch(connection)).await {
            tracing::debug!(%address, %error, "connection ended");
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW / 2)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
