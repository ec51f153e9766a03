//! The one thread that writes the log: takes what is queued as one transaction, answers after its commit, and keeps the
//! bounds in between.

use std::{
    collections::BTreeSet,
    sync::{Arc, mpsc},
    time::Duration,
};

use picket_lifecycle::epochs::EpochRecord;
use picket_protocol::{
    alerts::AlertId,
    ids::{Epoch, StreamId},
};
use rusqlite::TransactionBehavior;

use super::{
    append::{Block, Open},
    backing::{self, Log, Remains},
    book::Book,
    bounds::BlockKey,
    entry::{Bounds, ConsumerMarks, LogError, Place},
    facts::Shared,
    gathered::NewAlerts,
    oldest::find_oldest,
    pack::Packer,
    schema::integer,
};
use crate::{
    clock,
    store::{failure::Failure, reserve::Reserve},
};

/// How often the writer looks after the log while nobody asks for anything.
const TICK: Duration = Duration::from_secs(60);
/// As well, while the disk is full: whether there is room again.
const FULL_TICK: Duration = Duration::from_secs(5);
/// Most jobs, and most bytes of records, of one transaction.
const MAX_GROUP: usize = 64;
const MAX_GROUP_BYTES: usize = 4 * 1024 * 1024;
/// What a commit adds to the journal besides its records.
pub(super) const COMMIT_WEIGHT: usize = 32 * 1024;
/// A disk with less than this left is full, whatever the error says.
const LITTLE: u64 = 256 * 1024;

/// Tells whoever asked.
pub(super) type Reply = Box<dyn FnOnce(Result<(), LogError>) + Send>;

/// Something to write, and whom to tell once it is durable.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) reply: Reply,
}

pub(super) enum Work {
    Append {
        alerts: Arc<NewAlerts>,
        position: Vec<u8>,
        epochs: Arc<[EpochRecord]>,
        /// How many appends must have gone before.
        follows: Option<u64>,
    },
    SetConsumer {
        name: String,
        marks: ConsumerMarks,
    },
    SetPoisonAside {
        id: AlertId,
        why: String,
    },
    Retire(StreamId),
    Strand {
        consumer: String,
        epochs: BTreeSet<Epoch>,
    },
    Lacked {
        stream: StreamId,
        from: u64,
        to: u64,
    },
    Erase,
    /// A reader met corruption in the database of this generation.
    Distrust(u64),
}

impl Job {
    /// What was to be written is let go of first: whoever brought it may take it back.
    pub(super) fn answer(self, answer: Result<(), LogError>) {
        drop(self.work);
        (self.reply)(answer);
    }
}

impl Work {
    fn weight(&self) -> usize {
        match self {
            Self::Append { alerts, .. } => alerts.bytes(),
            _ => 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) bounds: Bounds,
    pub(super) shared: Arc<Shared>,
    pub(super) reserve: Reserve,
    pub(super) backing: Result<Log, LogError>,
    block: Block,
    pub(super) packer: Packer,
    /// The log's clock when it was opened, and the boot clock then.
    opened: (u64, Duration),
    pub(super) expired: u64,
    /// Where looking for what is too old goes on.
    pub(super) expiring: Option<BlockKey>,
    revision: u64,
    /// Bytes in the journal, about.
    pub(super) journal: usize,
    /// The health while nothing fails.
    pub(super) standing: &'static str,
    /// What the copy beside the database holds.
    pub(super) copied: Option<Remains>,
}

impl Writer {
    pub(super) fn open(shared: Arc<Shared>, bounds: Bounds) -> Self {
        let folder = shared.path.parent().unwrap_or(std::path::Path::new("/"));
        let size = (bounds.max_bytes / 16).clamp(256 * 1024, 16 * 1024 * 1024);
        let reserve = Reserve::at(folder.join("alerts.reserve"), integer(size));
        let mut writer = Self {
            bounds,
            shared,
            reserve,
            backing: Err(LogError::Failed("not open".into())),
            block: Block::default(),
            packer: Packer::default(),
            opened: (0, Duration::ZERO),
            expired: 0,
            expiring: None,
            revision: 0,
            journal: 0,
            standing: "ok",
            copied: None,
        };
        match writer.reopen() {
            Ok(()) => writer.replenish(),
            Err(error) => {
                tracing::error!(%error, "the alert log cannot be opened");
                writer.shared.say(health_of(&error));
            }
        }
        writer
    }

    /// Runs until nobody can ask for anything any more.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let (mut wait, mut ticked) = (self.pause(), clock::since_boot());
        loop {
            match jobs.recv_timeout(wait) {
                Ok(job) => self.serve(gather(job, jobs)),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if clock::since_boot().saturating_sub(ticked) >= self.pause() {
                ticked = clock::since_boot();
                self.tick();
            }
            wait = if self.keep_bounds() { Duration::ZERO } else { self.pause() };
        }
        self.checkpoint();
        self.copy();
    }

    fn pause(&self) -> Duration {
        if self.standing == "full" { FULL_TICK } else { TICK }
    }

    fn serve(&mut self, group: Vec<Job>) {
        let mut result = self.replace(&group).and_then(|()| self.attempt(&group));
        if result.as_ref().is_err_and(|failure| self.is_full(failure)) && self.reserve.is_there() {
            self.reserve.release();
            self.standing = "full";
            result = self.attempt(&group);
        }
        if let Err(Failure::Corrupt(why)) = &result {
            let why = why.clone();
            result = self.start_afresh(&why).and_then(|()| self.attempt(&group));
        }
        match result {
            Ok(answers) => {
                self.publish();
                group.into_iter().zip(answers).for_each(|(job, answer)| job.answer(answer));
            }
            Err(failure) => {
                let error = self.failed(&failure);
                group.into_iter().for_each(|job| job.answer(Err(error.clone())));
            }
        }
    }

    /// One transaction over everything in the group. After a failure the log is as it was.
    fn attempt(&mut self, group: &[Job]) -> Result<Vec<Result<(), LogError>>, Failure> {
        self.ensure_open()?;
        let mut revision = self.revision;
        let answers = self.transact(|open| group.iter().map(|job| apply(open, &job.work, &mut revision)).collect())?;
        self.revision = revision;
        self.journal += COMMIT_WEIGHT + self.packer.take_written();
        Ok(answers)
    }

    pub(super) fn transact<T>(&mut self, work: impl FnOnce(&mut Open<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        self.ensure_open()?;
        let now = self.now();
        let block_seconds = self.bounds.max_age.as_secs() / 32;
        let Ok(log) = &mut self.backing else { return Err(Failure::Other("not open".into())) };
        log.book.clock = now;
        let result = (|| {
            let transaction = log.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (book, block, packer) = (&mut log.book, &mut self.block, &mut self.packer);
            let done = work(&mut Open { connection: &transaction, book, block, packer, block_seconds })?;
            transaction.commit()?;
            Ok(done)
        })();
        if result.is_err() {
            // What was known by heart is not what stands there any more.
            self.block = Block::default();
            self.packer.forget();
            match Book::read(&log.connection) {
                Ok(book) => log.book = book,
                Err(failure) => self.backing = Err(LogError::Failed(failure.to_string())),
            }
        }
        result
    }

    /// The log's clock.
    pub(super) fn now(&self) -> u64 {
        self.opened.0 + clock::since_boot().saturating_sub(self.opened.1).as_secs()
    }

    fn ensure_open(&mut self) -> Result<(), Failure> {
        if self.backing.is_err()
            && let Err(error) = self.reopen()
        {
            self.backing = Err(error.clone());
            return Err(Failure::Other(error.to_string()));
        }
        Ok(())
    }

    /// Opens the database, or another in place of one that is corrupt.
    pub(super) fn reopen(&mut self) -> Result<(), LogError> {
        backing::refuse_newer(&self.shared.path)?;
        let mut opened = Log::open(&self.shared.path);
        if opened.as_ref().is_err_and(|failure| self.is_full(failure)) && self.reserve.is_there() {
            self.reserve.release();
            self.standing = "full";
            opened = Log::open(&self.shared.path);
        }
        match opened {
            Ok(log) => self.adopt(log),
            Err(Failure::Corrupt(why)) => {
                self.start_afresh(&why).map_err(|failure| LogError::Failed(failure.to_string()))?;
            }
            Err(failure) if self.is_full(&failure) => return Err(LogError::Full),
            Err(failure) => return Err(LogError::Failed(failure.to_string())),
        }
        self.publish();
        Ok(())
    }

    pub(super) fn start_afresh(&mut self, why: &str) -> Result<(), Failure> {
        // Closed before it is renamed: a close writes.
        let closed = std::mem::replace(&mut self.backing, Err(LogError::Failed(why.to_owned())));
        let known = closed.ok().map(|log| log.book);
        let log = Log::start_afresh(&self.shared.path, known.as_ref(), self.behind_all(), why)?;
        self.standing = "set-aside";
        self.shared.facts().generation += 1;
        self.adopt(log);
        Ok(())
    }

    /// The place after every one that this log's readers were told of.
    fn behind_all(&self) -> u64 {
        self.shared.head.borrow().0 + 1
    }

    fn adopt(&mut self, log: Log) {
        self.opened = (log.book.clock, clock::since_boot());
        self.expired = log.book.clock;
        self.expiring = None;
        self.block = Block::default();
        // Whoever appends must look first where this log stands.
        self.revision += 1;
        self.backing = Ok(log);
    }

    /// Puts another database in the place of one that is to be erased, or that a reader found damaged.
    fn replace(&mut self, group: &[Job]) -> Result<(), Failure> {
        let generation = self.shared.facts().generation;
        if group.iter().any(|job| matches!(job.work, Work::Erase)) {
            return self.erase();
        }
        if group.iter().any(|job| matches!(job.work, Work::Distrust(of) if of == generation)) {
            return self.start_afresh("a reader met a damaged page");
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), Failure> {
        let closed = std::mem::replace(&mut self.backing, Err(LogError::Failed("erased".into())));
        let next = closed.map_or(1, |log| log.book.next);
        let log = Log::erase(&self.shared.path, next.max(self.behind_all()))?;
        self.standing = "ok";
        self.shared.facts().generation += 1;
        self.adopt(log);
        Ok(())
    }

    /// Tells everybody what is durable now.
    pub(super) fn publish(&mut self) {
        let Ok(log) = &mut self.backing else { return };
        if let Err(failure) = find_oldest(&log.connection, &mut log.book) {
            tracing::debug!(%failure, "the oldest undelivered alert cannot be read");
        }
        if self.shared.say(self.standing) {
            tracing::info!(health = self.standing, "the alert log can be written");
        }
        let mut facts = self.shared.facts();
        facts.revision = self.revision;
        facts.take_over(&log.book);
        drop(facts);
        self.shared.head.send_replace(Place(log.book.head()));
    }

    pub(super) fn failed(&mut self, failure: &Failure) -> LogError {
        let error = match &self.backing {
            Err(error @ (LogError::Newer { .. } | LogError::Full)) => error.clone(),
            _ if self.is_full(failure) => LogError::Full,
            _ => LogError::Failed(failure.to_string()),
        };
        let health = health_of(&error);
        if self.shared.say(health) {
            tracing::error!(%failure, health, "the alert log cannot be written");
        }
        error
    }

    /// SQLite names a full disk in several ways.
    fn is_full(&self, failure: &Failure) -> bool {
        let folder = self.shared.path.parent().unwrap_or(std::path::Path::new("/"));
        let little_left = || {
            let left = nix::sys::statvfs::statvfs(folder);
            left.is_ok_and(|left| left.blocks_available().saturating_mul(left.fragment_size()) < LITTLE)
        };
        match failure {
            Failure::Full(_) => true,
            Failure::Other(_) => little_left(),
            Failure::Corrupt(_) | Failure::ReadOnly(_) | Failure::InUse => false,
        }
    }
}

/// What else is queued already goes into the same transaction.
fn gather(first: Job, jobs: &mpsc::Receiver<Job>) -> Vec<Job> {
    let mut bytes = first.work.weight();
    let mut group = vec![first];
    while group.len() < MAX_GROUP && bytes < MAX_GROUP_BYTES {
        let Ok(job) = jobs.try_recv() else { break };
        bytes += job.work.weight();
        group.push(job);
    }
    group
}

/// The inner result is the job's own; a failure is everybody's.
fn apply(open: &mut Open<'_>, work: &Work, revision: &mut u64) -> Result<Result<(), LogError>, Failure> {
    match work {
        Work::Append { follows: Some(follows), .. } if follows != revision => Ok(Err(LogError::OutOfOrder)),
        Work::Append { alerts, position, epochs, .. } => {
            open.append(alerts, position, epochs)?;
            *revision += 1;
            Ok(Ok(()))
        }
        Work::SetConsumer { name, marks } => open.set_consumer(name, marks).map(Ok),
        Work::SetPoisonAside { id, why } => open.set_poison_aside(*id, why),
        Work::Retire(stream) => open.retire(*stream).map(Ok),
        Work::Strand { consumer, epochs } => open.strand(consumer, epochs).map(Ok),
        Work::Lacked { stream, from, to } => open.lacked(*stream, *from, *to).map(Ok),
        Work::Erase | Work::Distrust(_) => Ok(Ok(())),
    }
}

const fn health_of(error: &LogError) -> &'static str {
    match error {
        LogError::Full => "full",
        LogError::Newer { .. } => "newer-state",
        LogError::OutOfOrder | LogError::NoSuchAlert(_) | LogError::Failed(_) => "storage-failed",
    }
}
