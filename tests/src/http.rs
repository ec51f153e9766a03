//! One request and its whole answer over a connection that is kept: HTTP/1.1, with a content length on both sides.

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A connection to a host.
#[derive(Debug)]
pub struct Exchange<S> {
    stream: S,
    host: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Exchange<S> {
    /// Over an open connection.
    pub fn over(stream: S, host: &str) -> Self {
        Self { stream, host: host.to_owned() }
    }

    /// Posts, and reads the whole answer: status and body. `headers` end with a line end each.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is none.
    pub async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\n\r\n", self.host, body.len())
                .into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request).await?;
        self.stream.flush().await?;
        let mut answer = Vec::with_capacity(1024);
        loop {
            if let Some((status, start, size)) = parse_head(&answer)?
                && answer.len() >= start + size
            {
                return Ok((status, answer[start..start + size].to_vec()));
            }
            let read = self.stream.read_buf(&mut answer).await?;
            ensure!(read > 0, "the portal hung up");
        }
    }
}

/// Status, where the body starts, and its size.
fn parse_head(answer: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let size = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("no content-length")?;
    Ok(Some((status, end + 4, size.trim().parse()?)))
}
