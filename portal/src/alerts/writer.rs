//! The one task that writes alerts. It takes the deliveries that have queued up, makes them one transaction, and answers
//! after the commit: while one batch is being synced, the next one gathers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use picket_protocol::ids::SensorId;
use sqlx::SqliteConnection;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    Room, SharedLedger,
    delivery::Delivery,
    ledger::{Draft, Ledger},
    retention::{self, Bounds, Forgotten},
    statements,
    waiting::{self, Heads, Over, Waiting},
};
use crate::{clock, domain::refused::Refused, store::failed};

/// Most deliveries in one transaction; their bytes have a bound of their own.
const MAX_BATCH: usize = 1024;
/// How often the bounds are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) enum Command {
    /// Store what is new.
    Take(Delivery, Asked),
    /// Let it wait.
    Wait(Vec<Waiting>, Asked),
    /// A heartbeat came, and something of the sensor waits.
    Heard(SensorId),
}

/// Who waits for the end of a command.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) reply: oneshot::Sender<Result<(), Refused>>,
    /// Its place in memory, given back once it is written.
    pub(super) room: Room,
}

/// Which rows there are, for those who read. Follows the database.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) oldest: Arc<AtomicI64>,
    pub(super) newest: watch::Sender<i64>,
}

impl Span {
    fn forgot(&self, forgotten: Option<Forgotten>) {
        if let Some(Forgotten { alerts, up_to }) = forgotten {
            // A portion may have ended beyond the last row.
            self.oldest.store(up_to.min(*self.newest.borrow()) + 1, Ordering::Relaxed);
            tracing::debug!(alerts, "the oldest alerts were forgotten");
        }
    }
}

#[derive(Debug)]
pub(super) struct Writer {
    connection: SqliteConnection,
    ledger: SharedLedger,
    heads: Heads,
    span: Span,
    queue: mpsc::Receiver<Command>,
    bounds: Bounds,
}

impl Writer {
    pub(super) const fn new(
        connection: SqliteConnection,
        ledger: SharedLedger,
        heads: Heads,
        span: Span,
        queue: mpsc::Receiver<Command>,
        bounds: Bounds,
    ) -> Self {
        Self { connection, ledger, heads, span, queue, bounds }
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
        let heard = batch.iter().filter_map(|command| match command {
            Command::Heard(sensor) => Some(*sensor),
            Command::Take(..) | Command::Wait(..) => None,
        });
        let heard = heard.collect();
        self.end_waiting(heard).await;
        let now = clock::now();
        let mut draft = Draft::default();
        let mut waiting = Vec::with_capacity(batch.len());
        for command in batch.drain(..) {
            match command {
                Command::Take(delivery, asked) => {
                    waiting.push((asked, draft.take(&self.ledger.read(), delivery, now)));
                }
                Command::Wait(events, asked) => {
                    draft.waiting.extend(events);
                    waiting.push((asked, Ok(())));
                }
                Command::Heard(_) => {}
            }
        }
        let committed = draft.is_empty() || self.commit(draft).await;
        for (Asked { reply, room: _room }, taken) in waiting {
            let outcome = if committed { taken } else { taken.and(Err(Refused::StorageFailed)) };
            let _ = reply.send(outcome); // whoever delivered may have gone
        }
    }

    /// Stores what waited of sensors that were heard, as far as they have reported now.
    async fn end_waiting(&mut self, mut sensors: Vec<SensorId>) {
        while !sensors.is_empty() {
            let mut draft = Draft::default();
            let mut left = Vec::new();
            for sensor in sensors {
                match waiting::over(&mut self.connection, &self.heads, sensor).await {
                    Ok(Over { delivery, rows, more }) => {
                        if let Err(refused) = draft.take(&self.ledger.read(), delivery, clock::now()) {
                            tracing::warn!(%sensor, why = refused.problem().detail, "what waited is not kept");
                        }
                        draft.over.extend(rows);
                        left.extend(more.then_some(sensor));
                    }
                    Err(error) => _ = failed(&error), // it waits on
                }
            }
            if !draft.is_empty() && !self.commit(draft).await {
                return; // it waits on
            }
            sensors = left;
        }
    }

    /// Writes a draft; whether it is durable. Memory follows the database, never leads it.
    async fn commit(&mut self, mut draft: Draft) -> bool {
        match statements::write(&mut self.connection, &mut draft, self.bounds, clock::now()).await {
            Ok(written) => {
                self.heads.adopt(&draft.waiting, &draft.over);
                self.ledger.change(|ledger| ledger.adopt(draft));
                if let Some(newest) = written.newest {
                    self.span.newest.send_replace(newest);
                }
                self.span.forgot(written.forgotten);
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
        let now = clock::now();
        let forgotten = async {
            if waiting::forget(&mut self.connection, self.bounds.oldest(now)).await? > 0 {
                self.heads.count(&mut self.connection).await?;
            }
            retention::forget(&mut self.connection, self.bounds, now).await
        };
        match forgotten.await {
            Ok(forgotten) => self.span.forgot(forgotten),
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
        if let Err(error) = self.heads.count(&mut self.connection).await {
            failed(&error);
        }
    }
}
