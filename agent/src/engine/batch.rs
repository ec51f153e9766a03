//! Lines become alerts, alerts become batches, and batches go to the log one behind another: while one is made durable,
//! the next is read.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use picket_eve::Record;
use picket_lifecycle::epochs::EpochRecord;
use picket_protocol::{
    alerts::{MAX_RECORD, UnixMillis},
    ids::Epoch,
};

use super::{
    assign::Assigned,
    position::{Counts, Position},
    samples::Samples,
    stats::EngineDrops,
};
use crate::{
    alert_log::{AlertLog, LogError, NewAlert, NewAlerts, Pending},
    clock,
};

/// Most alerts, and about how many bytes of records, of one append.
const MAX_ALERTS: usize = 1_000;
const MAX_BYTES: usize = 512 * 1024;
/// Memory that a batch keeps for the next one: what one of usual records needs.
const MAX_KEPT: usize = 2 * MAX_BYTES;
/// Most appends on their way: one is being written, one waits for it.
const MAX_ON_THEIR_WAY: usize = 2;

/// A batch that the log has been given.
#[derive(Debug)]
struct OnItsWay {
    pending: Pending,
    /// Where the input goes on after it.
    position: Position,
    alerts: Arc<NewAlerts>,
}

/// What a batch needs to know of how lines are read.
#[derive(Debug)]
pub(super) struct Batches {
    log: AlertLog,
    anomalies: bool,
    alerts: NewAlerts,
    on_their_way: VecDeque<OnItsWay>,
    /// Memory of batches that are durable, for the next ones.
    spare: Vec<NewAlerts>,
    revision: u64,
    samples: Samples,
}

impl Batches {
    pub(super) fn new(log: AlertLog, anomalies: bool) -> Self {
        let revision = log.revision();
        let (alerts, on_their_way, spare) = (NewAlerts::default(), VecDeque::new(), Vec::new());
        Self { log, anomalies, alerts, on_their_way, spare, revision, samples: Samples::default() }
    }

    /// Takes a line of an activated sensor.
    pub(super) fn take(&mut self, line: &[u8], assigned: Assigned, counts: &mut Counts, drops: &mut EngineDrops) {
        counts.lines += 1;
        counts.bytes += super::lines::widen(line.len()) + 1;
        let record = picket_eve::read(line, self.anomalies);
        match record {
            Record::Alert { severity, at, text } => {
                counts.alerts += 1;
                debug_assert!(text.len() <= MAX_RECORD);
                let at = at.unwrap_or_else(|| UnixMillis(clock::wall().0.saturating_mul(1_000)));
                let Assigned { epoch, held } = assigned;
                self.alerts.push(NewAlert { epoch, held, severity, at }, text);
            }
            Record::Other => counts.not_alerts += 1,
            Record::Stats(stats) => {
                counts.not_alerts += 1;
                drops.take(stats, clock::since_boot());
            }
            Record::InvalidUtf8 => {
                counts.invalid_utf8 += 1;
                self.samples.show("not UTF-8", line);
            }
            Record::InvalidJson => {
                counts.invalid_json += 1;
                self.samples.show("not JSON", line);
            }
        }
    }

    /// Takes what stands at the end of a content without a line feed: a whole record whose line feed is missing counts.
    pub(super) fn take_rest(&mut self, rest: &[u8], assigned: Assigned, counts: &mut Counts, drops: &mut EngineDrops) {
        match picket_eve::read(rest, self.anomalies) {
            Record::InvalidJson | Record::InvalidUtf8 => {
                counts.partial += 1;
                self.samples.show("without its end", rest);
            }
            Record::Alert { .. } | Record::Stats(_) | Record::Other => self.take(rest, assigned, counts, drops),
        }
    }

    /// A line was too long.
    pub(super) fn pass_over(&mut self, counts: &mut Counts) {
        counts.too_long += 1;
        self.samples.show("too long", b"");
    }

    pub(super) const fn is_full(&self) -> bool {
        self.alerts.count() >= MAX_ALERTS || self.alerts.bytes() >= MAX_BYTES
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Sends the batch to the log; `position`: where the input goes on after it. Gives the last position that is durable
    /// by now, if another is.
    pub(super) fn send(
        &mut self,
        position: Position,
        epochs: Arc<[EpochRecord]>,
    ) -> Result<Option<Position>, LogError> {
        let mut durable = None;
        while self.on_their_way.len() >= MAX_ON_THEIR_WAY {
            durable = self.await_oldest()?;
        }
        let alerts = Arc::new(std::mem::replace(&mut self.alerts, self.spare.pop().unwrap_or_default()));
        let pending = self.log.start_append(Arc::clone(&alerts), position.encode(), epochs, Some(self.revision));
        self.revision += 1;
        self.on_their_way.push_back(OnItsWay { pending, position, alerts });
        Ok(durable)
    }

    /// Offers the batch and waits until it is durable; it stays here while the log does not take it.
    pub(super) fn offer(&mut self, position: &Position, epochs: Arc<[EpochRecord]>) -> Result<(), LogError> {
        let alerts = Arc::new(std::mem::take(&mut self.alerts));
        let result = self.log.append(Arc::clone(&alerts), position.encode(), epochs);
        self.alerts = Arc::unwrap_or_clone(alerts);
        if result.is_ok() {
            self.alerts.clear(MAX_KEPT);
        }
        result
    }

    /// Lets go of what the log does not take; says how many alerts that is.
    pub(super) fn give_up(&mut self) -> usize {
        let count = self.alerts.count();
        self.alerts.clear(MAX_KEPT);
        count
    }

    /// Waits until everything sent is durable. Gives the last position, if one was sent.
    pub(super) fn settle(&mut self) -> Result<Option<Position>, LogError> {
        let mut durable = None;
        while !self.on_their_way.is_empty() {
            durable = self.await_oldest()?;
        }
        // A quiet engine's agent keeps no memory for a storm.
        self.spare.clear();
        Ok(durable)
    }

    /// Forgets what is not durable: the input goes back to the log's position.
    pub(super) fn forget(&mut self) {
        // In order: each of them has failed or will, but for one that was made durable before.
        for batch in self.on_their_way.drain(..) {
            let _ = batch.pending.wait();
        }
        self.alerts.clear(MAX_KEPT);
        self.revision = self.log.revision();
    }

    /// Where the log says that the input goes on.
    pub(super) fn position(&self) -> Option<Position> {
        self.log.position().as_deref().and_then(Position::decode)
    }

    fn await_oldest(&mut self) -> Result<Option<Position>, LogError> {
        let Some(OnItsWay { pending, position, alerts }) = self.on_their_way.pop_front() else { return Ok(None) };
        pending.wait()?;
        if let Some(mut spare) = Arc::into_inner(alerts) {
            spare.clear(MAX_KEPT);
            self.spare.push(spare);
        }
        Ok(Some(position))
    }
}

/// Whether a line of this epoch is taken at all: before the first commit nothing is.
pub(super) const fn is_activated(epoch: Epoch) -> bool {
    epoch.0 > 0
}

/// How long progress without alerts may stay unsaved.
pub(super) const SAVE_AFTER: Duration = Duration::from_secs(60);
