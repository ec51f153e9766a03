//! An HTTPS webhook: one POST per batch of CloudEvents, signed; 2xx acknowledges. Follows no redirection.

use std::time::Duration;

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use picket_protocol::{documents::activation::Secret, time::UnixSeconds};
use tokio::{task::JoinHandle, time::timeout};

use super::{Failure, Part, connect};
use crate::sharing::{
    cloudevents::{self, MEDIA_BATCH},
    destination::{Kind, Target},
    signature,
};

/// From the request to the head of the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The way to a webhook.
#[derive(Debug)]
pub struct Link {
    target: Target,
    connection: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link {
    pub(super) const fn new(target: Target) -> Self {
        Self { target, connection: None }
    }

    pub(super) async fn send(&mut self, parts: &[Part], now: UnixSeconds) -> Result<(), Failure> {
        let Kind::Webhook { path, key } = &self.target.kind else {
            return Err(Failure::new("request", "the destination is no webhook"));
        };
        let body = cloudevents::batch(parts.iter().map(|part| part.text.as_str()));
        let request = request(&self.target.authority(), path, key, body, now)?;
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.sender.is_closed() => connection,
            _ => open(&self.target).await?,
        };
        let answer = match timeout(ANSWER_TIMEOUT, connection.ask(request)).await {
            Ok(answered) => answered.map_err(|error| Failure::new("request", error))?,
            Err(_) => return Err(Failure::timeout("answer", ANSWER_TIMEOUT)),
        };
        // The body of the answer means nothing to us: with one, the connection is not used again.
        if hyper::body::Body::is_end_stream(answer.body()) {
            self.connection = Some(connection);
        }
        judge(&answer)
    }
}

impl Connection {
    async fn ask(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }
}

async fn open(target: &Target) -> Result<Connection, Failure> {
    let stream = connect(target).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| Failure::new("connect", error))?;
    Ok(Connection { sender, driver: tokio::spawn(connection) })
}

fn request(
    host: &str,
    path: &str,
    key: &Secret,
    body: String,
    now: UnixSeconds,
) -> Result<Request<Full<Bytes>>, Failure> {
    Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, MEDIA_BATCH)
        .header(USER_AGENT, concat!("picket-portal/", env!("CARGO_PKG_VERSION")))
        .header(signature::HEADER, signature::sign(key, now, &body))
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Failure::new("request", error))
}

fn judge(answer: &Response<Incoming>) -> Result<(), Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Err(Failure {
        minds_content: minds_content(status),
        retry_after: seconds.map(Duration::from_secs),
        ..Failure::new("answer", status)
    })
}

/// Statuses that may be about what was sent: too much of it, not understood, or a firewall that takes an attack told of
/// for an attack made.
const fn minds_content(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 403 | 406 | 413 | 415 | 422)
}
