//! A browser's part of HTTP/1.1 over TLS 1.3: one kept connection, a cookie, and every byte counted that goes either way.

use std::{
    cell::Cell,
    fmt::Write as _,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};

/// What Chromium sends with every request, within a few bytes.
const ALWAYS: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
     accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
     accept-encoding: gzip, deflate, br, zstd\r\naccept-language: en-GB,en;q=0.9\r\n";

/// A browser, as a server sees it.
#[expect(missing_debug_implementations, reason = "a TLS connection has none")]
pub struct Visitor {
    stream: StreamOwned<ClientConnection, Counted>,
    bytes: Rc<Cell<usize>>,
    host: String,
    cookie: Option<String>,
}

/// What it got.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Status line and fields.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Visitor {
    /// Connects, and believes only this certificate.
    ///
    /// # Errors
    /// When it cannot be read, or nobody listens.
    pub fn open(certificate: &Path, address: SocketAddr) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate)?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let bytes = Rc::new(Cell::new(0));
        let connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip()))?;
        let stream = StreamOwned::new(connection, Counted { stream, bytes: Rc::clone(&bytes) });
        Ok(Self { stream, bytes, host: address.to_string(), cookie: None })
    }

    /// Bytes of TCP's payload so far, both ways: the handshake, TLS records, HTTP heads and bodies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Asks for a page.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.get_with(path, "")
    }

    /// Asks with more fields, each ended by CR LF.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn get_with(&mut self, path: &str, fields: &str) -> Result<Answer> {
        let head = self.head("GET", path);
        self.exchange(&format!("{head}{fields}\r\n"))
    }

    /// Sends a form. Names and values stand in it as they are given.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (body, mut head) = (body.join("&"), self.head("POST", path));
        write!(head, "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n", body.len())?;
        self.exchange(&format!("{head}\r\n{body}"))
    }

    fn head(&self, method: &str, path: &str) -> String {
        let cookie = self.cookie.as_ref().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{ALWAYS}{cookie}", self.host)
    }

    fn exchange(&mut self, request: &str) -> Result<Answer> {
        self.stream.write_all(request.as_bytes())?;
        self.stream.flush()?;
        let answer = self.read().with_context(|| request.lines().next().unwrap_or_default().to_owned())?;
        if let Some(cookie) = answer.field("set-cookie") {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Ok(answer)
    }

    fn read(&mut self) -> Result<Answer> {
        let mut bytes = Vec::with_capacity(64 * 1024);
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(bytes[..end].to_vec())?;
                let status = head.split(' ').nth(1).context("no status")?.parse()?;
                let mut answer = Answer { status, head, body: String::new() };
                let length: usize = answer.field("content-length").context("no content-length")?.parse()?;
                if bytes.len() >= end + 4 + length {
                    answer.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
                    return Ok(answer);
                }
            }
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "the server hung up");
            bytes.extend_from_slice(&buffer[..count]);
        }
    }
}

impl Answer {
    /// A field of the head.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A stream whose bytes are counted.
struct Counted {
    stream: TcpStream,
    bytes: Rc<Cell<usize>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.bytes.set(self.bytes.get() + count);
        Ok(count)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.bytes.set(self.bytes.get() + count);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}
