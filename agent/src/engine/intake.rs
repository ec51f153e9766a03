//! The thread that takes a file's lines to the alert log. It ties the parts together, in the one order that is right:
//! read, look at the fence, learn of epochs, assign.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use picket_lifecycle::epochs::{EngineMark, EpochRecord};
use picket_protocol::ids::Epoch;
use tokio::sync::watch;

use super::{
    Shared,
    assign::{Assigner, Content, View},
    batch::{Batches, SAVE_AFTER, is_activated},
    follow::{Follower, Resumed, Step},
    health::Health,
    lines::Next,
    position::{Counts, Crossing, Fingerprint, Key, Point, Position},
    source::Source,
    wake::Wake,
};
use crate::{alert_log::LogError, clock};

/// How long the thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_secs(60);
/// How soon it looks again while the folder cannot be watched.
const UNWATCHED: Duration = Duration::from_secs(5);
/// How long it waits after the log took nothing.
const REFUSED: Duration = Duration::from_secs(1);
/// Progress without alerts that is saved at once.
const SAVE_BYTES: u64 = 16 * 1024 * 1024;

/// Why lines were not taken any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// The buffer holds no whole line.
    NeedsMore,
    /// The batch is full.
    Full,
    /// The fence holds the next line.
    Held,
}

pub(super) struct Intake {
    path: PathBuf,
    epochs: watch::Receiver<Arc<[EpochRecord]>>,
    shared: Arc<Shared>,
    wake: Wake,
    batches: Batches,
    health: Health,
    /// The file at the path while the sensor is unactivated: open, so that no other can be taken for it.
    waiting: Option<Source>,
    work: Option<Work>,
}

/// What there is to do once an epoch has begun.
struct Work {
    follower: Follower,
    assigner: Assigner,
    counts: Counts,
    /// Taken bytes, and the boot clock, at the last append.
    saved: (u64, Duration),
}

impl Intake {
    pub(super) fn new(
        path: &Path,
        epochs: watch::Receiver<Arc<[EpochRecord]>>,
        shared: Arc<Shared>,
        wake: Wake,
        batches: Batches,
    ) -> Self {
        let health = Health { last_record: clock::since_boot(), ..Health::default() };
        Self { path: path.to_owned(), epochs, shared, wake, batches, health, waiting: None, work: None }
    }

    pub(super) fn run(mut self) {
        // Here and not at the agent's start, which a file that hangs must not hold up.
        self.waiting = Source::open(&self.path, 0).ok();
        while !self.shared.stops() {
            let pause = match self.turn() {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::debug!(%error, "the alert log takes nothing: the input waits");
                    self.go_back();
                    REFUSED
                }
            };
            self.tell();
            if !pause.is_zero() && !self.shared.stops() {
                self.wake.wait(pause, &[]);
            }
        }
        if let Err(error) = self.save() {
            tracing::debug!(%error, "the input's last position was not saved: some lines are read again");
        }
    }

    /// Takes what is there; gives how long nothing needs to be done.
    fn turn(&mut self) -> Result<Duration, LogError> {
        self.shared.fence.answer(&self.path);
        let watched = self.path.parent().is_some_and(|folder| self.wake.watch_folder(folder));
        let idle = if watched { IDLE } else { UNWATCHED };
        let records = self.epochs.borrow_and_update().clone();
        if records.is_empty() {
            self.forget();
            return Ok(idle);
        }
        let mut work = match self.work.take() {
            Some(work) => work,
            None => self.begin(&records),
        };
        let done = self.run_down(&mut work);
        self.work = Some(work);
        done.map(|pause| pause.min(idle))
    }

    /// Unactivated, or erased: nothing is taken, and nothing of before is remembered.
    fn forget(&mut self) {
        if self.work.take().is_some() {
            self.batches.forget();
            self.shared.fence.set_open(Vec::new());
        }
        let found = Source::open(&self.path, 0);
        self.health.failure = found.as_ref().err().map(std::io::Error::kind);
        self.health.last_record = clock::since_boot();
        let is_kept = |kept: &Source, found: &Source| kept.key == found.key;
        if let Ok(found) = found
            && !self.waiting.as_ref().is_some_and(|kept| is_kept(kept, &found))
        {
            self.waiting = Some(found);
        }
    }

    /// Takes up the work where the log says, or where the first epoch begins.
    fn begin(&mut self, records: &Arc<[EpochRecord]>) -> Work {
        self.batches.forget();
        let mut follower = Follower::new(&self.path);
        let saved = self.batches.position();
        let first = saved.is_none();
        let Position { at, epoch, crossings, mut counts, .. } = saved.clone().unwrap_or_else(|| start_of(records));
        let Resumed { sure, missed } = follower.resume(&saved.unwrap_or_else(|| start_of(records)));
        if let Some(bytes) = missed {
            counts.miss(bytes);
            tracing::warn!(bytes, "output of the detection engine was rotated away unread");
        }
        let own = sure.then_some(at.key);
        let known = crossings.into_iter().map_while(|(crossing, seen)| recognized(&follower, crossing, &seen, own));
        let mut assigner = Assigner::new(epoch, known.collect());
        let mut waited = self.waiting.take().filter(|_| first);
        let waited = waited.as_mut().and_then(|kept| kept.look().is_ok_and(|same| same).then_some(kept.key));
        let was_open = |key: Key| waited.is_some_and(|waited| waited.is_file(key.device, key.inode));
        learn(&mut assigner, &mut follower, records, first, &|key| was_open(key) || (sure && key == at.key));
        self.open(&follower);
        let saved = (counts.bytes, clock::since_boot());
        Work { follower, assigner, counts, saved }
    }

    /// After the log took nothing: back to what is durable.
    fn go_back(&mut self) {
        self.batches.forget();
        let Some(mut work) = self.work.take() else { return };
        let Some(position) = self.batches.position() else { return };
        if work.follower.rewind(&position) {
            let records = work.assigner.records();
            let crossings = position.crossings.into_iter().map(|(crossing, _)| crossing);
            work.assigner = Assigner::new(position.epoch, crossings.collect());
            let sure = work.follower.is_intact();
            learn(&mut work.assigner, &mut work.follower, &records, false, &|_| sure);
            work.counts = position.counts;
            let _ = work.follower.notice();
            self.open(&work.follower);
            self.work = Some(work);
        }
    }

    /// Takes everything that is there, until the fence or the end.
    fn run_down(&mut self, work: &mut Work) -> Result<Duration, LogError> {
        while !self.shared.stops() {
            self.notice(work);
            self.shared.fence.answer(&self.path);
            // What is in the buffer was read before this look at the fence, and epochs are learnt after it: a commit
            // that is not among them was measured behind what is in the buffer.
            let limit = self.limit(work);
            self.learn(work)?;
            match self.take_lines(work, limit) {
                Stopped::Full => self.send(work)?,
                Stopped::Held => {
                    self.settle(work)?;
                    return Ok(IDLE);
                }
                Stopped::NeedsMore => match work.follower.step() {
                    Ok(Step::Read) => {}
                    Ok(Step::CaughtUp) => {
                        self.settle(work)?;
                        return Ok(IDLE);
                    }
                    Ok(Step::Over) if work.follower.at().is_none_or(|at| at.offset >= limit) => return Ok(IDLE),
                    Ok(Step::Over) => self.go_over(work),
                    Ok(Step::CutOff { old, new, unread }) => {
                        work.assigner.cut_off(old, new);
                        self.cut_off(work, unread);
                    }
                    Ok(Step::Copied { old, new }) => {
                        work.assigner.copied(old, new);
                        self.cut_off(work, 0);
                    }
                    Err(error) => {
                        self.health.failure = Some(error.kind());
                        self.settle(work)?;
                        return Ok(IDLE);
                    }
                },
            }
        }
        Ok(IDLE)
    }

    fn notice(&mut self, work: &mut Work) {
        let before = work.follower.newest().map(|source| source.key);
        self.health.failure = work.follower.notice().err().map(|error| error.kind());
        if work.follower.newest().map(|source| source.key) != before {
            self.open(&work.follower);
        }
    }

    /// Up to which offset lines of this content may be taken now.
    fn limit(&self, work: &Work) -> u64 {
        let Some(mark) = self.shared.fence.held_at() else { return u64::MAX };
        let EngineMark::File { device, inode, length } = mark else { return 0 };
        let measured = work.follower.newest_of(device, inode).and_then(|source| work.follower.order(source.key));
        match measured {
            Some(std::cmp::Ordering::Equal) => length,
            Some(std::cmp::Ordering::Greater) => u64::MAX,
            Some(std::cmp::Ordering::Less) | None => 0,
        }
    }

    fn learn(&mut self, work: &mut Work) -> Result<(), LogError> {
        let records = self.epochs.borrow_and_update().clone();
        if records.is_empty() || work.assigner.knows(&records) {
            return Ok(());
        }
        // The file that was measured may be newer than the last look.
        self.notice(work);
        // What is open now was open when the commit was measured, or came after it, unless it was cut off meanwhile.
        let sure = work.follower.is_intact();
        if learn(&mut work.assigner, &mut work.follower, &records, false, &|_| sure) {
            // A cut that is found later must not be taken for one before the commit.
            self.send(work)?;
        }
        Ok(())
    }

    fn take_lines(&mut self, work: &mut Work, limit: u64) -> Stopped {
        let Work { follower, assigner, counts, .. } = work;
        let now = clock::since_boot();
        while !self.batches.is_full() {
            let Some(at) = follower.at().filter(|at| at.offset < limit) else {
                return if follower.at().is_some() { Stopped::Held } else { Stopped::NeedsMore };
            };
            let assigned = assigner.assign(at, |key| follower.order(key));
            match follower.next_line() {
                Next::NeedsMore => return Stopped::NeedsMore,
                _ if !is_activated(assigned.epoch) => {}
                Next::TooLong => self.batches.pass_over(counts),
                Next::Line(line, _) => {
                    self.health.last_record = now;
                    self.batches.take(line, assigned, counts, &mut self.health.drops);
                }
            }
        }
        Stopped::Full
    }

    fn go_over(&mut self, work: &mut Work) {
        let Work { follower, assigner, counts, .. } = work;
        let Some(at) = follower.at() else { return };
        let assigned = assigner.assign(at, |key| follower.order(key));
        match follower.rest() {
            Some(_) if !is_activated(assigned.epoch) => {}
            Some(Next::Line(rest, _)) => self.batches.take_rest(rest, assigned, counts, &mut self.health.drops),
            Some(Next::TooLong) => self.batches.pass_over(counts),
            Some(Next::NeedsMore) | None => {}
        }
        if let Some((old, new)) = follower.go_over() {
            assigner.left(old, new);
            counts.rotations += 1;
        }
    }

    fn cut_off(&self, work: &mut Work, unread: u64) {
        work.counts.truncations += 1;
        if unread > 0 {
            work.counts.miss(unread);
            tracing::warn!(bytes = unread, "output of the detection engine was cut off unread");
        }
        self.open(&work.follower);
    }

    fn open(&self, follower: &Follower) {
        let files = follower.files();
        files.iter().for_each(|file| self.wake.watch_file(file));
        self.shared.fence.set_open(files);
    }

    /// Sends what was taken, and lets go of the files before what is durable.
    fn send(&mut self, work: &mut Work) -> Result<(), LogError> {
        let durable = self.batches.send(position(work), work.assigner.records())?;
        work.saved = (work.counts.bytes, clock::since_boot());
        if let Some(durable) = durable {
            work.follower.let_go_before(durable.at.key);
        }
        Ok(())
    }

    /// Nothing more is there: makes durable what was taken.
    fn settle(&mut self, work: &mut Work) -> Result<(), LogError> {
        let (bytes, at) = work.saved;
        let unsaved = work.counts.bytes - bytes;
        let late = unsaved > 0 && clock::since_boot().saturating_sub(at) >= SAVE_AFTER;
        if !self.batches.is_empty() || late || unsaved >= SAVE_BYTES {
            self.send(work)?;
        }
        if let Some(durable) = self.batches.settle()? {
            work.follower.let_go_before(durable.at.key);
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), LogError> {
        let Some(mut work) = self.work.take() else { return Ok(()) };
        if work.counts.bytes > work.saved.0 || !self.batches.is_empty() {
            self.send(&mut work)?;
        }
        self.batches.settle().map(drop)
    }

    fn tell(&mut self) {
        let (packets, alerts) = self.health.drops.counts();
        let mut counters = self.work.as_ref().map(|work| work.counts.by_name()).unwrap_or_default();
        counters.insert("engine-packets-dropped".into(), packets);
        counters.insert("engine-alerts-dropped".into(), alerts);
        self.shared.tell(self.health.code(clock::since_boot()), counters);
    }
}

/// Where the first epoch that is remembered begins.
fn start_of(records: &[EpochRecord]) -> Position {
    let at = match records.first().map(|record| record.boundary) {
        Some(EngineMark::File { device, inode, length }) => {
            Point { key: Key { device, inode, generation: 0 }, offset: length }
        }
        Some(EngineMark::Unknown | EngineMark::Socket) | None => Point::default(),
    };
    // If that file is gone, so is what was to be read of it; what was rotated away before is none of ours.
    Position { at, modified: i128::MAX, epoch: Epoch(0), ..Position::default() }
}

fn position(work: &Work) -> Position {
    let Work { follower, assigner, counts, .. } = work;
    let source = follower.current();
    let seen = |key| follower.content(key).map(Source::fingerprint).unwrap_or_default();
    let crossings = assigner.crossings().iter().map(|crossing| (*crossing, seen(crossing.from.key)));
    Position {
        at: follower.at().unwrap_or_default(),
        fingerprint: source.map(Source::fingerprint).unwrap_or_default(),
        skipping: follower.skipping(),
        // With no file there is nothing rotated away that would be ours.
        modified: source.map_or(i128::MAX, |source| source.modified),
        length: source.map_or(0, |source| source.length),
        epoch: assigner.current(),
        crossings: crossings.collect(),
        counts: counts.clone(),
    }
}

/// A crossing of before, in the content that it was known in; none if that is not there for sure.
pub(super) fn recognized(
    follower: &Follower,
    crossing: Crossing,
    seen: &Fingerprint,
    own: Option<Key>,
) -> Option<Crossing> {
    let Point { key, offset } = crossing.from;
    if own == Some(key) {
        return Some(crossing);
    }
    let source = follower.newest_of(key.device, key.inode)?;
    let same = crossing.doubt_from.is_none() && seen.length > 0 && source.goes_on_from(seen, offset);
    same.then_some(Crossing { from: Point { key: source.key, offset }, ..crossing })
}

/// True when one of the epochs is new.
fn learn(
    assigner: &mut Assigner,
    follower: &mut Follower,
    records: &Arc<[EpochRecord]>,
    first: bool,
    sure: &dyn Fn(Key) -> bool,
) -> bool {
    follower.look();
    let follower = &*follower;
    let end = follower.end().unwrap_or_default();
    let content = |device, inode| {
        let Source { key, length, .. } = *follower.newest_of(device, inode)?;
        let before = follower.before_newest_of(device, inode).map(|source| source.key);
        Some(Content { key, length, sure: sure(key), before })
    };
    let at = follower.at().unwrap_or_default();
    assigner.learn(records, &View { first, at, end, content: &content })
}
