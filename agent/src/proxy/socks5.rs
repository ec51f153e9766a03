//! SOCKS5 (RFC 1928, RFC 1929) over an open connection to the proxy. Names go to the proxy unresolved. Dials nothing.

use std::{io, net::IpAddr};

use picket_protocol::refusal::Refusal;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Credentials, Proxy};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;

/// Has the proxy connect to `host:port`.
///
/// # Errors
/// [`Refusal::ProxyAuthRequired`] when it wants credentials or other ones, [`Refusal::ProxyUnreachable`] with the
/// reason otherwise.
pub async fn open(
    stream: &mut TcpStream,
    proxy: &Proxy,
    credentials: Option<&Credentials>,
    host: &str,
    port: u16,
) -> Result<(), Refusal> {
    let failed = |failure: Failed| match failure {
        Failed::Authentication => Refusal::ProxyAuthRequired { proxy: proxy.address() },
        Failed::Broken(why) => Refusal::ProxyUnreachable { proxy: proxy.address(), why },
    };
    authenticate(stream, credentials).await.map_err(failed)?;
    connect(stream, host, port).await.map_err(failed)
}

enum Failed {
    Authentication,
    Broken(String),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

fn broken<T>(why: &str) -> Result<T, Failed> {
    Err(Failed::Broken(why.to_owned()))
}

async fn authenticate(stream: &mut TcpStream, credentials: Option<&Credentials>) -> Result<(), Failed> {
    let hello: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    stream.write_all(hello).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    match (answer, credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some(credentials)) => log_in(stream, credentials).await,
        ([VERSION, _], _) => Err(Failed::Authentication),
        _ => broken("it does not answer as a SOCKS5 proxy"),
    }
}

async fn log_in(stream: &mut TcpStream, credentials: &Credentials) -> Result<(), Failed> {
    let mut request = vec![1];
    for text in [credentials.user.as_str(), credentials.password.expose()] {
        request.push(u8::try_from(text.len()).map_err(|_| Failed::Authentication)?);
        request.extend(text.as_bytes());
    }
    stream.write_all(&request).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    if answer[1] == 0 { Ok(()) } else { Err(Failed::Authentication) }
}

async fn connect(stream: &mut TcpStream, host: &str, port: u16) -> Result<(), Failed> {
    let mut request = vec![VERSION, 1, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            request.push(u8::try_from(host.len()).or_else(|_| broken("the name is too long for it"))?);
            request.extend(host.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;

    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    let [VERSION, reply, _, kind] = answer else { return broken("it does not answer as a SOCKS5 proxy") };
    if reply != 0 {
        return broken(reply_text(reply));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return broken("it does not answer as a SOCKS5 proxy"),
    };
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(())
}

/// RFC 1928 §6.
fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "it failed",
        2 => "its rules do not allow the connection",
        3 => "it has no route to that network",
        4 => "it cannot reach that host",
        5 => "the host behind it refused the connection",
        6 => "the host behind it did not answer in time",
        _ => "it does not support the request",
    }
}
