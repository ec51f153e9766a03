//! Told to stop, a process answers whoever it has taken: behind a balancer nobody notices that one of two goes.

use std::{net::SocketAddr, sync::Arc};

use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{sensor::Sensor, server::Server};

const CONNECTIONS: usize = 60;
const REQUEST: &[u8] = b"GET /v1/device-ca.crl HTTP/1.1\r\nhost: portal\r\n\r\n";

#[tokio::test]
async fn whoever_was_connected_or_halfway_through_a_request_is_answered() {
    let mut server = Server::portal();
    let sensor = Sensor::enrolled(&server, "One").await;
    let portal = server.sensors();
    let mut halfway = secure(&sensor, portal, TcpStream::connect(portal).await.unwrap()).await;
    halfway.write_all(&REQUEST[..20]).await.unwrap();
    halfway.flush().await.unwrap();
    // It does not get to accepting these before it is told to stop.
    server.signal("-STOP");
    let mut connected = Vec::new();
    for _ in 0..CONNECTIONS {
        connected.push(TcpStream::connect(portal).await.unwrap());
    }
    server.signal("-TERM");
    server.signal("-CONT");
    until_nobody_listens(portal).await;

    halfway.write_all(&REQUEST[20..]).await.unwrap();
    assert_answered(halfway).await;
    for stream in connected {
        let mut stream = secure(&sensor, portal, stream).await;
        stream.write_all(REQUEST).await.unwrap();
        assert_answered(stream).await;
    }
    server.ended();
}

async fn secure(sensor: &Sensor, portal: SocketAddr, stream: TcpStream) -> TlsStream<TcpStream> {
    let connector = TlsConnector::from(Arc::new(sensor.tls()));
    connector.connect(ServerName::from(portal.ip()), stream).await.unwrap()
}

/// New connections go elsewhere from then on.
async fn until_nobody_listens(portal: SocketAddr) {
    while TcpStream::connect(portal).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// With a whole answer, which says that the connection ends.
async fn assert_answered(mut stream: TlsStream<TcpStream>) {
    stream.flush().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert!(answer.trim_end().ends_with("END X509 CRL-----"), "{answer}");
}
