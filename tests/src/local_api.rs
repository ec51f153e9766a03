//! The local API without picketctl, for tests that ask thousands of times or send what picketctl would not.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::Value;

/// A connection to the agent, for one request.
#[derive(Debug)]
pub struct LocalApi {
    stream: BufReader<UnixStream>,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl Answered {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.body["code"].as_str()
    }
}

impl LocalApi {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).with_context(|| format!("cannot reach {}", socket.display()))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, with a file or nothing as the body.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Answered> {
        self.send_head(method, path, body.len())?;
        self.stream.get_mut().write_all(body)?;
        self.answer()
    }

    /// Sends the head of a request that promises `size` bytes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send_head(&mut self, method: &str, path: &str, size: usize) -> Result<()> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: agent\r\ncontent-type: application/octet-stream\r\ncontent-length: {size}\r\n\r\n"
        );
        Ok(self.stream.get_mut().write_all(head.as_bytes())?)
    }

    /// Sends a piece of a body; false once the agent does not take any more.
    pub fn send_piece(&mut self, piece: &[u8]) -> bool {
        self.stream.get_mut().write_all(piece).is_ok()
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// When the connection breaks before its end.
    pub fn answer(&mut self) -> Result<Answered> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no HTTP answer")?;
        let mut size = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let field = line.trim_end().to_ascii_lowercase();
            if field.is_empty() {
                break;
            }
            if let Some(value) = field.strip_prefix("content-length:") {
                size = value.trim().parse()?;
            }
        }
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body)?;
        Ok(Answered { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }
}
