//! WebDriver (W3C), as far as the lab needs it: one JSON request and its answer over a connection of its own.
//!
//! By hand: the clients on the crate registry are asynchronous, bring a dozen crates, and speak what a page of code does.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A page may take its time; a driver that says nothing for this long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A driver on a loopback port, and its session once there is one.
#[derive(Debug)]
pub(super) struct Driver {
    port: u16,
    session: String,
}

impl Driver {
    /// Opens a session.
    pub(super) fn open(port: u16, capabilities: &Value) -> Result<Self> {
        let driver = Self { port, session: String::new() };
        let answer = driver.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": capabilities } }))?;
        let session = answer["sessionId"].as_str().with_context(|| format!("no session in {answer}"))?.to_owned();
        Ok(Self { session, ..driver })
    }

    /// A command of the session that takes something.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", &format!("/session/{}/{path}", self.session), body)
    }

    /// A command of the session that tells something.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", &format!("/session/{}/{path}", self.session), &Value::Null)
    }

    /// Ends the session, and the browser with it.
    pub(super) fn end(&self) -> Result<()> {
        self.ask("DELETE", &format!("/session/{}", self.session), &Value::Null).map(drop)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).context("the driver does not listen")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let body = body_of(BufReader::new(stream)).with_context(|| format!("no answer to {method} {path}"))?;
        let value = serde_json::from_str::<Value>(&body).with_context(|| body.clone())?["value"].take();
        match value["error"].as_str() {
            Some(error) => bail!("{path}: {error}: {}", first_line(&value["message"])),
            None => Ok(value),
        }
    }
}

/// The driver keeps its connections open: where an answer ends, only its head says.
fn body_of(mut answer: BufReader<TcpStream>) -> Result<String> {
    let (mut line, mut size) = (String::new(), 0);
    loop {
        line.clear();
        answer.read_line(&mut line)?;
        let field = line.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            size = value.trim().parse()?;
        }
    }
    let mut body = vec![0; size];
    answer.read_exact(&mut body)?;
    String::from_utf8(body).context("an answer in UTF-8")
}

/// What follows the first line is the driver's own stack.
fn first_line(message: &Value) -> &str {
    message.as_str().unwrap_or_default().lines().next().unwrap_or_default()
}
