//! Reading the log: what a consumer meets, what is sent again, what people list. Each read sees one state of the log.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use picket_protocol::{
    alerts::{AlertId, Severity, Skip},
    ids::{Epoch, StreamId},
};
use rusqlite::{Connection, Transaction};

use super::{
    book::{Book, Segment},
    entry::{Chunk, Entry, ListFilter, LoggedAlert, Place},
    pack::{Fact, Run},
    runs::{self, Order},
    skips::{self, Stretch},
};
use crate::store::failure::Failure;

/// Most alerts that one listing gives.
const MAX_LISTED: usize = 1_000;
/// Most bytes of records that one listing gives.
const MAX_LISTED_BYTES: usize = 4 * 1024 * 1024;
/// Places that are looked through at a time: bounds the stretches in memory.
const WINDOW: u64 = 1024;
/// What an entry weighs apart from its record: the envelope around it.
const ENTRY_WEIGHT: usize = 256;

/// See [`super::AlertLog::read`].
pub(super) fn chunk(
    connection: &mut Connection,
    epochs: &BTreeSet<Epoch>,
    after: Place,
    max_bytes: usize,
    max_count: usize,
) -> Result<Chunk, Failure> {
    let (transaction, book) = snapshot(connection)?;
    let head = book.head();
    let mut reading = Reading::new(&transaction, max_bytes, max_count);
    let mut examined = after.0;
    for (segment, last) in book.stretches() {
        if last <= examined {
            continue;
        }
        let from = segment.first.max(examined + 1);
        let stream = book.stream(segment.stream);
        examined = match stream.filter(|stream| epochs.contains(&stream.epoch)) {
            Some(stream) => reading.walk(Numbered { segment, stream: stream.id, epoch: stream.epoch }, from, last)?,
            None => last,
        };
        if examined < last {
            break;
        }
    }
    Ok(Chunk { entries: reading.entries, examined: Place(examined), more: examined < head })
}

/// See [`super::AlertLog::range`].
pub(super) fn range(
    connection: &mut Connection,
    id: StreamId,
    from: u64,
    to: u64,
    max_bytes: usize,
) -> Result<Vec<Entry>, Failure> {
    let (transaction, book) = snapshot(connection)?;
    let mut reading = Reading::new(&transaction, max_bytes, usize::MAX);
    for (segment, last) in book.stretches() {
        let Some(stream) = book.stream(segment.stream).filter(|stream| stream.id == id) else { continue };
        let Some((first, last)) = segment.run(last, from, to) else { continue };
        let numbered = Numbered { segment, stream: id, epoch: stream.epoch };
        if reading.walk(numbered, first, last)? < last {
            break;
        }
    }
    Ok(reading.entries)
}

/// See [`super::AlertLog::list`].
pub(super) fn list(connection: &mut Connection, filter: &ListFilter) -> Result<Vec<LoggedAlert>, Failure> {
    let (transaction, book) = snapshot(connection)?;
    let order = if filter.after.is_some() { Order::OldestFirst } else { Order::NewestFirst };
    let first = filter.after.map_or(0, |place| place.0).saturating_add(1);
    let last = filter.before.map_or(u64::MAX, |place| place.0).saturating_sub(1);
    let lowest = filter.at_least.unwrap_or(Severity::Informational).number();
    let (mut listed, mut bytes) = (Vec::new(), 0);
    runs::walk(&transaction, (first, last), order, |run| {
        for fact in order.of(run.between((first, last))).filter(|fact| fact.severity.number() <= lowest) {
            let Some(numbered) = Numbered::at(&book, fact.place) else { continue };
            if filter.epochs.as_ref().is_some_and(|epochs| !epochs.contains(&numbered.epoch)) {
                continue;
            }
            let alert = numbered.alert(run, fact)?;
            bytes += alert.record.len();
            listed.push(alert);
            if listed.len() >= filter.limit.min(MAX_LISTED) || bytes > MAX_LISTED_BYTES {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(listed)
}

/// See [`super::AlertLog::undelivered`].
pub(super) fn undelivered(connection: &mut Connection) -> Result<BTreeMap<Epoch, u64>, Failure> {
    let (transaction, book) = snapshot(connection)?;
    let mut by_epoch = BTreeMap::new();
    for (segment, last) in book.stretches() {
        let Some(stream) = book.stream(segment.stream) else { continue };
        let first = segment.first.max(book.mark(stream) + 1);
        if first <= last {
            let gone = skips::covered(&transaction, first, last)?;
            *by_epoch.entry(stream.epoch).or_default() += last - first + 1 - gone;
        }
    }
    by_epoch.retain(|_, count| *count > 0);
    Ok(by_epoch)
}

/// The log as it is now, for as long as the transaction lives.
pub(super) fn snapshot(connection: &mut Connection) -> Result<(Transaction<'_>, Book), Failure> {
    let transaction = connection.transaction()?;
    let book = Book::read(&transaction)?;
    Ok((transaction, book))
}

/// A segment with the names of what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    segment: Segment,
    stream: StreamId,
    epoch: Epoch,
}

impl Numbered {
    fn at(book: &Book, place: u64) -> Option<Self> {
        let index = book.segments.partition_point(|segment| segment.first <= place).checked_sub(1)?;
        let segment = book.segments[index];
        let stream = book.stream(segment.stream)?;
        Some(Self { segment, stream: stream.id, epoch: stream.epoch })
    }

    const fn number(&self, place: u64) -> u64 {
        self.segment.number + (place - self.segment.first)
    }

    fn alert(&self, run: &Run<'_>, fact: &Fact) -> Result<LoggedAlert, Failure> {
        Ok(LoggedAlert {
            place: Place(fact.place),
            id: AlertId { stream: self.stream, number: self.number(fact.place) },
            epoch: self.epoch,
            severity: fact.severity,
            at: fact.at,
            record: run.record(fact)?.to_owned(),
        })
    }

    /// A stretch as far as it lies in `first..=last`.
    fn skip(&self, stretch: &Stretch, first: u64, last: u64) -> Entry {
        let (first, last) = (stretch.first.max(first), stretch.last.min(last));
        let (from, to) = (self.number(first), self.number(last));
        let skip = Skip { stream: self.stream, from, to, reason: stretch.gone.reason() };
        Entry::Skip { through: Place(last), skip }
    }
}

/// Entries gathered until a budget is spent; at least one fits.
struct Reading<'a> {
    connection: &'a Connection,
    bytes: usize,
    count: usize,
    entries: Vec<Entry>,
}

impl<'a> Reading<'a> {
    const fn new(connection: &'a Connection, bytes: usize, count: usize) -> Self {
        Self { connection, bytes, count, entries: Vec::new() }
    }

    /// Gathers what stands in `first..=last` of a segment; gives the last place looked at.
    fn walk(&mut self, numbered: Numbered, first: u64, last: u64) -> Result<u64, Failure> {
        let mut examined = first - 1;
        while examined < last {
            let window = last.min(examined + WINDOW);
            let reached = self.look_through(numbered, examined + 1, window, last)?;
            examined = examined.max(reached);
            if reached < window {
                break;
            }
        }
        Ok(examined)
    }

    /// One window, and what its last stretch reaches beyond it, up to `last`.
    fn look_through(&mut self, numbered: Numbered, first: u64, window: u64, last: u64) -> Result<u64, Failure> {
        let mut stretches = skips::touching(self.connection, first, window)?.into_iter().peekable();
        let (mut examined, mut spent) = (first - 1, false);
        runs::walk(self.connection, (first, window), Order::OldestFirst, |run| {
            for fact in run.between((first, window)) {
                while let Some(stretch) = stretches.next_if(|stretch| stretch.first <= fact.place) {
                    if !self.push(numbered.skip(&stretch, first, last)) {
                        spent = true;
                        return Ok(ControlFlow::Break(()));
                    }
                    examined = stretch.last.min(last);
                }
                // Held or aside: it lies there, and a stretch stands for it.
                if fact.place <= examined {
                    continue;
                }
                if !self.push(Entry::Alert(numbered.alert(run, fact)?)) {
                    spent = true;
                    return Ok(ControlFlow::Break(()));
                }
                examined = fact.place;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if spent {
            return Ok(examined);
        }
        for stretch in stretches {
            if !self.push(numbered.skip(&stretch, first, last)) {
                return Ok(examined);
            }
            examined = stretch.last.min(last);
        }
        Ok(examined.max(window))
    }

    /// False, and nothing done, when the budget is spent.
    fn push(&mut self, entry: Entry) -> bool {
        if let (Some(Entry::Skip { through, skip }), Entry::Skip { through: to, skip: next }) =
            (self.entries.last_mut(), &entry)
            && (skip.stream, skip.reason, skip.to + 1) == (next.stream, next.reason, next.from)
        {
            (*through, skip.to) = (*to, next.to);
            return true;
        }
        let weight = ENTRY_WEIGHT + if let Entry::Alert(alert) = &entry { alert.record.len() } else { 0 };
        if !self.entries.is_empty() && (self.count == 0 || self.bytes < weight) {
            return false;
        }
        self.bytes = self.bytes.saturating_sub(weight);
        self.count = self.count.saturating_sub(1);
        self.entries.push(entry);
        true
    }
}
