//! One HTTP/1.1 request and its bounded answer over a dialled connection. No redirect is followed, nothing retried.

use std::{error::Error as _, future::Future, pin::Pin, time::Duration};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::HeaderMap,
};
use hyper_util::rt::TokioIo;
use picket_protocol::{endpoint_url::EndpointUrl, refusal::Refusal, time::UnixSeconds};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::client::TlsStream;

use super::{dial::timed_out, tls};
use crate::proxy::authority;

/// From sending the request to the last byte of the answer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer's head.
const MAX_HEAD: usize = 16 * 1024;

/// A connection that takes requests. Driven only while a request is under way: idle, it costs no wake-up.
pub struct Line {
    target: EndpointUrl,
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    server_not_after: Option<UnixSeconds>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({})", authority(&self.target.host, self.target.port))
    }
}

/// An answer, read in full.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The head.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct NoAnswer {
    /// Why.
    pub refusal: Refusal,
    /// Whether not a byte of an answer came, as when the other end closed an idle connection.
    pub nothing_came: bool,
}

impl Line {
    /// Speaks HTTP/1.1 over the connection.
    ///
    /// # Errors
    /// [`Refusal::Unreachable`] when it broke already.
    pub async fn open(stream: TlsStream<TcpStream>, target: &EndpointUrl) -> Result<Self, Refusal> {
        let certificates = stream.get_ref().1.peer_certificates();
        let server_not_after = certificates.and_then(<[_]>::first).and_then(|der| tls::not_after(der));
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(target, &error))?;
        // How it ends shows in the request that is under way.
        let driver = Box::pin(async { drop(connection.await) });
        Ok(Self { target: target.clone(), sender, driver: Some(driver), server_not_after })
    }

    /// Until when the server's certificate holds.
    #[must_use]
    pub const fn server_not_after(&self) -> Option<UnixSeconds> {
        self.server_not_after
    }

    /// Whether another request may be sent.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }

    /// Sends a request and reads the answer, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`Refusal::Timeout`], [`Refusal::Unreachable`], [`Refusal::TlsFailed`] or [`Refusal::BadAnswer`].
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>, limit: usize) -> Result<Answer, NoAnswer> {
        self.exchange_within(request, limit, ANSWER_TIMEOUT).await
    }

    /// The same, for a request that takes its time to get there.
    ///
    /// # Errors
    /// As [`Self::exchange`].
    pub async fn exchange_within(
        &mut self,
        request: Request<Full<Bytes>>,
        limit: usize,
        patience: Duration,
    ) -> Result<Answer, NoAnswer> {
        let target = self.target.clone();
        let answer = async {
            let nothing =
                |error: hyper::Error| NoAnswer { nothing_came: !is_parse(&error), refusal: broken(&target, &error) };
            self.sender.ready().await.map_err(nothing)?;
            let answer = self.sender.send_request(request).await.map_err(nothing)?;
            read(answer, limit, &target).await.map_err(|refusal| NoAnswer { refusal, nothing_came: false })
        };
        let Some(driver) = &mut self.driver else {
            let refusal = Refusal::Unreachable {
                address: authority(&target.host, target.port),
                why: "the connection was closed".into(),
            };
            return Err(NoAnswer { refusal, nothing_came: true });
        };
        let driven = async {
            tokio::pin!(answer);
            tokio::select! {
                biased;
                answer = &mut answer => (answer, false),
                // All that came before the end is there to be read.
                () = driver => (answer.await, true),
            }
        };
        match timeout(patience, driven).await {
            Ok((answer, ended)) => {
                if ended || answer.is_err() {
                    self.driver = None;
                }
                answer
            }
            Err(_) => {
                self.driver = None;
                Err(NoAnswer {
                    refusal: timed_out(&authority(&self.target.host, self.target.port), patience),
                    nothing_came: false,
                })
            }
        }
    }
}

async fn read(answer: Response<Incoming>, limit: usize, target: &EndpointUrl) -> Result<Answer, Refusal> {
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.downcast_ref::<LengthLimitError>().is_some() {
            return Refusal::BadAnswer { host: target.host.clone(), why: format!("it is longer than {limit} bytes") };
        }
        match error.downcast_ref::<hyper::Error>() {
            Some(error) => broken(target, error),
            None => Refusal::Unreachable { address: authority(&target.host, target.port), why: error.to_string() },
        }
    })?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes().into() })
}

fn is_parse(error: &hyper::Error) -> bool {
    error.is_parse() || error.is_parse_status() || error.is_parse_too_large()
}

fn broken(target: &EndpointUrl, error: &hyper::Error) -> Refusal {
    if is_parse(error) {
        return Refusal::BadAnswer { host: target.host.clone(), why: error.to_string() };
    }
    // After a TLS 1.3 handshake, the server's verdict on our certificate comes with the first answer.
    let inner = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    if let Some(alert) = inner.and_then(|inner| inner.get_ref()?.downcast_ref::<rustls::Error>()) {
        return Refusal::TlsFailed { host: target.host.clone(), why: alert.to_string() };
    }
    let why = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    Refusal::Unreachable { address: authority(&target.host, target.port), why }
}
