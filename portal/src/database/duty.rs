//! What only one process of a portal does at a time, such as sending alerts on: whoever holds a lock at the server is on
//! duty. When its process is gone the server frees the lock at once, and when it is cut off some 20 s later: it has gone off
//! duty by itself before that.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{Address, address::noticed};

/// How often whoever is not on duty asks, and whoever is makes sure.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the server has for an answer. With the look before it, less than it takes a server to free the lock of a process
/// that is cut off.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does `work` whenever this process is on duty, until `stop` changes. The work ends when the `stop` that it is given
/// changes: then another process may be on duty.
pub async fn on_duty<F: Future<Output = ()>>(
    address: &Address,
    name: &str,
    mut stop: watch::Receiver<bool>,
    work: impl Fn(watch::Receiver<bool>) -> F,
) {
    let Address::Server(options) = address else { return work(stop).await };
    let options = noticed(options);
    loop {
        let mut held = tokio::select! {
            _ = stop.changed() => return,
            held = take(&options, name) => held,
        };
        tracing::info!(name, "on duty");
        let (end, ended) = watch::channel(false);
        let working = work(ended);
        let lost = working_until(working, &end, &mut stop, &mut held).await;
        let _ = timeout(PATIENCE, held.close()).await; // the lock goes with it
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
        if let Ok(Ok(Some(held))) = timeout(PATIENCE, try_take(options, name)).await {
            return held;
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn try_take(options: &PgConnectOptions, name: &str) -> Result<Option<PgConnection>, sqlx::Error> {
    let mut connection = options.connect().await?;
    let lock = "SELECT pg_try_advisory_lock(hashtextextended('picket on duty: ' || $1, 0))";
    let taken: bool = sqlx::query_scalar(lock).bind(name).fetch_one(&mut connection).await?;
    Ok(taken.then_some(connection))
}

/// Comes when the server does not answer on the connection that holds the lock: a network that is cut says nothing.
async fn lost(held: &mut PgConnection) {
    while matches!(timeout(PATIENCE, held.ping()).await, Ok(Ok(()))) {
        sleep(LOOK_EVERY).await;
    }
}
