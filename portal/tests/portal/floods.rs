//! Floods of the sensors' port, by whoever holds no certificate: enrolled sensors are heard meanwhile.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use picket_protocol::heartbeat::Standing;
use rustls_pki_types::ServerName;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::Instant,
};
use tokio_rustls::TlsConnector;

use crate::{sensor::Sensor, server::Server};

/// Whom the sensors share no address with.
const FLOODER: [u8; 4] = [127, 0, 0, 2];
/// What one address may have: connections without a certificate, and handshakes a second.
const MOST: usize = 512;
const PACE: u32 = 200;

async fn connect(portal: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((FLOODER, 0).into())?;
    socket.connect(portal).await
}

/// Whether the portal hangs up, though nobody has said anything yet.
async fn is_turned_away(mut stream: TcpStream) -> bool {
    match stream.read(&mut [0]).await {
        Ok(read) => read == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[tokio::test]
async fn silent_connections_of_one_address_leave_room_to_sensors() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let mut flood = Vec::new();
    for _ in 0..MOST {
        flood.push(connect(server.sensors()).await.unwrap());
    }
    assert!(is_turned_away(connect(server.sensors()).await.unwrap()).await);
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    Sensor::enrolled(&server, "Two").await;
    assert!(server.log().contains("too many connections without a certificate"), "{}", server.log());

    drop(flood);
    let tls = TlsConnector::from(Arc::new(sensor.tls()));
    loop {
        // Until the portal has seen that they are gone.
        let stream = connect(server.sensors()).await.unwrap();
        if tls.connect(ServerName::from(server.sensors().ip()), stream).await.is_ok() {
            break;
        }
    }
}

#[tokio::test]
async fn handshakes_of_one_address_are_paced_and_sensors_are_heard() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let (portal, start) = (server.sensors(), Instant::now());
    let shaken = Arc::new(AtomicU32::new(0));
    let mut flood = JoinSet::new();
    for _ in 0..32 {
        let tls = TlsConnector::from(Arc::new(sensor.tls_without_certificate()));
        let shaken = Arc::clone(&shaken);
        flood.spawn(async move {
            loop {
                let stream = connect(portal).await.unwrap();
                tls.connect(ServerName::from(portal.ip()), stream).await.unwrap();
                shaken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // While more begins than the pace lets through, and beyond.
    while shaken.load(Ordering::Relaxed) <= PACE {
        sensor.beat(portal, Standing::Committed).await.unwrap();
    }
    for _ in 0..20 {
        sensor.beat(portal, Standing::Committed).await.unwrap();
    }
    // A second's worth at once, then by the pace.
    let most = f64::from(PACE) * (1.0 + start.elapsed().as_secs_f64());
    let shaken = f64::from(shaken.load(Ordering::Relaxed));
    assert!(shaken <= most, "{shaken} handshakes where {most} may be");
}
