//! Gets a connection to an upstream, a stage at a time: name, TCP, proxy, TLS. Each stage fails with its own refusal,
//! so that `check` can show them one by one. Nothing outlives the future: dropping it closes what it opened.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use picket_protocol::{
    endpoint_url::{EndpointUrl, Scheme},
    refusal::Refusal,
};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::tls;
use crate::proxy::{self, Kind, Proxy, authority};

/// For the answer of the DNS servers, all of them.
const DNS_TIMEOUT: Duration = Duration::from_secs(10);
/// For one address to take the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For the proxy to open the tunnel.
const PROXY_TIMEOUT: Duration = Duration::from_secs(15);
/// For the TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(15);
/// Most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Reads `https://host[:port]`.
///
/// # Errors
/// [`Refusal::Unsupported`] for any other URL, `mqtts` included.
pub fn address(url: &str) -> Result<EndpointUrl, Refusal> {
    let unsupported = |error| Refusal::Unsupported { what: format!("the address {url}: {error}") };
    EndpointUrl::parse(url, Scheme::Https).map_err(unsupported)
}

/// All stages: an authenticated TLS connection to the target.
///
/// # Errors
/// The refusal of the stage that failed.
pub async fn dial(
    target: &EndpointUrl,
    proxy: Option<&Proxy>,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, Refusal> {
    secure(reach(target, proxy).await?, target, config).await
}

/// The stages before TLS.
///
/// # Errors
/// The refusal of the stage that failed.
pub async fn reach(target: &EndpointUrl, proxy: Option<&Proxy>) -> Result<TcpStream, Refusal> {
    let Some(proxy) = proxy else {
        let addresses = resolve(&target.host, target.port).await?;
        return connect(&authority(&target.host, target.port), &addresses).await;
    };
    let mut stream = reach_proxy(proxy).await?;
    tunnel(&mut stream, proxy, target).await?;
    Ok(stream)
}

/// The addresses of a name. An address is its own answer, without a packet.
///
/// # Errors
/// [`Refusal::Dns`].
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Refusal> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let failed = |why: String| Refusal::Dns { host: host.to_owned(), why };
    let found = timeout(DNS_TIMEOUT, lookup_host((host, port))).await;
    let found = found.map_err(|_| failed("no DNS server answered in time".into()))?;
    let found: Vec<_> = found.map_err(|error| failed(error.to_string()))?.take(MAX_ADDRESSES).collect();
    if found.is_empty() { Err(failed("the name has no address".into())) } else { Ok(found) }
}

/// A TCP connection to the first address that takes one.
///
/// # Errors
/// [`Refusal::ConnectionRefused`], [`Refusal::Timeout`] or [`Refusal::Unreachable`], of the last address tried.
pub async fn connect(name: &str, addresses: &[SocketAddr]) -> Result<TcpStream, Refusal> {
    let mut last = Refusal::Unreachable { address: name.to_owned(), why: "it has no address".into() };
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One small request, one answer: nothing to collect.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = connect_refusal(address, &error),
            Err(_) => last = timed_out(&address.to_string(), CONNECT_TIMEOUT),
        }
    }
    Err(last)
}

fn connect_refusal(address: &SocketAddr, error: &io::Error) -> Refusal {
    let address = address.to_string();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Refusal::ConnectionRefused { address },
        io::ErrorKind::TimedOut => timed_out(&address, CONNECT_TIMEOUT),
        _ => Refusal::Unreachable { address, why: error.to_string() },
    }
}

/// A TCP connection to the proxy.
///
/// # Errors
/// [`Refusal::ProxyUnreachable`] with what went wrong on the way to it.
pub async fn reach_proxy(proxy: &Proxy) -> Result<TcpStream, Refusal> {
    let unreachable = |why: Refusal| Refusal::ProxyUnreachable { proxy: proxy.address(), why: why.to_string() };
    let addresses = resolve(&proxy.host, proxy.port).await.map_err(unreachable)?;
    connect(&authority(&proxy.host, proxy.port), &addresses).await.map_err(unreachable)
}

/// Has the proxy open a tunnel to the target.
///
/// # Errors
/// [`Refusal::ProxyAuthRequired`] or [`Refusal::ProxyUnreachable`].
pub async fn tunnel(stream: &mut TcpStream, proxy: &Proxy, target: &EndpointUrl) -> Result<(), Refusal> {
    let credentials = proxy.credentials.as_ref();
    let opened = async {
        match proxy.kind {
            Kind::Http => proxy::connect::open(stream, proxy, credentials, &target.host, target.port).await,
            Kind::Socks5 => proxy::socks5::open(stream, proxy, credentials, &target.host, target.port).await,
        }
    };
    timeout(PROXY_TIMEOUT, opened).await.unwrap_or_else(|_| {
        let why = format!("it did not answer within {} s", PROXY_TIMEOUT.as_secs());
        Err(Refusal::ProxyUnreachable { proxy: proxy.address(), why })
    })
}

/// TLS over an open connection.
///
/// # Errors
/// [`Refusal::TlsUntrusted`], [`Refusal::TlsExpired`], [`Refusal::TlsFailed`] or [`Refusal::Timeout`].
pub async fn secure(
    stream: TcpStream,
    target: &EndpointUrl,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, Refusal> {
    let failed = |why: String| Refusal::TlsFailed { host: target.host.clone(), why };
    let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(error.to_string()))?;
    match timeout(TLS_TIMEOUT, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(tls_refusal(&error).unwrap_or_else(|| failed(handshake_text(&error)))),
        Err(_) => Err(timed_out(&authority(&target.host, target.port), TLS_TIMEOUT)),
    }
}

/// Our own verifier's refusal inside an I/O error.
fn tls_refusal(error: &io::Error) -> Option<Refusal> {
    error.get_ref()?.downcast_ref().and_then(tls::refusal_in)
}

fn handshake_text(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => "what answers does not speak TLS".into(),
        Some(error) => error.to_string(),
        None => format!("the connection ended during the handshake: {error}"),
    }
}

/// Nothing came in time.
pub(super) fn timed_out(address: &str, after: Duration) -> Refusal {
    Refusal::Timeout { address: address.to_owned(), after_seconds: after.as_secs() }
}
