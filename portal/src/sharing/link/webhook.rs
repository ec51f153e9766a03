//! An HTTPS webhook: one POST per batch of CloudEvents, signed; 2xx acknowledges. Follows no redirection.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use picket_protocol::time::UnixSeconds;
use tokio::{task::JoinHandle, time::timeout};

use super::{Failure, Part, connect};
use crate::sharing::{
    cloudevents::{self, MEDIA_BATCH},
    destination::{Kind, Target},
    signature,
};

/// From the request to the head of the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// From there to its end.
const REST_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read to keep the connection.
const MAX_ANSWER: usize = 64 * 1024;

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
        let body = Bytes::from(cloudevents::batch(parts.iter().map(|part| part.text.as_str())));
        let signature = signature::sign(key, now, &body);
        let request = || request(&self.target.authority(), path, &signature, body.clone());
        let standing = self.connection.take().filter(|connection| !connection.sender.is_closed());
        let (connection, answer) = match standing {
            Some(connection) => match connection.ask(request()?).await {
                Ok(answered) => answered,
                // It may have been closed as we asked, which is no failure.
                Err(_) => open(&self.target).await?.ask(request()?).await?,
            },
            None => open(&self.target).await?.ask(request()?).await?,
        };
        let judged = judge(&answer);
        self.connection = connection.after(answer).await;
        judged
    }
}

impl Connection {
    /// The head of the answer, and the connection that it came on.
    async fn ask(mut self, request: Request<Full<Bytes>>) -> Result<(Self, Response<Incoming>), Failure> {
        let asked = timeout(ANSWER_TIMEOUT, async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        });
        match asked.await {
            Ok(answered) => Ok((self, answered.map_err(|error| Failure::new("request", error))?)),
            Err(_) => Err(Failure::timeout("answer", ANSWER_TIMEOUT)),
        }
    }

    /// The connection once the answer was read to its end, if that comes soon. What it says means nothing to us.
    async fn after(self, answer: Response<Incoming>) -> Option<Self> {
        let read = timeout(REST_TIMEOUT, Limited::new(answer.into_body(), MAX_ANSWER).collect()).await;
        matches!(read, Ok(Ok(_))).then_some(self)
    }
}

async fn open(target: &Target) -> Result<Connection, Failure> {
    let stream = connect(target).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| Failure::new("connect", error))?;
    Ok(Connection { sender, driver: tokio::spawn(connection) })
}

fn request(host: &str, path: &str, signature: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Failure> {
    Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, MEDIA_BATCH)
        .header(USER_AGENT, concat!("picket-portal/", env!("CARGO_PKG_VERSION")))
        .header(signature::HEADER, signature)
        .body(Full::new(body))
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
