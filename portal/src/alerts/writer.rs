//! The one task that writes alerts. It takes the deliveries that have queued up, makes them one transaction, and answers
//! after the commit: while one batch is being synced, the next one gathers.

use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    SharedLedger,
    delivery::Delivery,
    ledger::{Draft, Ledger},
    retention::{self, Bounds},
    statements,
};
use crate::{clock, domain::refused::Refused, store::failed};

/// Most deliveries in one transaction; their bytes have a bound of their own.
const MAX_BATCH: usize = 1024;
/// How often the bounds are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Command {
    pub(super) delivery: Delivery,
    pub(super) reply: oneshot::Sender<Result<(), Refused>>,
    /// Its place in memory, given back once it is written.
    pub(super) room: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Writer {
    connection: SqliteConnection,
    ledger: SharedLedger,
    newest: watch::Sender<i64>,
    queue: mpsc::Receiver<Command>,
    bounds: Bounds,
}

impl Writer {
    pub(super) const fn new(
        connection: SqliteConnection,
        ledger: SharedLedger,
        newest: watch::Sender<i64>,
        queue: mpsc::Receiver<Command>,
        bounds: Bounds,
    ) -> Self {
        Self { connection, ledger, newest, queue, bounds }
    }

    /// Serves until the last sender is gone, then leaves the database closed.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                taken = self.queue.recv_many(&mut batch, MAX_BATCH) => match taken {
                    0 => break,
                    _ => self.serve(&mut batch).await,
                },
                _ = look.tick() => self.forget().await,
            }
        }
        if let Err(error) = sqlx::Connection::close(self.connection).await {
            tracing::error!(%error, "the database of alerts did not close");
        }
    }

    async fn serve(&mut self, batch: &mut Vec<Command>) {
        let now = clock::now();
        let mut draft = Draft::default();
        let mut waiting = Vec::with_capacity(batch.len());
        for Command { delivery, reply, room } in batch.drain(..) {
            let taken = draft.take(&self.ledger.read(), delivery, now);
            waiting.push((reply, taken, room));
        }
        let committed = draft.is_empty() || self.commit(draft).await;
        for (reply, taken, _room) in waiting {
            let outcome = if committed { taken } else { taken.and(Err(Refused::StorageFailed)) };
            let _ = reply.send(outcome); // whoever delivered may have gone
        }
    }

    /// Writes a draft; whether it is durable. Memory follows the database, never leads it.
    async fn commit(&mut self, mut draft: Draft) -> bool {
        match statements::write(&mut self.connection, &mut draft, clock::now()).await {
            Ok(newest) => {
                self.ledger.change(|ledger| ledger.adopt(draft));
                if let Some(newest) = newest {
                    self.newest.send_replace(newest);
                }
                true
            }
            Err(error) => {
                failed(&error);
                self.start_over().await;
                false
            }
        }
    }

    async fn forget(&mut self) {
        match retention::forget(&mut self.connection, self.bounds, clock::now()).await {
            Ok(0) => {}
            Ok(alerts) => tracing::debug!(alerts, "the oldest alerts were forgotten"),
            Err(error) => {
                failed(&error);
                self.start_over().await;
            }
        }
    }

    /// Whether a failed commit took place is known to the database alone: believe only that.
    async fn start_over(&mut self) {
        let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await; // fails when it was rolled back already
        match Ledger::load(&mut self.connection).await {
            Ok(loaded) => self.ledger.change(|ledger| *ledger = loaded),
            Err(error) => _ = failed(&error),
        }
    }
}
