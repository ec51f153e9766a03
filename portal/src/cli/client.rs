//! Asks the running server's people API.

use std::{io, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
    http::response::Parts,
};
use hyper_util::rt::TokioIo;
use picket_protocol::refusal::Problem;
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};

use super::failure::Failure;
use crate::data::DataFolder;

/// Most bytes of an answer: a list of 100,000 sensors.
const MAX_ANSWER: usize = 256 << 20;
/// After which the server is taken for stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which server to ask, and as whom.
#[derive(Debug, Args)]
pub(super) struct Api {
    /// The data folder of a server that runs on this machine.
    #[arg(long, required_unless_present = "api")]
    data: Option<PathBuf>,
    /// Its people's API: `http://ADDRESS:PORT`.
    #[arg(long, requires = "token_file")]
    api: Option<String>,
    /// A file with an API token.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// As JSON: what the server answered; a refusal as its problem (RFC 9457).
    #[arg(long)]
    pub(super) json: bool,
}

impl Api {
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask_json(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask_json(Method::POST, path, Some(body)).await
    }

    pub(super) async fn ask_json(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (_, body) = self.ask(method, path, body).await?;
        serde_json::from_slice(&body).context("the server's answer is not JSON")
    }

    /// One request; a refusal is an error that says what to do.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<(Parts, Bytes)> {
        let (address, token) = self.address_and_token()?;
        let (parts, body) = match timeout(PATIENCE, exchange(&address, &token, method, path, body)).await {
            Ok(answered) => answered?,
            Err(_) => return Err(Failure::Silent { address, after: PATIENCE }.into()),
        };
        if parts.status.is_success() { Ok((parts, body)) } else { Err(self.refusal(&body, parts.status.as_u16())) }
    }

    /// A `GET` whose answer is written as it comes, however long it is.
    pub(super) async fn stream(&self, path: &str, out: &mut impl io::Write) -> anyhow::Result<()> {
        let (address, token) = self.address_and_token()?;
        let silent = || Failure::Silent { address: address.clone(), after: PATIENCE };
        let opened = timeout(PATIENCE, open(&address, &token, Method::GET, path, None));
        let (response, _connection) = opened.await.map_err(|_| silent())??;
        let (parts, mut body) = response.into_parts();
        if !parts.status.is_success() {
            let body = timeout(PATIENCE, collect(body)).await.map_err(|_| silent())??;
            return Err(self.refusal(&body, parts.status.as_u16()));
        }
        while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(|_| silent())? {
            if let Ok(data) = frame.map_err(Failure::BrokenOff)?.into_data() {
                out.write_all(&data).context("write the answer")?;
            }
        }
        out.flush().context("write the answer")
    }

    fn refusal(&self, body: &[u8], status: u16) -> anyhow::Error {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => Failure::Refused { problem: Box::new(problem), as_json: self.json }.into(),
            Err(_) => anyhow::anyhow!("the server answered {status}; is it a picket-portal?"),
        }
    }

    fn address_and_token(&self) -> anyhow::Result<(String, String)> {
        let folder = self.data.clone().map(DataFolder::new);
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()));
            text.map(|text| text.trim().to_owned())
        };
        let token_file = self.token_file.clone().or_else(|| folder.as_ref().map(DataFolder::api_token));
        let token = read(token_file.context("give --data or --token-file")?)?;
        let address = match &self.api {
            Some(url) => {
                let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
                address.with_context(|| format!("{url}: expected http://ADDRESS:PORT"))?
            }
            None => listening_on(&folder.context("give --data or --api")?)?,
        };
        ensure!(!token.is_empty(), "the token file is empty");
        Ok((address, token))
    }
}

async fn exchange(
    address: &str,
    token: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<(Parts, Bytes)> {
    let (response, connection) = open(address, token, method, path, body).await?;
    let (parts, body) = response.into_parts();
    let body = collect(body).await?;
    connection.await??;
    Ok((parts, body))
}

/// A request's answer up to its body, and the connection that the body comes over.
async fn open(
    address: &str,
    token: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>)> {
    let unreachable = |source| Failure::Unreachable { address: address.to_owned(), source };
    let stream = TcpStream::connect(address).await.map_err(unreachable)?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(Failure::BrokenOff)?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, address)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.map(Value::to_string).unwrap_or_default())))?;
    Ok((sender.send_request(request).await.map_err(Failure::BrokenOff)?, connection))
}

async fn collect(body: Incoming) -> anyhow::Result<Bytes> {
    Ok(Limited::new(body, MAX_ANSWER).collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes())
}

/// Where the server that runs on a data folder listens.
fn listening_on(folder: &DataFolder) -> anyhow::Result<String> {
    let path = folder.people_address();
    match std::fs::read_to_string(&path) {
        Ok(address) => Ok(address.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::NotRunning { folder: folder.path().display().to_string() }.into())
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
