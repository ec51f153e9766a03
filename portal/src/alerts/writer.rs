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
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    Room, SharedLedger,
    delivery::Delivery,
    ledger::{Draft, Ledger},
    read,
    retention::{self, Bounds, Forgotten},
    statements::{self, Written},
    waiting::{self, Heads, Over, Portion, Waiting},
};
use crate::database::Connection;
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
    connection: Connection,
    ledger: SharedLedger,
    heads: Heads,
    span: Span,
    queue: mpsc::Receiver<Command>,
    bounds: Bounds,
}

impl Writer {
    pub(super) const fn new(
        connection: Connection,
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
                _ = look.tick() => {
                    if self.connection.is_shared() {
                        self.follow().await;
                    }
                    self.forget().await;
                }
            }
        }
        if let Err(error) = self.connection.close().await {
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
        let begun = self.begin(&delivering(batch)).await;
        let now = clock::now();
        let mut draft = Draft::default();
        let mut waiting = Vec::with_capacity(batch.len());
        for command in batch.drain(..) {
            match command {
                Command::Take(_, asked) if !begun => waiting.push((asked, Err(Refused::StorageFailed))),
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
        let committed = begun && self.commit(draft).await;
        for (Asked { reply, room: _room }, taken) in waiting {
            let outcome = if committed { taken } else { taken.and(Err(Refused::StorageFailed)) };
            let _ = reply.send(outcome); // whoever delivered may have gone
        }
    }

    /// Stores what waited of sensors that were heard, as far as they have reported now.
    async fn end_waiting(&mut self, mut sensors: Vec<SensorId>) {
        while !sensors.is_empty() && self.begin(&sensors).await {
            let mut draft = Draft::default();
            let (mut left, mut portion) = (Vec::new(), Portion::WHOLE);
            for sensor in sensors {
                match waiting::over(&mut self.connection, &self.heads, sensor, &mut portion).await {
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
            if !self.commit(draft).await {
                return; // it waits on
            }
            sensors = left;
        }
    }

    /// Begins a transaction, and knows what is stored of these sensors, whoever stored it.
    async fn begin(&mut self, sensors: &[SensorId]) -> bool {
        let begun = async {
            self.connection.begin().await?;
            if self.connection.is_shared() {
                let read = Ledger::catch_up(&mut self.connection, sensors).await?;
                self.ledger.change(|ledger| *ledger = read);
            }
            Ok(())
        };
        let begun: Result<(), sqlx::Error> = begun.await;
        if let Err(error) = &begun {
            failed(error);
            self.start_over().await;
        }
        begun.is_ok()
    }

    /// Writes a draft, and ends the transaction; whether it is durable. Memory follows the database, never leads it.
    async fn commit(&mut self, mut draft: Draft) -> bool {
        match self.write(&mut draft).await {
            Ok(None) => true,
            Ok(Some(written)) => {
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

    async fn write(&mut self, draft: &mut Draft) -> Result<Option<Written>, sqlx::Error> {
        if draft.is_empty() {
            return self.connection.roll_back().await.map(|()| None);
        }
        let written = statements::write(&mut self.connection, draft, self.bounds, clock::now()).await?;
        self.connection.commit().await?;
        Ok(Some(written))
    }

    /// What other processes stored, let wait and forgot.
    async fn follow(&mut self) {
        let followed = async {
            self.heads.count(&mut self.connection).await?;
            if let Some((oldest, newest)) = read::span(&mut self.connection).await? {
                self.span.oldest.store(oldest, Ordering::Relaxed);
                self.span.newest.send_if_modified(|known| std::mem::replace(known, newest.max(*known)) < newest);
            }
            Ok::<_, sqlx::Error>(())
        };
        if let Err(error) = followed.await {
            failed(&error);
            self.start_over().await;
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
        self.connection.recover().await;
        match Ledger::open(&mut self.connection).await {
            Ok(loaded) => self.ledger.change(|ledger| *ledger = loaded),
            Err(error) => _ = failed(&error),
        }
        if let Err(error) = self.heads.count(&mut self.connection).await {
            failed(&error);
        }
    }
}

/// Whose deliveries are in a batch.
fn delivering(batch: &[Command]) -> Vec<SensorId> {
    let mut sensors: Vec<SensorId> = batch
        .iter()
        .filter_map(|command| match command {
            Command::Take(delivery, _) => Some(delivery.sensor),
            Command::Wait(..) | Command::Heard(_) => None,
        })
        .collect();
    sensors.sort_unstable();
    sensors.dedup();
    sensors
}
