//! The agent's durable, bounded store of alerts: one SQLite database apart from the control state.
//!
//! Accepted means durable here. Knows neither where alerts come from nor where they go.

mod append;
mod backing;
mod book;
mod bounds;
mod entry;
mod facts;
mod gathered;
mod hours;
mod oldest;
mod pack;
mod read;
mod reader;
mod runs;
mod schema;
mod skips;
#[cfg(test)]
mod tests;
mod upkeep;
mod verify;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
};

pub use picket_lifecycle::delivery::{Acknowledged, Marks as ConsumerMarks, Place};
use picket_lifecycle::epochs::EpochRecord;
use picket_protocol::{
    alerts::{AlertId, UnixMillis},
    heartbeat::{Confirmation, SensorStatus, StreamTotals},
    ids::{Epoch, StreamId},
};
use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::{oneshot, watch};

pub use self::{
    book::{console_consumer, hub_consumer},
    entry::{Bounds, Chunk, Entry, ListFilter, LogError, LoggedAlert, Verification, VerifiedStream},
    gathered::{NewAlert, NewAlerts},
    hours::HourCount,
};
use self::{
    facts::{Shared, StreamFacts},
    writer::{Job, Reply, Work, Writer},
};
use crate::store::failure::Failure;

/// Most jobs that wait for the writer; whoever brings another waits too.
const MAX_QUEUED: usize = 64;

/// A handle of the alert log. The last one that is dropped waits for the writer to end.
#[derive(Debug, Clone)]
pub struct AlertLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Thread>,
}

#[derive(Debug)]
struct Thread {
    jobs: Option<mpsc::SyncSender<Job>>,
    running: Option<JoinHandle<()>>,
}

/// An append that is on its way.
#[derive(Debug)]
pub struct Pending(mpsc::Receiver<Result<(), LogError>>);

impl Pending {
    /// Waits until the alerts are durable. Blocks.
    ///
    /// # Errors
    /// See [`LogError`]; nothing of this append is in the log then.
    pub fn wait(self) -> Result<(), LogError> {
        self.0.recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl AlertLog {
    /// Opens the log in a folder. Never fails: what is corrupt is set aside, what cannot be opened is tried again at
    /// each write. Does not grow with the log.
    #[must_use]
    pub fn open(folder: &Path, bounds: Bounds) -> Self {
        let shared = Arc::new(Shared::new(schema::database_in(folder)));
        let writer = Writer::open(Arc::clone(&shared), bounds);
        let (jobs, queue) = mpsc::sync_channel(MAX_QUEUED);
        let running = thread::Builder::new().name("alert-log".into()).spawn(move || writer.run(&queue));
        let running = running.inspect_err(|error| tracing::error!(%error, "no thread for the alert log")).ok();
        let thread = Mutex::new(Thread { jobs: running.is_some().then_some(jobs), running });
        Self(Arc::new(Inner { shared, thread }))
    }

    /// Appends alerts, and the point from which the input goes on after them, in one transaction. Blocks until both are
    /// durable.
    ///
    /// # Errors
    /// See [`LogError`]; nothing of it is in the log then.
    pub fn append(
        &self,
        alerts: Arc<NewAlerts>,
        position: Vec<u8>,
        epochs: Arc<[EpochRecord]>,
    ) -> Result<(), LogError> {
        self.start_append(alerts, position, epochs, None).wait()
    }

    /// Starts an append and does not wait for it, so that the next can be prepared meanwhile. `follows` says how many
    /// appends must have gone before ([`Self::revision`]): when one fails, those after it fail too. Whoever has waited is
    /// the only one left who holds the alerts.
    #[must_use]
    pub fn start_append(
        &self,
        alerts: Arc<NewAlerts>,
        position: Vec<u8>,
        epochs: Arc<[EpochRecord]>,
        follows: Option<u64>,
    ) -> Pending {
        let (reply, answer) = mpsc::sync_channel(1);
        // Whoever does not wait does not want to know.
        let reply = Box::new(move |result| drop(reply.send(result)));
        self.queue(Work::Append { alerts, position, epochs, follows }, reply);
        Pending(answer)
    }

    /// How many appends this log took since it was opened.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.0.shared.facts().revision
    }

    /// Where the input goes on: what the last durable append said.
    #[must_use]
    pub fn position(&self) -> Option<Vec<u8>> {
        self.0.shared.facts().position.clone()
    }

    /// What stands after a place of these epochs, and how far was looked. At least one entry, if there is one. It is in the
    /// consumer's hands from now on: not dropped until it is delivered, or [`Self::take_back`].
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn read(
        &self,
        consumer: &str,
        epochs: &BTreeSet<Epoch>,
        after: Place,
        max_bytes: usize,
        max_count: usize,
    ) -> Result<Chunk, LogError> {
        let (epochs, shared, consumer) = (epochs.clone(), Arc::clone(&self.0.shared), consumer.to_owned());
        self.reading(move |connection| {
            // Nobody knows yet how far this goes: until then nothing is dropped.
            shared.hand_out(&consumer, u64::MAX);
            let chunk = read::chunk(connection, &epochs, after, max_bytes, max_count);
            shared.hand_out(&consumer, chunk.as_ref().map_or(after, |chunk| chunk.examined).0);
            chunk
        })
        .await
    }

    /// What a consumer read, and did not deliver, is not in its hands any more.
    pub async fn take_back(&self, consumer: &str) {
        let (log, consumer) = (self.clone(), consumer.to_owned());
        // The writer may be dropping, and nothing else shall stand still for that.
        let _ = tokio::task::spawn_blocking(move || log.0.shared.take_back(&consumer)).await;
    }

    /// Numbers of a stream again. What was removed since comes as a skip.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn range(&self, stream: StreamId, from: u64, to: u64, max_bytes: usize) -> Result<Vec<Entry>, LogError> {
        self.reading(move |connection| read::range(connection, stream, from, to, max_bytes)).await
    }

    /// The portal lacks these numbers: what was let go of among them, since they had been delivered, is dropped after all.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn lacked(&self, stream: StreamId, from: u64, to: u64) -> Result<(), LogError> {
        self.writing(Work::Lacked { stream, from, to }).await
    }

    /// How far a consumer is; nowhere, if it is new.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn consumer(&self, name: &str) -> Result<ConsumerMarks, LogError> {
        let name = name.to_owned();
        self.reading(move |connection| marks(connection, &name)).await
    }

    /// Moves a consumer's marks, durably.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn set_consumer(&self, name: &str, marks: &ConsumerMarks) -> Result<(), LogError> {
        self.writing(Work::SetConsumer { name: name.to_owned(), marks: marks.clone() }).await
    }

    /// Leaves a record that a hub refuses for good out of delivery. It stays in the log, exportable.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn set_aside_poison(&self, id: AlertId, why: &str) -> Result<(), LogError> {
        tracing::warn!(%id, why, "a hub refuses a record for good: it stays here");
        self.writing(Work::SetPoisonAside { id, why: why.to_owned() }).await
    }

    /// Lists alerts, those that are held or aside included.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn list(&self, filter: &ListFilter) -> Result<Vec<LoggedAlert>, LogError> {
        let filter = filter.clone();
        self.reading(move |connection| read::list(connection, &filter)).await
    }

    /// How many alerts were detected since, by hour and severity, at most 31 days.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn hours(&self, from: UnixMillis) -> Result<Vec<HourCount>, LogError> {
        self.reading(move |connection| hours::since(connection, from)).await
    }

    /// Walks over the whole log and proves that no number is missing. Reads all of it.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn verify(&self) -> Result<Verification, LogError> {
        self.reading(verify::verify).await
    }

    /// Retires a stream of which an upstream knows numbers that this log never gave: what is not delivered of it, and
    /// what is still to come of its epoch, is numbered in a new stream. Places stay.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn new_stream(&self, stream: StreamId) -> Result<(), LogError> {
        self.writing(Work::Retire(stream)).await
    }

    /// A consumer is to have alerts of these epochs from now on: what it does not have of others goes to nobody any more,
    /// numbered in a stream of its own, so that nobody takes it for delivered. It stays exportable.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn strand(&self, consumer: &str, epochs: &BTreeSet<Epoch>) -> Result<(), LogError> {
        let known = self.0.shared.facts().streams.iter().any(|stream| !epochs.contains(&stream.epoch));
        if !known {
            return Ok(());
        }
        self.writing(Work::Strand { consumer: consumer.to_owned(), epochs: epochs.clone() }).await
    }

    /// Erases every alert, mark and position, and every log set aside before. For a sensor that is erased.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn erase(&self) -> Result<(), LogError> {
        self.writing(Work::Erase).await
    }

    /// How many alerts of each epoch no consumer has, those held or aside not counted.
    ///
    /// # Errors
    /// See [`LogError`].
    pub async fn undelivered(&self) -> Result<BTreeMap<Epoch, u64>, LogError> {
        self.reading(read::undelivered).await
    }

    /// The last place, as it moves.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<Place> {
        self.0.shared.head.subscribe()
    }

    /// Totals of the newest 64 streams. For the sensor's own eyes: a heartbeat takes [`Self::totals_of`].
    #[must_use]
    pub fn totals(&self) -> BTreeMap<StreamId, StreamTotals> {
        self.totals_where(|_| true)
    }

    /// Totals of the newest 64 streams of these epochs: an upstream learns nothing of others.
    #[must_use]
    pub fn totals_of(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals> {
        self.totals_where(|stream| epochs.contains(&stream.epoch))
    }

    /// The stream of these epochs of which an upstream knows numbers that this log never gave, if there is one. Of one that
    /// was retired it always does.
    #[must_use]
    pub fn outrun(
        &self,
        epochs: &BTreeSet<Epoch>,
        confirmations: &BTreeMap<StreamId, Confirmation>,
    ) -> Option<StreamId> {
        let facts = self.0.shared.facts();
        let is_current = |of: &&StreamFacts| {
            let newest = facts.streams.iter().rfind(|stream| stream.epoch == of.epoch);
            newest.is_some_and(|newest| newest.id == of.id)
        };
        let outrun = |of: &&StreamFacts| confirmations.get(&of.id).is_some_and(|word| of.head < word.up_to);
        let mut theirs = facts.streams.iter().filter(|stream| epochs.contains(&stream.epoch));
        theirs.find(|stream| outrun(stream) && is_current(stream)).map(|stream| stream.id)
    }

    /// How many numbers of other epochs than these are not delivered.
    #[must_use]
    pub fn undelivered_but(&self, epochs: &BTreeSet<Epoch>) -> u64 {
        let facts = self.0.shared.facts();
        let others = facts.streams.iter().filter(|stream| !epochs.contains(&stream.epoch)).map(StreamFacts::totals);
        others.map(|totals| totals.head.saturating_sub(totals.delivered)).sum()
    }

    /// Counters by name: what was logged, dropped by reason, logs set aside.
    #[must_use]
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.0.shared.facts().counters()
    }

    /// `ok`, `full`, `set-aside`, `newer-state` or `storage-failed`.
    #[must_use]
    pub fn health(&self) -> &'static str {
        *self.0.shared.health.borrow()
    }

    /// [`Self::health`], as it changes.
    #[must_use]
    pub fn watch_health(&self) -> watch::Receiver<&'static str> {
        self.0.shared.health.subscribe()
    }

    fn totals_where(&self, wanted: impl Fn(&StreamFacts) -> bool) -> BTreeMap<StreamId, StreamTotals> {
        let facts = self.0.shared.facts();
        let newest = facts.streams.iter().rev().filter(|stream| wanted(stream)).take(SensorStatus::MAX_STREAMS);
        newest.map(|stream| (stream.id, stream.totals())).collect()
    }

    fn queue(&self, work: Work, reply: Reply) {
        let jobs = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).jobs.clone();
        match jobs.map(|jobs| jobs.send(Job { work, reply })) {
            Some(Ok(())) => {}
            Some(Err(mpsc::SendError(job))) => job.answer(Err(gone())),
            None => {}
        }
    }

    async fn writing(&self, work: Work) -> Result<(), LogError> {
        let (reply, answer) = oneshot::channel();
        let log = self.clone();
        let queued =
            tokio::task::spawn_blocking(move || log.queue(work, Box::new(move |result| drop(reply.send(result)))));
        queued.await.map_err(|error| LogError::Failed(error.to_string()))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, LogError> {
        let log = self.clone();
        let read = tokio::task::spawn_blocking(move || log.0.shared.reader.read(&log.0.shared, work)).await;
        let (generation, failure) = match read {
            Ok(Ok(read)) => return Ok(read),
            Ok(Err(failed)) => failed,
            Err(error) => return Err(LogError::Failed(error.to_string())),
        };
        if matches!(failure, Failure::Corrupt(_)) {
            // The answer is the same whatever becomes of it.
            let _ = self.writing(Work::Distrust(generation)).await;
        }
        Err(LogError::Failed(failure.to_string()))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Ok(thread) = self.thread.get_mut() else { return };
        drop(thread.jobs.take());
        if let Some(running) = thread.running.take() {
            // A panic of the writer was told by its own thread.
            let _ = running.join();
        }
    }
}

fn marks(connection: &Connection, name: &str) -> Result<ConsumerMarks, Failure> {
    let mut select = connection.prepare_cached("SELECT marks FROM consumers WHERE name = ?1")?;
    let text: Option<String> = select.query_row([name], |row| row.get(0)).optional()?;
    let marks = text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(marks.map_err(|error| Failure::Corrupt(error.to_string()))?.unwrap_or_default())
}

fn gone() -> LogError {
    LogError::Failed("its writer has ended".into())
}
