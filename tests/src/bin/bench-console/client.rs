//! A browser's part of HTTP/1.1 over TLS 1.3: one kept connection, a cookie, and every byte counted that goes either way.

use std::{
    cell::Cell,
    fmt::Write as _,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};

use crate::stage::Stage;

/// What Chromium sends with every request, within a few bytes.
const ALWAYS: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
     accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
     accept-encoding: gzip, deflate, br, zstd\r\naccept-language: en-GB,en;q=0.9\r\n";

pub(crate) struct Client {
    stream: StreamOwned<ClientConnection, Counted>,
    bytes: Rc<Cell<usize>>,
    host: String,
    cookie: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    /// Connects, and believes only the certificate that the console made for itself.
    pub(crate) fn open(stage: &Stage) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(stage.console.certificate())?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, stage.console.port()))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let bytes = Rc::new(Cell::new(0));
        let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let stream = StreamOwned::new(connection, Counted { stream, bytes: Rc::clone(&bytes) });
        Ok(Self { stream, bytes, host: format!("127.0.0.1:{}", stage.console.port()), cookie: None })
    }

    /// Bytes of TCP's payload so far, both ways: the handshake, TLS records, HTTP heads and bodies.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Answer> {
        let head = self.head("GET", path);
        self.exchange(&format!("{head}\r\n"))
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
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
            ensure!(count > 0, "the console hung up");
            bytes.extend_from_slice(&buffer[..count]);
        }
    }
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
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
