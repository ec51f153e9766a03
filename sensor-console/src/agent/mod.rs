//! The agent as the console sees it: one HTTP exchange over its Unix socket, bounded in time and size.
//!
//! Keeps nothing and retries nothing. Whether a person may ask is decided before; whether the console may, by the agent.

mod failure;

use std::{path::PathBuf, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
};
use hyper_util::rt::TokioIo;
use picket_protocol::local_api::{PeopleRecord, Status, routes};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, time::timeout};

pub use failure::NoAnswer;

use crate::accounts::PersonName;

/// For a whole exchange, the agent's commit to a slow disk included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer: a page of alerts.
const MAX_ANSWER: usize = 6 * 1024 * 1024;
/// Names the person for the agent's audit.
const PERSON: &str = "picket-person";

/// The agent behind a socket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Agent {
    socket: Arc<PathBuf>,
}

/// The agent, asked on behalf of a person, whom its audit names.
#[derive(Debug, Clone)]
pub struct AgentFor<'a> {
    agent: &'a Agent,
    person: &'a PersonName,
}

impl Agent {
    /// Behind this socket.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket: Arc::new(socket) }
    }

    /// For what is asked by a person.
    #[must_use]
    pub const fn by<'a>(&'a self, person: &'a PersonName) -> AgentFor<'a> {
        AgentFor { agent: self, person }
    }

    /// How the sensor is.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn status(&self) -> Result<Status, NoAnswer> {
        self.get(routes::STATUS).await
    }

    /// A value that the agent answers to a `GET`.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, NoAnswer> {
        read(&self.exchange(Method::GET, path, None, Content::none()).await?)
    }

    /// A value that the agent answers to a file: verified or previewed, nothing is changed.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask_about<T: DeserializeOwned>(&self, path: &str, file: Bytes) -> Result<T, NoAnswer> {
        read(&self.exchange(Method::POST, path, None, Content::file(file)).await?)
    }

    /// Posts a JSON value before anybody has signed in.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post_unnamed(&self, path: &str, value: &impl Serialize) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::POST, path, None, Content::json(value)?).await
    }

    /// Records what a person did here, or what was refused to nobody known. It is durable when this returns.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn record(&self, by: Option<&PersonName>, record: &PeopleRecord) -> Result<(), NoAnswer> {
        self.exchange(Method::POST, routes::AUDIT_PEOPLE, by, Content::json(record)?).await.map(|_| ())
    }

    /// Posts a file before anybody has signed in.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post_file_unnamed(&self, path: &str, file: Bytes) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::POST, path, None, Content::file(file)).await
    }

    /// The body of an answer as it comes, for what has no end (`…/follow`) or no bound (`…/export`).
    ///
    /// # Errors
    /// [`NoAnswer`] up to the head of the answer.
    pub async fn stream(&self, path: &str) -> Result<Incoming, NoAnswer> {
        let answer = timeout(TIMEOUT, self.send(Method::GET, path, None, Content::none())).await;
        Ok(answer.map_err(|_| NoAnswer::Timeout)??.into_body())
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        person: Option<&PersonName>,
        content: Content,
    ) -> Result<Bytes, NoAnswer> {
        let exchange = async {
            let answer = self.send(method, path, person, content).await?;
            collect(answer).await
        };
        timeout(TIMEOUT, exchange).await.map_err(|_| NoAnswer::Timeout)?
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        person: Option<&PersonName>,
        content: Content,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let stream = UnixStream::connect(self.socket.as_path())
            .await
            .map_err(|source| NoAnswer::Unreachable { socket: self.socket.to_path_buf(), source })?;
        let broken = |_| NoAnswer::BrokenOff;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Ends with the exchange: the agent serves one request a connection.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "picket-agent");
        if let Some(media) = content.media {
            request = request.header(CONTENT_TYPE, media);
        }
        if let Some(person) = person {
            request = request.header(PERSON, person.as_str());
        }
        let request = request.body(Full::new(content.bytes)).map_err(|_| NoAnswer::BrokenOff)?;
        let answer = sender.send_request(request).await.map_err(broken)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = collect(answer).await?;
        Err(serde_json::from_slice(&body)
            .map_or(NoAnswer::Unexplained(status), |problem| NoAnswer::Refused(Box::new(problem))))
    }
}

impl AgentFor<'_> {
    /// Posts without a body.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post(&self, path: &str) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::POST, path, Content::none()).await
    }

    /// Posts a file.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post_file<T: DeserializeOwned>(&self, path: &str, file: Bytes) -> Result<T, NoAnswer> {
        read(&self.exchange(Method::POST, path, Content::file(file)).await?)
    }

    /// Posts a JSON value.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn post_json(&self, path: &str, value: &impl Serialize) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::POST, path, Content::json(value)?).await
    }

    /// Puts a JSON value.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn put_json(&self, path: &str, value: &impl Serialize) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::PUT, path, Content::json(value)?).await
    }

    /// Deletes.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn delete(&self, path: &str) -> Result<Bytes, NoAnswer> {
        self.exchange(Method::DELETE, path, Content::none()).await
    }

    /// The lines of an answer to a `POST` as they come.
    ///
    /// # Errors
    /// [`NoAnswer`] up to the head of the answer.
    pub async fn post_for_lines(&self, path: &str) -> Result<Incoming, NoAnswer> {
        let answer = timeout(TIMEOUT, self.agent.send(Method::POST, path, Some(self.person), Content::none())).await;
        Ok(answer.map_err(|_| NoAnswer::Timeout)??.into_body())
    }

    async fn exchange(&self, method: Method, path: &str, content: Content) -> Result<Bytes, NoAnswer> {
        self.agent.exchange(method, path, Some(self.person), content).await
    }
}

/// The body of a request.
struct Content {
    media: Option<&'static str>,
    bytes: Bytes,
}

impl Content {
    const fn none() -> Self {
        Self { media: None, bytes: Bytes::new() }
    }

    const fn file(bytes: Bytes) -> Self {
        Self { media: Some("application/octet-stream"), bytes }
    }

    fn json(value: &impl Serialize) -> Result<Self, NoAnswer> {
        let bytes = serde_json::to_vec(value).map_err(NoAnswer::NotUnderstood)?;
        Ok(Self { media: Some("application/json"), bytes: bytes.into() })
    }
}

async fn collect(answer: Response<Incoming>) -> Result<Bytes, NoAnswer> {
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    Ok(body.map_err(|_| NoAnswer::BrokenOff)?.to_bytes())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NoAnswer> {
    serde_json::from_slice(body).map_err(NoAnswer::NotUnderstood)
}
