//! The agent as the console sees it: one HTTP exchange over its Unix socket, bounded in time and size.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes};
use hyper_util::rt::TokioIo;
use picket_protocol::local_api::{Status, routes};
use tokio::net::UnixStream;

/// For a whole exchange.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const MAX_ANSWER: usize = 256 * 1024;

/// Why the agent did not say how it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// Nobody listens, or the console may not connect.
    #[error("the agent cannot be reached at {socket}: {source}")]
    Unreachable { socket: PathBuf, source: io::Error },
    /// It took too long.
    #[error("the agent did not answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    /// The exchange broke off.
    #[error("the agent's answer broke off")]
    BrokenOff,
    /// It answered with an error.
    #[error("the agent answered with status {0}")]
    Refused(StatusCode),
    /// Agent and console are of different versions.
    #[error("the agent's answer could not be understood: {0}")]
    NotUnderstood(serde_json::Error),
}

/// The agent behind a socket.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    socket: Arc<PathBuf>,
}

impl Agent {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket: Arc::new(socket) }
    }

    /// How the sensor is.
    pub(crate) async fn status(&self) -> Result<Status, NoAnswer> {
        let body = tokio::time::timeout(TIMEOUT, self.exchange(routes::STATUS)).await;
        let body = body.map_err(|_| NoAnswer::Timeout)??;
        serde_json::from_slice(&body).map_err(NoAnswer::NotUnderstood)
    }

    async fn exchange(&self, path: &str) -> Result<Bytes, NoAnswer> {
        let stream = UnixStream::connect(self.socket.as_path())
            .await
            .map_err(|source| NoAnswer::Unreachable { socket: self.socket.to_path_buf(), source })?;
        let broken = |_| NoAnswer::BrokenOff;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Ends with the exchange: the agent serves one request a connection.
        tokio::spawn(connection);
        let request = Request::get(path).header("host", "picket-agent").body(Empty::<Bytes>::new());
        let answer = sender.send_request(request.map_err(|_| NoAnswer::BrokenOff)?).await.map_err(broken)?;
        if !answer.status().is_success() {
            return Err(NoAnswer::Refused(answer.status()));
        }
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        Ok(body.map_err(|_| NoAnswer::BrokenOff)?.to_bytes())
    }
}
