//! One HTTP/1.1 exchange with the agent over its Unix socket. Holds no state and retries nothing.

use std::{io, path::PathBuf};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
};
use hyper_util::rt::TokioIo;
use picket_protocol::{local_api::routes, refusal::Problem};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, runtime::Runtime};

use super::failure::Failure;

/// The agent, as picketctl sees it.
pub(super) struct Client {
    socket: PathBuf,
    runtime: Runtime,
}

/// An answer of the agent that is no refusal.
pub(super) struct Answer {
    pub(super) body: Bytes,
}

impl Answer {
    /// The answer as a value.
    pub(super) fn value<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(Failure::NotUnderstood)
    }
}

impl Client {
    pub(super) fn new(socket: PathBuf) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::Local(format!("no event loop: {error}")))?;
        Ok(Self { socket, runtime })
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.exchange(Method::GET, path, None, Bytes::new())
    }

    pub(super) fn post(&self, path: &str) -> Result<Answer, Failure> {
        self.exchange(Method::POST, path, None, Bytes::new())
    }

    pub(super) fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.exchange(Method::DELETE, path, None, Bytes::new())
    }

    pub(super) fn post_file(&self, path: &str, file: Vec<u8>) -> Result<Answer, Failure> {
        self.exchange(Method::POST, path, Some("application/octet-stream"), file.into())
    }

    pub(super) fn post_json(&self, path: &str, value: &impl Serialize) -> Result<Answer, Failure> {
        self.send_json(Method::POST, path, value)
    }

    pub(super) fn put_json(&self, path: &str, value: &impl Serialize) -> Result<Answer, Failure> {
        self.send_json(Method::PUT, path, value)
    }

    fn send_json(&self, method: Method, path: &str, value: &impl Serialize) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(value).map_err(|error| Failure::Local(error.to_string()))?;
        self.exchange(method, path, Some("application/json"), body.into())
    }

    fn exchange(&self, method: Method, path: &str, media: Option<&str>, body: Bytes) -> Result<Answer, Failure> {
        self.runtime.block_on(async {
            let answer = self.send(method, path, media, body).await?;
            let body = answer.into_body().collect().await.map_err(Failure::BrokenOff)?.to_bytes();
            Ok(Answer { body })
        })
    }

    /// Posts to the check and hands on each line as it arrives.
    pub(super) fn check(&self, on_line: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        self.each_line(Method::POST, routes::CHECK, on_line)
    }

    /// Gets an answer in lines and hands on each as it arrives.
    pub(super) fn lines(&self, path: &str, on_line: impl FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        self.each_line(Method::GET, path, on_line)
    }

    fn each_line(
        &self,
        method: Method,
        path: &str,
        mut on_line: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.runtime.block_on(async {
            let mut body = self.send(method, path, None, Bytes::new()).await?.into_body();
            let mut pending = Vec::new();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(Failure::BrokenOff)?.into_data() else { continue };
                pending.extend_from_slice(&data);
                while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    on_line(line.trim_ascii())?;
                }
            }
            Ok(())
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        media: Option<&str>,
        body: Bytes,
    ) -> Result<Response<Incoming>, Failure> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Failure::BrokenOff)?;
        // Ends with the exchange: the sender is dropped, or the peer closes. Its error shows on the exchange, too.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "picket-agent");
        if let Some(media) = media {
            request = request.header(CONTENT_TYPE, media);
        }
        let request = request.body(Full::new(body)).map_err(|error| Failure::Local(error.to_string()))?;
        let answer = sender.send_request(request).await.map_err(Failure::BrokenOff)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let body = answer.into_body().collect().await.map_err(Failure::BrokenOff)?.to_bytes();
        let problem: Problem = serde_json::from_slice(&body).map_err(Failure::NotUnderstood)?;
        Err(Failure::Refused(Box::new(problem)))
    }

    fn unreachable(&self, source: io::Error) -> Failure {
        Failure::Unreachable { socket: self.socket.clone(), source }
    }
}
