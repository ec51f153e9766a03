//! The way to a destination: TLS to exactly its CAs, then what its kind speaks. Decides nothing about what to send.

mod syslog;
mod webhook;

use std::{fmt, sync::Arc, time::Duration};

use rustls::ClientConfig;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    cloudevents,
    destination::{Kind, Target},
    event::Event,
    syslog as format,
};
use crate::clock;

/// From the look-up of the name to the end of the handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// An event as its destination reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The event's id, for the log.
    pub id: String,
    /// The event.
    pub text: String,
}

/// Why a destination did not take something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For people.
    pub why: String,
    /// Whether it may be the content that it minds.
    pub minds_content: bool,
    /// When it asked to be tried again.
    pub retry_after: Option<Duration>,
}

impl Failure {
    fn new(what: &str, cause: impl fmt::Display) -> Self {
        Self { why: format!("{what}: {cause}"), minds_content: false, retry_after: None }
    }

    fn timeout(what: &str, after: Duration) -> Self {
        Self::new(what, format!("nothing for {} s", after.as_secs()))
    }
}

/// The way to one destination. Connects when there is something to send, and stays connected.
#[derive(Debug)]
pub enum Link {
    /// Syslog over TLS.
    Syslog(syslog::Link),
    /// HTTPS.
    Webhook(webhook::Link),
}

impl Link {
    /// Opens nothing yet.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        match target.kind {
            Kind::Syslog => Self::Syslog(syslog::Link::new(target.clone())),
            Kind::Webhook { .. } => Self::Webhook(webhook::Link::new(target.clone())),
        }
    }

    /// Sends parts, in order. When it returns, the destination has them: a webhook acknowledged them; of syslog, all that
    /// can be known is that they were written out and the connection still stood a moment later.
    ///
    /// # Errors
    /// When the destination has not got all of them, as far as can be known.
    pub async fn send(&mut self, parts: &[Part]) -> Result<(), Failure> {
        match self {
            Self::Syslog(link) => link.send(parts).await,
            Self::Webhook(link) => link.send(parts, clock::now()).await,
        }
    }
}

impl Target {
    /// The event as this destination reads it.
    #[must_use]
    pub fn part(&self, event: &Event) -> Part {
        let text = match self.kind {
            Kind::Syslog => format::frame(event),
            Kind::Webhook { .. } => cloudevents::write(event),
        };
        Part { id: event.id(), text }
    }

    /// Most events in one go.
    #[must_use]
    pub const fn most_events(&self) -> usize {
        match self.kind {
            Kind::Syslog => 2000,
            Kind::Webhook { .. } => 100,
        }
    }
}

/// Whether it can be reached and is believed; nothing is sent.
///
/// # Errors
/// Why not.
pub async fn reach(target: &Target) -> Result<(), Failure> {
    connect(target).await.map(drop)
}

/// A TLS connection to the destination, believed by its own CAs alone.
async fn connect(target: &Target) -> Result<TlsStream<TcpStream>, Failure> {
    match timeout(CONNECT_TIMEOUT, dial(target)).await {
        Ok(connected) => connected,
        Err(_) => Err(Failure::timeout("connect", CONNECT_TIMEOUT)),
    }
}

async fn dial(target: &Target) -> Result<TlsStream<TcpStream>, Failure> {
    let config = tls_config(target).map_err(|why| Failure::new("tls", why))?;
    let name = target.server_name().map_err(|why| Failure::new("tls", why))?;
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await;
    let stream = stream.map_err(|error| Failure::new("connect", error))?;
    guard(&stream).map_err(|error| Failure::new("connect", error))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.map_err(|error| Failure::new("tls", error))
}

fn tls_config(target: &Target) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(target.roots()?).with_no_client_auth())
}

/// A host that is gone without a word is noticed: what it does not acknowledge in time breaks the connection.
fn guard(stream: &TcpStream) -> nix::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};
    /// Milliseconds.
    const UNACKNOWLEDGED: u32 = 20_000;
    setsockopt(stream, sockopt::TcpNoDelay, &true)?;
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    setsockopt(stream, sockopt::TcpUserTimeout, &UNACKNOWLEDGED)
}
