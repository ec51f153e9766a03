//! Under which epoch a line was detected: by its position in the input, never by when it was read. In doubt, the more
//! restrictive epoch. Pure.

use std::{cmp::Ordering, sync::Arc};

use picket_lifecycle::epochs::{EngineMark, EpochRecord, Routing};
use picket_protocol::ids::Epoch;

use super::position::{Crossing, Key, Point};

/// What a line gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) epoch: Epoch,
    /// Nobody can say which of two owners it belongs to.
    pub(super) held: bool,
}

/// Epochs over the input, from where it stands on.
#[derive(Debug, Clone)]
pub(super) struct Assigner {
    records: Arc<[EpochRecord]>,
    current: Epoch,
    crossings: Vec<Crossing>,
}

/// What is known of the contents when an epoch is learnt of.
pub(super) struct View<'a> {
    /// No epoch was ever learnt of here.
    pub(super) first: bool,
    /// Where the input stands.
    pub(super) at: Point,
    /// The end of what is there.
    pub(super) end: Point,
    /// The newest content of a file by device and inode.
    pub(super) content: &'a dyn Fn(u64, u64) -> Option<Content>,
}

/// A content in which an epoch may begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub(super) key: Key,
    pub(super) length: u64,
    /// It is for sure the one that was measured.
    pub(super) sure: bool,
    /// The content before it in the same file, if it is still being read: it may as well be the one that was measured.
    pub(super) before: Option<Key>,
}

impl Assigner {
    pub(super) fn new(current: Epoch, crossings: Vec<Crossing>) -> Self {
        Self { records: Vec::new().into(), current, crossings }
    }

    /// The epoch of the last line assigned.
    pub(super) const fn current(&self) -> Epoch {
        self.current
    }

    pub(super) fn crossings(&self) -> &[Crossing] {
        &self.crossings
    }

    pub(super) fn records(&self) -> Arc<[EpochRecord]> {
        Arc::clone(&self.records)
    }

    /// Whether this list holds epochs that were not learnt.
    pub(super) fn knows(&self, records: &Arc<[EpochRecord]>) -> bool {
        Arc::ptr_eq(&self.records, records) || *self.records == **records
    }

    /// Learns of epochs. True when one of them is new.
    pub(super) fn learn(&mut self, records: &Arc<[EpochRecord]>, view: &View<'_>) -> bool {
        self.records = Arc::clone(records);
        let last = self.crossings.last().map_or(self.current, |crossing| crossing.epoch);
        let mut first = view.first;
        for record in records.iter().filter(|record| record.epoch > last) {
            self.crossings.push(view.crossing(record, std::mem::take(&mut first)));
        }
        self.crossings.last().is_some_and(|crossing| crossing.epoch > last)
    }

    /// The epoch of a line that starts at `at`. `order`: how a content stands to the one that `at` is in.
    pub(super) fn assign(&mut self, at: Point, order: impl Fn(Key) -> Option<Ordering>) -> Assigned {
        let certain = Assigned { epoch: self.current, held: false };
        if self.crossings.is_empty() {
            return certain;
        }
        let reached = |point: Point| match order(point.key) {
            Some(Ordering::Less) | None => true,
            Some(Ordering::Equal) => at.offset >= point.offset,
            Some(Ordering::Greater) => false,
        };
        let passed = self.crossings.iter().take_while(|crossing| reached(crossing.from)).count();
        if let Some(last) = self.crossings.drain(..passed).next_back() {
            self.current = last.epoch;
        }
        let mut assigned = Assigned { epoch: self.current, held: false };
        for crossing in self.crossings.iter().take_while(|crossing| crossing.doubt_from.is_some_and(reached)) {
            assigned = self.restrict(assigned, crossing.epoch);
        }
        assigned
    }

    /// A content is over: what begins in it has begun.
    pub(super) fn left(&mut self, old: Key, new: Key) {
        self.moved(old, Point { key: new, offset: 0 }, |_, begin| begin);
    }

    /// A content was cut off unread. A boundary in it may have been measured after the cut: up to its length there is
    /// doubt.
    pub(super) fn cut_off(&mut self, old: Key, new: Key) {
        let begin = Point { key: new, offset: 0 };
        for crossing in self.crossings.iter_mut().filter(|crossing| crossing.from.key == old) {
            crossing.doubt_from = Some(begin);
            crossing.from.key = new;
        }
        self.moved(old, begin, |point, _| point);
    }

    /// A content was cut off, and what was unread of it comes from a copy. A boundary that was measured for sure before
    /// the cut stays; another may lie in the copy or in what follows it.
    pub(super) fn copied(&mut self, old: Key, new: Key) {
        let doubtful = |crossing: &&mut Crossing| crossing.from.key == old && crossing.doubt_from.is_some();
        self.crossings.iter_mut().filter(doubtful).for_each(|crossing| crossing.from.key = new);
    }

    /// What begins anywhere has begun here at the latest.
    pub(super) fn certain_from(&mut self, at: Point) {
        self.crossings.iter_mut().for_each(|crossing| crossing.from = at);
    }

    fn moved(&mut self, old: Key, begin: Point, to: impl Fn(Point, Point) -> Point) {
        for crossing in &mut self.crossings {
            if crossing.from.key == old {
                crossing.from = to(crossing.from, begin);
            }
            if let Some(doubt) = crossing.doubt_from.as_mut().filter(|doubt| doubt.key == old) {
                *doubt = begin;
            }
        }
    }

    /// The more restrictive of what was assigned and the next epoch.
    fn restrict(&self, assigned: Assigned, next: Epoch) -> Assigned {
        let record = |epoch| self.records.iter().find(|record| record.epoch == epoch);
        // Of an epoch that nobody remembers nothing is sent anywhere.
        let (Some(older), Some(newer)) = (record(assigned.epoch), record(next)) else { return assigned };
        let (epoch, reach) = match reach(older).cmp(&reach(newer)) {
            Ordering::Less => (older.epoch, reach(older)),
            Ordering::Equal | Ordering::Greater => (newer.epoch, reach(newer)),
        };
        if assigned.held || (reach > 0 && older.owner != newer.owner) {
            return Assigned { epoch: older.epoch, held: true };
        }
        Assigned { epoch, held: false }
    }
}

/// How far alerts of an epoch go: nowhere, to a console on the premises, to a cloud.
const fn reach(record: &EpochRecord) -> u8 {
    match record.routing {
        Routing::Deactivated | Routing::LocallyManaged { paired: false } => 0,
        Routing::LocallyManaged { paired: true } => 1,
        Routing::CloudConnected => 2,
    }
}

impl View<'_> {
    /// `first`: the first epoch that is ever learnt of.
    fn crossing(&self, record: &EpochRecord, first: bool) -> Crossing {
        let epoch = record.epoch;
        // What was not there when it began was made later.
        let anywhere =
            || if first { Crossing { epoch, doubt_from: None, from: self.at } } else { self.anywhere(epoch) };
        let EngineMark::File { device, inode, length } = record.boundary else { return anywhere() };
        let Some(Content { key, length: now, sure, before }) = (self.content)(device, inode) else {
            return anywhere();
        };
        let from = Point { key, offset: length };
        match before {
            Some(before) => Crossing { epoch, doubt_from: Some(Point { key: before, offset: length }), from },
            None if sure => Crossing { epoch, doubt_from: None, from },
            // Shorter than it was: all of it was written later.
            None if now < length => Crossing { epoch, doubt_from: None, from: Point { key, offset: 0 } },
            None => Crossing { epoch, doubt_from: Some(self.first_in(key)), from },
        }
    }

    /// Somewhere in what is there now.
    const fn anywhere(&self, epoch: Epoch) -> Crossing {
        Crossing { epoch, doubt_from: Some(self.at), from: self.end }
    }

    /// The first point of a content that is not taken yet.
    fn first_in(&self, key: Key) -> Point {
        if self.at.key == key { self.at } else { Point { key, offset: 0 } }
    }
}
