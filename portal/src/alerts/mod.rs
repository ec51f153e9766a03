//! The alerts of every sensor: taken from hubs, each stored once, kept for as long as bounds allow.
//!
//! A database file and a writer of its own, since alerts come a thousand times as often as anything else. Knows no HTTP.
//! One task writes, many deliveries in one transaction; who delivers is answered after the commit.

mod delivery;
mod ledger;
mod read;
mod retention;
mod statements;
#[cfg(test)]
mod tests;
mod waiting;
mod writer;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, atomic::AtomicI64},
    time::Duration,
};

use picket_protocol::{
    heartbeat::Confirmation,
    ids::{SensorId, StreamId},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    database::{Address, OpenError, Part, Pool},
    domain::refused::Refused,
    store::failed,
};

pub use delivery::{Delivered, Delivery, NewAlert};
pub use ledger::StreamView;
pub use read::{Cursor, Filter, Page, StoredAlert};
pub use retention::Bounds;
pub use waiting::Waiting;

/// Deliveries that wait for the writer.
const QUEUE: usize = 4096;
/// KiB of deliveries that are being read, wait for the writer or are being written: bounds memory, and a transaction;
/// what ends its waiting has a bound of its own.
const ROOM_KIBIBYTES: u32 = 48 * 1024;
/// And at most this part of the bound of the database: a transaction has room in it however badly its rows fill their pages.
const ROOM_SHARE: u64 = 4;
/// How long a delivery may wait for its place.
const PATIENCE: Duration = Duration::from_secs(5);
/// The alerts, apart from everything else.
pub(crate) const PART: Part = Part {
    file: "alerts.db",
    schema: "picket_alerts",
    migrations: || sqlx::migrate!("./migrations-alerts"),
    writing: &[
        // Of a thousand sensors at once, a thousand pages of the index change with each commit.
        ("cache_size", "-65536"),
        ("wal_autocheckpoint", "16000"),
        ("journal_size_limit", "134217728"),
    ],
    reading: &[("cache_size", "-8192")],
};

/// The alerts. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct AlertStore {
    readers: Pool,
    deliveries: mpsc::Sender<writer::Command>,
    room: Arc<Semaphore>,
    /// How much room there is in all.
    room_kibibytes: u32,
    ledger: SharedLedger,
    heads: waiting::Heads,
    /// The row of the oldest alert, or a lower number; beyond the newest when there is none.
    oldest: Arc<AtomicI64>,
    newest: watch::Receiver<i64>,
}

impl AlertStore {
    /// Opens the database, makes or updates its schema, and starts its writer.
    ///
    /// # Errors
    /// When it cannot be opened, or its schema is newer than this program knows.
    pub async fn open(address: &Address, bounds: Bounds) -> Result<(Self, JoinHandle<()>), OpenError> {
        let (mut connection, readers) = address.open(&PART).await?;
        let ledger = SharedLedger::new(ledger::Ledger::open(&mut connection).await?);
        let heads = waiting::Heads::within(bounds);
        heads.count(&mut connection).await?;
        let newest = read::newest(&mut connection).await?;
        let oldest = Arc::new(AtomicI64::new(read::oldest(&mut connection).await?.unwrap_or(newest + 1)));
        let (newest, seen) = watch::channel(newest);
        let (deliveries, queue) = mpsc::channel(QUEUE);
        let span = writer::Span { oldest: Arc::clone(&oldest), newest };
        let writer = writer::Writer::new(connection, ledger.clone(), heads.clone(), span, queue, bounds);
        let room_kibibytes = u32::try_from(bounds.bytes / ROOM_SHARE / 1024).unwrap_or(u32::MAX).min(ROOM_KIBIBYTES);
        let room = Arc::new(Semaphore::new(usize::try_from(room_kibibytes).unwrap_or(usize::MAX)));
        let store = Self { readers, deliveries, room, room_kibibytes, ledger, heads, oldest, newest: seen };
        Ok((store, tokio::spawn(writer.run())))
    }

    /// Room in memory for so many bytes, for whoever is about to fill it.
    ///
    /// # Errors
    /// When there is too much to do.
    pub async fn room(&self, bytes: usize) -> Result<Room, Refused> {
        let wanted = kibibytes(bytes).min(self.room_kibibytes);
        let room = timeout(PATIENCE, Arc::clone(&self.room).acquire_many_owned(wanted)).await;
        Ok(Room(room.map_err(|_| Refused::TooBusy)?.map_err(|_| Refused::TooBusy)?))
    }

    /// Stores what is new of a delivery, all or nothing; answers once it is durable.
    ///
    /// # Errors
    /// When the delivery does not fit its stream, the database failed, or there is too much to do.
    pub async fn take(&self, delivery: Delivery) -> Result<(), Refused> {
        let room = self.room(delivery.size()).await?;
        self.take_in(room, delivery).await
    }

    /// As [`Self::take`], in room that was had before; what it does not need is free at once.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub async fn take_in(&self, mut room: Room, delivery: Delivery) -> Result<(), Refused> {
        room.shrink(delivery.size());
        self.ask(room, |asked| writer::Command::Take(delivery, asked)).await
    }

    /// Lets events wait that are beyond what their sensor has reported; answers once that is durable. Where too much waits
    /// already, of their sensor or of all, they are let go: the sensor sends again what was not confirmed.
    ///
    /// # Errors
    /// When the database failed, or there is too much to do.
    pub async fn wait(&self, events: Vec<Waiting>) -> Result<(), Refused> {
        let before = events.len();
        let events = self.heads.fitting(events);
        if events.len() < before {
            tracing::warn!(events = before - events.len(), "too much waits already; let go");
        }
        let room = self.room(events.iter().map(|event| event.event.len()).sum()).await?;
        self.ask(room, |asked| writer::Command::Wait(events, asked)).await
    }

    async fn ask(&self, room: Room, command: impl FnOnce(writer::Asked) -> writer::Command) -> Result<(), Refused> {
        let (reply, outcome) = oneshot::channel();
        let command = command(writer::Asked { reply, room });
        self.deliveries.send_timeout(command, PATIENCE).await.map_err(|_| Refused::TooBusy)?;
        outcome.await.unwrap_or(Err(Refused::StorageFailed))
    }

    /// Takes how far a sensor's streams go, by its heartbeat: what waited up to there waits no longer.
    pub fn heard(&self, sensor: SensorId, heads: BTreeMap<StreamId, u64>) {
        if self.heads.report(sensor, heads) {
            let _ = self.deliveries.try_send(writer::Command::Heard(sensor)); // in a rush: the next heartbeat does it
        }
    }

    /// Whether a sensor has reported so high a number of a stream.
    #[must_use]
    pub fn reach(&self, sensor: SensorId, stream: StreamId, number: u64) -> bool {
        self.heads.reach(sensor, stream, number)
    }

    /// How many events of a sensor wait for it to report their numbers.
    #[must_use]
    pub fn waiting(&self, sensor: SensorId) -> u64 {
        self.heads.waiting(sensor)
    }

    /// What is stored durably of the streams that a sensor names.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn confirmations<'a>(
        &self,
        sensor: SensorId,
        streams: impl Iterator<Item = &'a StreamId>,
    ) -> Result<BTreeMap<StreamId, Confirmation>, Refused> {
        let streams: Vec<StreamId> = streams.copied().collect();
        let confirm = |ledger: &ledger::Ledger| {
            streams.iter().map(|stream| (*stream, ledger.confirmation(sensor, *stream))).collect()
        };
        self.look(sensor, confirm).await
    }

    /// What came of each stream of a sensor, the one heard of last first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn streams(&self, sensor: SensorId) -> Result<Vec<StreamView>, Refused> {
        self.look(sensor, |ledger| ledger.streams(sensor)).await
    }

    /// Looks at the marks of a sensor as last committed: in memory, where nobody else writes.
    async fn look<T>(&self, sensor: SensorId, look: impl FnOnce(&ledger::Ledger) -> T) -> Result<T, Refused> {
        if !self.readers.is_shared() {
            return Ok(look(&self.ledger.read()));
        }
        let read = ledger::Ledger::of(&self.readers, &[sensor]).await;
        read.map(|ledger| look(&ledger)).map_err(|error| failed(&error))
    }

    /// The row of the newest alert that is stored; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> watch::Receiver<i64> {
        self.newest.clone()
    }
}

/// A place in memory, given back when it is dropped.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Room {
    /// Gives back what is more than so many bytes.
    fn shrink(&mut self, bytes: usize) {
        let kept = usize::try_from(kibibytes(bytes)).unwrap_or(usize::MAX);
        drop(self.0.split(self.0.num_permits().saturating_sub(kept)));
    }
}

fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// The ledger as last committed: written by the writer alone, read by those who answer heartbeats. Held for a look.
#[derive(Debug, Clone)]
struct SharedLedger(Arc<RwLock<ledger::Ledger>>);

impl SharedLedger {
    fn new(ledger: ledger::Ledger) -> Self {
        Self(Arc::new(RwLock::new(ledger)))
    }

    fn read(&self) -> RwLockReadGuard<'_, ledger::Ledger> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut ledger::Ledger)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}
