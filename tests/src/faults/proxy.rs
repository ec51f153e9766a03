//! A proxy as a sensor meets it in a plant: HTTP CONNECT or SOCKS5, with or without a password, honest or not.

use std::{
    io::{Read, Write, copy},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Authority;

/// Bytes of a TCP segment, where tunnels leave less room than Ethernet has.
const PACKET: usize = 1200;

/// Whether the proxy wants a password.
#[derive(Debug, Clone)]
pub enum Login {
    /// It lets everybody through.
    None,
    /// It wants this user and password.
    Basic(&'static str, &'static str),
}

/// What it does with a connection that it lets through.
#[derive(Debug, Clone)]
pub enum Trick {
    /// Passes on what comes.
    None,
    /// Shows a certificate of its own for the host asked for, as a firewall that inspects TLS does.
    Intercept(Arc<Authority>),
    /// Cuts the connection instead of passing on answers longer than a handshake's, for the first so many connections.
    LoseAnswers(Arc<AtomicUsize>),
    /// Loses TLS greetings that are longer than a packet, as some firewalls do with post-quantum ones.
    LoseLargeGreetings,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    passed: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts an HTTP proxy.
    ///
    /// # Errors
    /// When there is no port.
    pub fn http(login: Login, trick: Trick) -> Result<Self> {
        Self::start(move |connection, passed| http(connection, &login, &trick, passed))
    }

    /// Starts a SOCKS5 proxy without a password.
    ///
    /// # Errors
    /// When there is no port.
    pub fn socks() -> Result<Self> {
        Self::start(socks)
    }

    fn start(serve: impl Fn(TcpStream, &AtomicUsize) -> Result<()> + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let passed = Arc::new(AtomicUsize::new(0));
        let proxy = Self { port: listener.local_addr()?.port(), passed: passed.clone() };
        let serve = Arc::new(serve);
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                let (serve, passed) = (serve.clone(), passed.clone());
                // A client that breaks off is part of the play.
                thread::spawn(move || drop(serve(connection, &passed)));
            }
        });
        Ok(proxy)
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections it has let through.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

fn http(mut client: TcpStream, login: &Login, trick: &Trick, passed: &AtomicUsize) -> Result<()> {
    let head = read_head(&mut client)?;
    let host = head.split(' ').nth(1).context("no target")?.to_owned();
    if let Login::Basic(user, password) = login {
        let wanted = format!("basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))).to_ascii_lowercase();
        if !head.to_ascii_lowercase().contains(&wanted) {
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                proxy-authenticate: Basic realm=\"plant\"\r\ncontent-length: 0\r\n\r\n";
            return Ok(client.write_all(refusal.as_bytes())?);
        }
    }
    passed.fetch_add(1, Ordering::SeqCst);
    if let Trick::Intercept(authority) = trick {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        return intercept(client, authority.server(&[name])?);
    }
    let server = TcpStream::connect(&host)?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    match trick {
        Trick::LoseAnswers(left) if take_one(left) => lose_answer(client, server),
        Trick::LoseLargeGreetings => lose_large_greeting(client, server),
        _ => join(client, server),
    }
}

fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn intercept(client: TcpStream, config: Arc<ServerConfig>) -> Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, client);
    // The handshake runs with the first read; a sensor that is right ends it there.
    let read = stream.read(&mut [0; 1024])?;
    bail!("the sensor believed the interceptor and sent {read} bytes")
}

/// RFC 1928: no authentication, CONNECT, an IPv4 address or a name.
fn socks(mut client: TcpStream, passed: &AtomicUsize) -> Result<()> {
    let [_, methods] = read(&mut client)?;
    client.read_exact(&mut vec![0; usize::from(methods)])?;
    client.write_all(&[5, 0])?;
    let [_, connect, _, kind] = read(&mut client)?;
    ensure!(connect == 1, "only CONNECT is played");
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(&mut client)?).to_string(),
        3 => {
            let [size] = read(&mut client)?;
            let mut name = vec![0; usize::from(size)];
            client.read_exact(&mut name)?;
            String::from_utf8(name)?
        }
        other => bail!("address kind {other} is not played"),
    };
    let port = u16::from_be_bytes(read(&mut client)?);
    let server = TcpStream::connect((host.as_str(), port))?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    passed.fetch_add(1, Ordering::SeqCst);
    join(client, server)
}

fn read<const N: usize>(stream: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_head(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(read::<1>(stream)?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn join(client: TcpStream, server: TcpStream) -> Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = up.join();
    Ok(())
}

/// Nothing of a long greeting arrives: the connection ends.
fn lose_large_greeting(mut client: TcpStream, mut server: TcpStream) -> Result<()> {
    // RFC 8446 §5.1: kind, version, length.
    let record = read::<5>(&mut client)?;
    if usize::from(u16::from_be_bytes([record[3], record[4]])) > PACKET {
        return Ok(());
    }
    server.write_all(&record)?;
    join(client, server)
}

/// Passes the server's handshake on, the client's requests too, and then hangs up instead of passing on the answer.
fn lose_answer(client: TcpStream, mut server: TcpStream) -> Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let requested = Arc::new(AtomicUsize::new(0));
    let counted = requested.clone();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(size @ 1..) = from_client.read(&mut buffer) {
            if to_server.write_all(&buffer[..size]).is_err() {
                return;
            }
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut client = client;
    let mut buffer = [0; 4096];
    // The first writes of the client are its greeting, then its certificate and its request.
    while let Ok(size @ 1..) = server.read(&mut buffer) {
        if requested.load(Ordering::SeqCst) >= 3 {
            break;
        }
        client.write_all(&buffer[..size])?;
    }
    client.shutdown(Shutdown::Both)?;
    Ok(server.shutdown(Shutdown::Both)?)
}
