//! An HTTPS server that gives every request the same answer, and remembers the paths asked for.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;
use picket_lab::{Waited, until, waiting::PATIENCE};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::{Authority, from_files};

/// The one answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Further header lines, each ended by CRLF.
    pub headers: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A status with an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: String::new(), body: Vec::new() }
    }
}

/// A running server; dropping it closes its port.
#[derive(Debug)]
pub struct Server {
    listening: Option<JoinHandle<()>>,
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    /// Starts one on a free port, believed by those who believe `authority`.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start(authority: &Authority, reply: Reply) -> Result<Self> {
        Self::listen("127.0.0.1:0", authority.server(&["127.0.0.1", "localhost"])?, reply)
    }

    /// As [`Self::start`], with a certificate that ended long ago.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start_expired(authority: &Authority, reply: Reply) -> Result<Self> {
        Self::listen("127.0.0.1:0", authority.expired_server(&["127.0.0.1", "localhost"])?, reply)
    }

    /// Starts one in the place of a stopped portal, with its certificate.
    ///
    /// # Errors
    /// When the portal still runs.
    pub fn in_place_of(address: &str, chain: &Path, key: &Path, reply: Reply) -> Result<Self> {
        Self::listen(address, from_files(chain, key)?, reply)
    }

    fn listen(address: &str, config: Arc<ServerConfig>, reply: Reply) -> Result<Self> {
        // A program that another test is just starting holds our sockets until its exec.
        let listener = until(&format!("{address} is free"), PATIENCE, || {
            Ok(TcpListener::bind(address).map_or_else(|error| Waited::NotYet(error.to_string()), Waited::Holds))
        })?;
        let (asked, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let address = listener.local_addr()?.to_string();
        let (asked_here, ended_here) = (Arc::clone(&asked), Arc::clone(&ended));
        let listening = thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if ended_here.load(Ordering::SeqCst) {
                    return;
                }
                let (config, reply, asked) = (config.clone(), reply.clone(), asked_here.clone());
                // A client that breaks off is part of the play.
                thread::spawn(move || drop(serve(connection, config, &reply, &asked)));
            }
        });
        Ok(Self { listening: Some(listening), address, asked, ended })
    }

    /// Its address for a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The request lines so far.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, so that the port is free again.
        let _ = TcpStream::connect(&self.address);
        let _ = self.listening.take().map(JoinHandle::join);
    }
}

fn serve(connection: TcpStream, config: Arc<ServerConfig>, reply: &Reply, asked: &Mutex<Vec<String>>) -> Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, connection);
    let head = read_request(&mut stream)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    let (status, size) = (reply.status, reply.body.len());
    let head =
        format!("HTTP/1.1 {status} Played\r\ncontent-length: {size}\r\nconnection: close\r\n{}\r\n", reply.headers);
    stream.write_all(head.as_bytes())?;
    stream.write_all(&reply.body)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}

/// Reads head and body, so that the client is not reset while it still writes.
fn read_request(stream: &mut impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let size = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if bytes.len() >= end + 4 + size.unwrap_or(0) {
                return Ok(String::from_utf8_lossy(&bytes[..end]).into_owned());
            }
        }
        let read = stream.read(&mut buffer)?;
        anyhow::ensure!(read > 0, "the client broke off");
        bytes.extend_from_slice(&buffer[..read]);
    }
}
