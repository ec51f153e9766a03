//! What an open transaction does to the log: appends, marks, records set aside, streams retired. Commits nothing.

use std::{collections::BTreeSet, sync::Arc};

use picket_lifecycle::epochs::EpochRecord;
use picket_protocol::{
    alerts::{AlertId, DropReason},
    ids::{Epoch, StreamId},
};
use rusqlite::{Connection, params};

use super::{
    book::{Book, NOBODY, Segment, Stream, consumer_of, position},
    entry::{ConsumerMarks, LogError},
    gathered::{NewAlert, NewAlerts},
    hours::HourCounts,
    pack::Packer,
    runs,
    schema::integer,
    skips::{self, Gone, Stretch},
};
use crate::{entropy, store::failure::Failure};

/// Most places of a block: what one round of dropping looks through.
pub(super) const MAX_BLOCK: u64 = 1024;

/// The stretch of places that alerts are being counted in. A new one starts with each opening.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Block {
    first: u64,
    since: u64,
}

/// A log in an open transaction.
#[derive(Debug)]
pub(super) struct Open<'a> {
    pub(super) connection: &'a Connection,
    pub(super) book: &'a mut Book,
    pub(super) block: &'a mut Block,
    pub(super) packer: &'a mut Packer,
    /// How long a block lasts at most, on the log's clock.
    pub(super) block_seconds: u64,
}

impl Open<'_> {
    /// Appends alerts, and where the input goes on after them.
    pub(super) fn append(
        &mut self,
        alerts: &NewAlerts,
        position: &[u8],
        epochs: &[EpochRecord],
    ) -> Result<(), Failure> {
        self.book.learn(epochs, self.connection)?;
        let mut hours = HourCounts::default();
        let mut alerts = alerts.iter().peekable();
        while let Some(&(first, _)) = alerts.peek() {
            // Alerts of one epoch, held or not, stand together: a stretch at a time.
            let together = |alert: &NewAlert| alert.epoch == first.epoch && alert.held == first.held;
            let stretch = std::iter::from_fn(|| alerts.next_if(|(alert, _)| together(alert)));
            self.append_stretch(first, stretch, &mut hours, epochs)?;
        }
        hours.write(self.connection)?;
        runs::put(self.connection, self.packer)?;
        self.book.position = Some(position.to_vec());
        self.book.write_log(self.connection)
    }

    fn append_stretch<'a>(
        &mut self,
        NewAlert { epoch, held, .. }: NewAlert,
        alerts: impl Iterator<Item = (NewAlert, &'a str)>,
        hours: &mut HourCounts,
        epochs: &[EpochRecord],
    ) -> Result<(), Failure> {
        let stream = self.continue_stream(epoch, epochs)?;
        let first = self.book.next;
        let mut by_severity = [0u64; 4];
        for (alert, record) in alerts {
            if self.book.next - self.block.first >= MAX_BLOCK || self.block.first == 0 || self.block_is_old() {
                self.count(std::mem::take(&mut by_severity))?;
                *self.block = Block { first: self.book.next, since: self.book.clock };
            }
            self.packer.push(self.book.next, alert.severity, alert.at, record);
            hours.count(&alert);
            if self.packer.is_full() {
                runs::put(self.connection, self.packer)?;
            }
            by_severity[usize::from(alert.severity.number()) - 1] += 1;
            self.book.next += 1;
        }
        self.count(by_severity)?;
        let count = self.book.next - first;
        let stream = &mut self.book.streams[stream];
        stream.head += count;
        if held {
            *stream.dropped_mut(DropReason::Held) += count;
            let gone = Gone::Dropped(DropReason::Held);
            skips::add(self.connection, Stretch { first, last: first + count - 1, gone })?;
        }
        stream.write(self.connection)
    }

    const fn block_is_old(&self) -> bool {
        self.book.clock.saturating_sub(self.block.since) > self.block_seconds
    }

    /// Counts alerts into the block they were appended in.
    fn count(&self, by_severity: [u64; 4]) -> Result<(), Failure> {
        for (severity, alerts) in (1i64..).zip(by_severity).filter(|(_, alerts)| *alerts > 0) {
            self.connection
                .prepare_cached(
                    "INSERT INTO blocks (severity, first, last, alerts, logged) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET last = ?3, alerts = alerts + ?4, logged = ?5",
                )?
                .execute(params![
                    severity,
                    integer(self.block.first),
                    integer(self.book.head()),
                    integer(alerts),
                    integer(self.book.clock)
                ])?;
        }
        Ok(())
    }

    /// The stream of an epoch, drawn if it is the first alert of it in this log; a segment begins if another stood last.
    fn continue_stream(&mut self, epoch: Epoch, epochs: &[EpochRecord]) -> Result<usize, Failure> {
        let index = match self.book.current(epoch) {
            Some(index) => index,
            None => {
                let record = epochs.iter().find(|record| record.epoch == epoch);
                self.draw(epoch, record.and_then(consumer_of))?
            }
        };
        let stream = &self.book.streams[index];
        if self.book.segments.last().is_none_or(|segment| segment.stream != stream.row) {
            let segment = Segment { first: self.book.next, stream: stream.row, number: stream.head + 1 };
            self.begin(segment)?;
            self.book.segments.push(segment);
        }
        Ok(index)
    }

    /// Each log draws its own: one that was set aside must not be counted on.
    fn draw(&mut self, epoch: Epoch, consumer: Option<Arc<str>>) -> Result<usize, Failure> {
        let mut bytes: [u8; 16] = entropy::draw().map_err(|error| Failure::Other(error.to_string()))?;
        // RFC 9562 §5.4.
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        let stream = Stream::draw(self.connection, StreamId::from_bytes(bytes), epoch, consumer)?;
        self.book.streams.push(stream);
        Ok(self.book.streams.len() - 1)
    }

    fn begin(&self, segment: Segment) -> Result<(), Failure> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO segments (first, stream, number) VALUES (?1, ?2, ?3)")?
            .execute(params![integer(segment.first), segment.stream, integer(segment.number)])?;
        Ok(())
    }

    /// Moves a consumer's marks.
    pub(super) fn set_consumer(&mut self, name: &str, marks: &ConsumerMarks) -> Result<(), Failure> {
        let text = serde_json::to_string(marks).map_err(|error| Failure::Other(error.to_string()))?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO consumers (name, delivered, marks) VALUES (?1, ?2, ?3)")?
            .execute(params![name, integer(marks.delivered.0), text])?;
        self.book.consumers.insert(name.to_owned(), marks.delivered.0);
        Ok(())
    }

    /// Leaves a record out of delivery for good. It stays in the log.
    pub(super) fn set_poison_aside(&mut self, id: AlertId, why: &str) -> Result<Result<(), LogError>, Failure> {
        let Some(place) = self.book.place_of(id) else { return Ok(Err(LogError::NoSuchAlert(id))) };
        if !skips::touching(self.connection, place, place)?.is_empty() {
            return Ok(Ok(()));
        }
        let gone = Gone::Dropped(DropReason::Poison);
        skips::add(self.connection, Stretch { first: place, last: place, gone })?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO aside (place, why) VALUES (?1, ?2)")?
            .execute(params![integer(place), why])?;
        if let Some(stream) = self.book.stream_at(place) {
            *stream.dropped_mut(DropReason::Poison) += 1;
            stream.write(self.connection)?;
        }
        Ok(Ok(()))
    }

    /// An upstream knows numbers of this stream that this log never gave (a disk put back to an earlier day): what is
    /// not delivered of it, and what is still to come, gets numbers of a new stream.
    pub(super) fn retire(&mut self, stream: StreamId) -> Result<(), Failure> {
        let Some(old) = self.book.streams.iter().position(|known| known.id == stream) else { return Ok(()) };
        let Stream { epoch, ref consumer, .. } = self.book.streams[old];
        if self.book.current(epoch) != Some(old) {
            // It is retired, and the upstream knows as much of it as before.
            return Ok(());
        }
        let consumer = consumer.clone();
        self.renumber(old, consumer)
    }

    /// What a consumer does not have of other epochs than these goes to nobody any more. The consumer passes over it, and it
    /// must not count as delivered for that.
    pub(super) fn strand(&mut self, consumer: &str, epochs: &BTreeSet<Epoch>) -> Result<(), Failure> {
        for index in 0..self.book.streams.len() {
            let stream = &self.book.streams[index];
            let is_left = stream.consumer.as_deref() == Some(consumer) && !epochs.contains(&stream.epoch);
            if is_left && self.book.delivered(stream) < stream.head {
                self.renumber(index, Some(NOBODY.into()))?;
            }
        }
        Ok(())
    }

    /// What is not delivered of a stream gets numbers of a new one, which a consumer waits for.
    fn renumber(&mut self, old: usize, consumer: Option<Arc<str>>) -> Result<(), Failure> {
        let Stream { row, id: stream, epoch, .. } = self.book.streams[old];
        let delivered = self.book.delivered(&self.book.streams[old]);
        let head = self.book.streams[old].head;
        let moved = self.book.places_of(stream, delivered + 1, head);
        let new = self.draw(epoch, consumer)?;
        let mut number = 1;
        for (first, last) in moved {
            let segment = Segment { first, stream: self.book.streams[new].row, number };
            number += last - first + 1;
            self.begin(segment)?;
            self.book.segments.retain(|known| known.first != first);
            self.book.segments.push(segment);
            self.move_counts(old, new, first, last)?;
        }
        self.book.segments.sort_by_key(|segment| segment.first);
        debug_assert!(self.book.segments.iter().all(|segment| segment.stream != row || segment.number <= delivered));
        self.book.streams[old].head = delivered;
        self.book.streams[old].oldest = None;
        self.book.streams[new].head = number - 1;
        self.book.streams[old].write(self.connection)?;
        self.book.streams[new].write(self.connection)
    }

    /// Numbers that were let go of as delivered, and did not reach the portal after all, count as dropped.
    pub(super) fn lacked(&mut self, stream: StreamId, from: u64, to: u64) -> Result<(), Failure> {
        let mut count = [0; 4];
        for (first, last) in self.book.places_of(stream, from, to) {
            for stretch in skips::touching(self.connection, first, last)? {
                let Gone::LetGo(reason) = stretch.gone else { continue };
                let part = Stretch { first: stretch.first.max(first), last: stretch.last.min(last), ..stretch };
                skips::change(self.connection, stretch, Stretch { gone: Gone::Dropped(reason), ..part })?;
                count[position(reason)] += part.last - part.first + 1;
            }
        }
        let Some(stream) = self.book.streams.iter_mut().find(|known| known.id == stream) else { return Ok(()) };
        for (dropped, count) in stream.dropped.iter_mut().zip(count) {
            *dropped += count;
            stream.let_go = stream.let_go.saturating_sub(count);
        }
        stream.write(self.connection)
    }

    /// What is gone of `first..=last` counts for the stream that its numbers are in now.
    fn move_counts(&mut self, old: usize, new: usize, first: u64, last: u64) -> Result<(), Failure> {
        for stretch in skips::touching(self.connection, first, last)? {
            let count = stretch.last.min(last) - stretch.first.max(first) + 1;
            for (stream, added) in [(old, false), (new, true)] {
                let stream = &mut self.book.streams[stream];
                let counter = match stretch.gone {
                    Gone::Dropped(reason) => stream.dropped_mut(reason),
                    Gone::LetGo(_) => &mut stream.let_go,
                };
                *counter = if added { *counter + count } else { counter.saturating_sub(count) };
            }
        }
        Ok(())
    }
}
