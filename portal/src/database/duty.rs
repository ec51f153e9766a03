//! What only one process of a portal does at a time, such as sending alerts on: whoever holds a lock at the server is on
//! duty. When its process is gone, or cut off, the server frees the lock and another takes over.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::watch, time::sleep};

use super::Address;

/// How often whoever is not on duty asks, and whoever is makes sure.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Does `work` whenever this process is on duty, until `stop` changes. The work ends when the `stop` that it is given
/// changes: then another process may be on duty.
pub async fn on_duty<F: Future<Output = ()>>(
    address: &Address,
    name: &str,
    mut stop: watch::Receiver<bool>,
    work: impl Fn(watch::Receiver<bool>) -> F,
) {
    let Address::Server(options) = address else { return work(stop).await };
    loop {
        let mut held = tokio::select! {
            _ = stop.changed() => return,
            held = take(options, name) => held,
        };
        tracing::info!(name, "on duty");
        let (end, ended) = watch::channel(false);
        let working = work(ended);
        let lost = working_until(working, &end, &mut stop, &mut held).await;
        let _ = held.close().await; // the lock goes with it
        if !lost {
            return;
        }
        tracing::warn!(name, "the database was lost; no longer on duty");
    }
}

/// Works until this process is told to stop or does not hold the lock any more, and lets the work end. Whether the lock was
/// lost.
async fn working_until(
    working: impl Future<Output = ()>,
    end: &watch::Sender<bool>,
    stop: &mut watch::Receiver<bool>,
    held: &mut PgConnection,
) -> bool {
    let mut working = std::pin::pin!(working);
    let lost = tokio::select! {
        () = &mut working => return false,
        _ = stop.changed() => false,
        () = lost(held) => true,
    };
    let _ = end.send(true);
    working.await;
    lost
}

/// Comes when the lock is free, and now ours.
async fn take(options: &PgConnectOptions, name: &str) -> PgConnection {
    loop {
        if let Ok(mut connection) = options.connect().await
            && try_lock(&mut connection, name).await.unwrap_or(false)
        {
            return connection;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn try_lock(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let lock = "SELECT pg_try_advisory_lock(hashtextextended('picket on duty: ' || $1, 0))";
    sqlx::query_scalar(lock).bind(name).fetch_one(connection).await
}

/// Comes when the server does not answer on the connection that holds the lock.
async fn lost(held: &mut PgConnection) {
    while held.ping().await.is_ok() {
        sleep(LOOK_EVERY).await;
    }
}
