//! What holds at a server alone: who is cut off from it, or idles, holds up nobody. Where tests keep everything in files there
//! is nothing to see.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use super::{Address, Connection, address::noticed, on_duty, query, scalar, testing};
use crate::alerts::PART;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, where tests have one, and the folder that its database belongs to.
async fn server() -> Option<(tempfile::TempDir, PgConnectOptions)> {
    let folder = tempfile::tempdir().unwrap();
    match testing::address(folder.path()).await {
        Address::Server(options) => Some((folder, *options)),
        Address::Folder(_) => None,
    }
}

/// A setting as its session asked for it: of a connection by a Unix socket the server shows those of TCP as 0.
async fn asked(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("SELECT reset_val FROM pg_settings WHERE name = $1")
        .bind(name)
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_server_notices_soon_that_a_process_is_cut_off() {
    let Some((_folder, options)) = server().await else { return };
    let address = Address::Server(Box::new(options.clone()));
    let (writer, readers) = address.open(&PART).await.unwrap();
    let (super::connection::Kind::Postgres(writer), super::Pool::Postgres(readers)) = (writer.kind, readers) else {
        panic!("not at a server");
    };
    let duty = PgConnection::connect_with(&noticed(&options)).await.unwrap();
    for mut connection in [writer.live, readers.acquire().await.unwrap().detach(), duty] {
        for (name, expected) in [
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "15000"),
        ] {
            assert_eq!(asked(&mut connection, name).await, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn whoever_idles_in_its_turn_loses_it_and_goes_on_after() {
    let Some((_folder, options)) = server().await else { return };
    let address = Address::Server(Box::new(options));
    let (mut idle, _) = address.open(&PART).await.unwrap();
    let setting = "SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'";
    let bound = scalar::<String>(setting);
    assert_eq!(bound.fetch_one(&mut idle).await.unwrap(), "30000");
    idle.begin().await.unwrap();
    query("SET idle_in_transaction_session_timeout = '50ms'").execute(&mut idle).await.unwrap();
    let (mut next, _) = address.open(&PART).await.unwrap();
    timeout(PATIENCE, next.begin()).await.expect("its turn comes").unwrap();
    next.roll_back().await.unwrap();
    assert!(idle.commit().await.is_err(), "it was ended");
    idle.recover().await;
    assert_eq!(scalar::<String>(setting).fetch_one(&mut idle).await.unwrap(), "30000");
    idle.begin().await.unwrap();

    // Nobody waits for a snapshot, and it may be looked at for hours.
    let mut snapshot: Connection = address.snapshot(&PART).await.unwrap().unwrap();
    assert_eq!(scalar::<String>(setting).fetch_one(&mut snapshot).await.unwrap(), "0");
}

/// The way to a server over which, from some moment on, nothing comes and nothing is said to have ended.
async fn relay(socket: PathBuf) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, (cut, seen)) = (listener.local_addr().unwrap().port(), watch::channel(false));
    tokio::spawn(async move {
        let mut ways = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = UnixStream::connect(&socket).await.unwrap();
            let mut seen = seen.clone();
            ways.spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => return,
                    _ = seen.wait_for(|cut| *cut) => {}
                }
                std::future::pending::<()>().await; // holds both ends open
            });
        }
    });
    (port, cut)
}

#[tokio::test]
async fn a_process_that_is_cut_off_goes_off_duty_by_itself() {
    let Some((_folder, options)) = server().await else { return };
    let socket = options.get_socket().unwrap().join(format!(".s.PGSQL.{}", options.get_port()));
    let (port, cut) = relay(socket).await;
    let way = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port).username(options.get_username());
    let address = Address::Server(Box::new(way.database(options.get_database().unwrap())));
    let (stop, stopped) = watch::channel(false);
    let (working, ended) = (AtomicBool::new(false), watch::Sender::new(false));
    let work = async |mut end: watch::Receiver<bool>| {
        working.store(true, Ordering::SeqCst);
        cut.send_replace(true);
        let _ = end.changed().await;
        ended.send_replace(true);
    };
    let mut over = ended.subscribe();
    tokio::select! {
        () = on_duty(&address, "a test", stopped, work) => panic!("nobody said that it is to end"),
        over = timeout(PATIENCE, over.wait_for(|over| *over)) => drop(over.expect("it goes off duty").unwrap()),
    }
    assert!(working.load(Ordering::SeqCst));
    drop(stop);
}
