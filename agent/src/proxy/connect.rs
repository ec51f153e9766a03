//! HTTP CONNECT (RFC 9110 §9.3.6) over an open connection to the proxy. Dials nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_protocol::refusal::Refusal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Credentials, Proxy, authority};

/// Most bytes of the proxy's answer before the tunnel.
const MAX_ANSWER: usize = 8 * 1024;

/// Has the proxy open a tunnel to `host:port`.
///
/// # Errors
/// [`Refusal::ProxyAuthRequired`] on 407, [`Refusal::ProxyUnreachable`] with the reason otherwise.
pub async fn open(
    stream: &mut TcpStream,
    proxy: &Proxy,
    credentials: Option<&Credentials>,
    host: &str,
    port: u16,
) -> Result<(), Refusal> {
    let broken = |why: String| Refusal::ProxyUnreachable { proxy: proxy.address(), why };
    let target = authority(host, port);
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(Credentials { user, password }) = credentials {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
        request.push_str(&format!("Proxy-Authorization: Basic {pair}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| broken(error.to_string()))?;

    let head = read_head(stream).await.map_err(broken)?;
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(407) => Err(Refusal::ProxyAuthRequired { proxy: proxy.address() }),
        Some(status) => Err(broken(format!("it answered {status} when asked for {target}"))),
        None => Err(broken("it does not answer as an HTTP proxy".into())),
    }
}

/// Reads to the empty line, a byte at a time: what follows belongs to the tunnel.
async fn read_head(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_ANSWER {
            return Err("its answer is too long".into());
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Err("it closed the connection without an answer".into()),
            Err(error) => return Err(error.to_string()),
        }
        // Something that is no HTTP would be waited for until the timeout.
        if head.len() == 5 && head != b"HTTP/" {
            return Err("it does not answer as an HTTP proxy".into());
        }
    }
    Ok(head)
}

/// `HTTP/1.x NNN …`
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = line.split(|byte| *byte == b' ');
    let version = words.next()?;
    if !version.starts_with(b"HTTP/1.") {
        return None;
    }
    let code = words.next().filter(|code| code.len() == 3 && code.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(code).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_status_of_http_1_only() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        assert_eq!(status(b"HTTP/2 200 OK\r\n\r\n"), None);
        assert_eq!(status(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 +20 OK\r\n\r\n"), None);
    }
}
