//! Asks the running server's people API.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use picket_protocol::refusal::Problem;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::data::DataFolder;

/// Most bytes of an answer: a list of 100,000 sensors.
const MAX_ANSWER: usize = 256 << 20;

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
}

impl Api {
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.json(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.json(Method::POST, path, Some(body)).await
    }

    pub(super) async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (_, body) = self.ask(method, path, body).await?;
        serde_json::from_slice(&body).context("the server's answer is not JSON")
    }

    /// One request; a refusal is an error that says what to do.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(hyper::http::response::Parts, Bytes)> {
        let (address, token) = self.address_and_token()?;
        let stream = TcpStream::connect(&address).await.with_context(|| format!("reach the server at {address}"))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &address)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.map(Value::to_string).unwrap_or_default())))?;
        let response: Response<Incoming> = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        drop(sender);
        connection.await??;
        if parts.status.is_success() { Ok((parts, body)) } else { bail!(refusal(&body, parts.status.as_u16())) }
    }

    fn address_and_token(&self) -> anyhow::Result<(String, String)> {
        let folder = self.data.clone().map(DataFolder::new);
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()));
            text.map(|text| text.trim().to_owned())
        };
        let token_file = self.token_file.clone().or_else(|| folder.as_ref().map(DataFolder::api_token));
        let token = read(token_file.context("give --data or --token-file")?)?;
        let address = match (&self.api, &folder) {
            (Some(url), _) => {
                let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
                address.with_context(|| format!("{url}: expected http://ADDRESS:PORT"))?
            }
            (None, Some(folder)) => read(folder.people_address()).context("is the server running?")?,
            (None, None) => bail!("give --data or --api"),
        };
        ensure!(!token.is_empty(), "the token file is empty");
        Ok((address, token))
    }
}

fn refusal(body: &[u8], status: u16) -> String {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else { return format!("the server answered {status}") };
    let next: String = problem.next.iter().map(|step| format!("\n  - {step}")).collect();
    format!("{} [{}]{next}", problem.detail, problem.code)
}
