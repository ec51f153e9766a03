//! Syslog over TLS (RFC 5425). It has no acknowledgement: parts count as taken once they are written out and the connection
//! has stood for a moment after. A connection that breaks before that has taken none of them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::client::TlsStream;

use super::{Failure, Part, connect};
use crate::sharing::destination::Target;

/// How long a connection must stand after the last byte: a destination that has gone says so within a round trip.
const SETTLE: Duration = Duration::from_millis(200);
/// For writing everything out.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection that idled for longer is not trusted: a firewall may have forgotten it, which shows only when it is used.
const STALE: Duration = Duration::from_secs(30);

/// The way to a syslog server.
#[derive(Debug)]
pub struct Link {
    target: Target,
    connection: Option<Box<Connection>>,
}

#[derive(Debug)]
struct Connection {
    stream: TlsStream<TcpStream>,
    used: Instant,
}

impl Link {
    pub(super) const fn new(target: Target) -> Self {
        Self { target, connection: None }
    }

    pub(super) async fn send(&mut self, parts: &[Part]) -> Result<(), Failure> {
        // Out of its place until all is well: also when this future is dropped half way.
        let mut connection = match self.connection.take() {
            Some(connection) if connection.used.elapsed() < STALE => connection,
            stale => {
                close(stale).await;
                Box::new(Connection { stream: connect(&self.target).await?, used: Instant::now() })
            }
        };
        match timeout(WRITE_TIMEOUT, connection.write(parts)).await {
            Ok(written) => written.map_err(|error| Failure::new("write", error))?,
            Err(_) => return Err(Failure::timeout("write", WRITE_TIMEOUT)),
        }
        connection.stands().await?;
        connection.used = Instant::now();
        self.connection = Some(connection);
        Ok(())
    }
}

impl Connection {
    async fn write(&mut self, parts: &[Part]) -> std::io::Result<()> {
        for part in parts {
            self.stream.write_all(part.text.as_bytes()).await?;
        }
        self.stream.flush().await
    }

    /// A syslog server says nothing: whatever can be read is the end.
    async fn stands(&mut self) -> Result<(), Failure> {
        let mut said = [0; 64];
        match timeout(SETTLE, self.stream.read(&mut said)).await {
            Err(_) => Ok(()),
            Ok(Ok(0)) => Err(Failure::new("write", "the destination closed the connection")),
            Ok(Ok(_)) => Err(Failure::new("write", "the destination answered, so it is no syslog server")),
            Ok(Err(error)) => Err(Failure::new("write", error)),
        }
    }
}

/// With a word, so that the server logs no broken connection.
async fn close(connection: Option<Box<Connection>>) {
    if let Some(mut connection) = connection {
        let _ = timeout(SETTLE, connection.stream.shutdown()).await;
    }
}
