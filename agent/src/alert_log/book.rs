//! What the writer knows of the log by heart: streams, segments, how far its consumers are. A few rows, read at opening,
//! so that opening does not grow with the log.

use std::{collections::BTreeMap, sync::Arc};

use picket_lifecycle::epochs::{EpochRecord, Routing};
use picket_protocol::{
    alerts::{AlertId, DropReason, UnixMillis},
    ids::{Epoch, Owner, StreamId},
};
use rusqlite::{Connection, params};

use super::schema::{integer, natural};
use crate::store::failure::Failure;

/// The log, less its alerts.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    /// The place of the next alert.
    pub(super) next: u64,
    /// Seconds that this log was open.
    pub(super) clock: u64,
    /// Logs set aside before this one.
    pub(super) set_aside: u64,
    /// Where the input goes on.
    pub(super) position: Option<Vec<u8>>,
    /// In the order they were drawn.
    pub(super) streams: Vec<Stream>,
    /// In order of place.
    pub(super) segments: Vec<Segment>,
    /// Delivered places by consumer.
    pub(super) consumers: BTreeMap<String, u64>,
}

/// A stream, and what became of its numbers.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    /// Its row.
    pub(super) row: i64,
    pub(super) id: StreamId,
    pub(super) epoch: Epoch,
    /// Who waits for it.
    pub(super) consumer: Option<Arc<str>>,
    /// The last number given.
    pub(super) head: u64,
    pub(super) let_go: u64,
    /// By reason, in the order of [`DropReason::ALL`].
    pub(super) dropped: [u64; 4],
    /// The oldest that its consumer waits for, if that is known.
    pub(super) oldest: Option<(u64, UnixMillis)>,
}

/// A run of places that are a run of numbers. It ends where the next one begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) first: u64,
    /// The row of its stream.
    pub(super) stream: i64,
    /// The number of its first place.
    pub(super) number: u64,
}

impl Book {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let mut book =
            connection.query_row("SELECT next, clock, set_aside, position FROM log WHERE id = 1", [], |row| {
                let [next, clock, set_aside] = [row.get(0)?, row.get(1)?, row.get(2)?].map(natural);
                Ok(Self { next, clock, set_aside, position: row.get(3)?, ..Self::default() })
            })?;
        book.streams = read_streams(connection)?;
        book.segments = connection
            .prepare("SELECT first, stream, number FROM segments ORDER BY first")?
            .query_map([], |row| {
                let [first, number] = [row.get(0)?, row.get(2)?].map(natural);
                Ok(Segment { first, stream: row.get(1)?, number })
            })?
            .collect::<Result<_, _>>()?;
        book.consumers = connection
            .prepare("SELECT name, delivered FROM consumers")?
            .query_map([], |row| Ok((row.get(0)?, natural(row.get(1)?))))?
            .collect::<Result<_, _>>()?;
        Ok(book)
    }

    /// Writes the row that every append changes.
    pub(super) fn write_log(&self, connection: &Connection) -> Result<(), Failure> {
        connection
            .prepare_cached("UPDATE log SET next = ?1, clock = ?2, set_aside = ?3, position = ?4 WHERE id = 1")?
            .execute(params![integer(self.next), integer(self.clock), integer(self.set_aside), self.position])?;
        Ok(())
    }

    /// The last place given.
    pub(super) const fn head(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// The stream that an epoch's next alert goes to.
    pub(super) fn current(&self, epoch: Epoch) -> Option<usize> {
        self.streams.iter().rposition(|stream| stream.epoch == epoch)
    }

    /// The last place of the segment at `index`.
    pub(super) fn end(&self, index: usize) -> u64 {
        self.segments.get(index + 1).map_or(self.head(), |next| next.first - 1)
    }

    /// Segments with their last places, in order.
    pub(super) fn stretches(&self) -> impl DoubleEndedIterator<Item = (Segment, u64)> {
        (0..self.segments.len()).map(|index| (self.segments[index], self.end(index)))
    }

    pub(super) fn stream(&self, row: i64) -> Option<&Stream> {
        let index = self.streams.binary_search_by_key(&row, |stream| stream.row).ok()?;
        self.streams.get(index)
    }

    /// Whose number stands at a place.
    pub(super) fn stream_at(&mut self, place: u64) -> Option<&mut Stream> {
        let index = self.segments.partition_point(|segment| segment.first <= place).checked_sub(1)?;
        let row = self.segments[index].stream;
        let index = self.streams.binary_search_by_key(&row, |stream| stream.row).ok()?;
        self.streams.get_mut(index)
    }

    /// Where a number stands.
    pub(super) fn place_of(&self, id: AlertId) -> Option<u64> {
        let row = self.streams.iter().find(|stream| stream.id == id.stream)?.row;
        self.stretches().filter(|(segment, _)| segment.stream == row).find_map(|(segment, last)| {
            let place = segment.first + id.number.checked_sub(segment.number)?;
            (place <= last).then_some(place)
        })
    }

    /// The places of numbers `from..=to` of a stream, as runs.
    pub(super) fn places_of(&self, stream: StreamId, from: u64, to: u64) -> Vec<(u64, u64)> {
        let Some(row) = self.streams.iter().find(|known| known.id == stream).map(|known| known.row) else {
            return Vec::new();
        };
        let of_stream = self.stretches().filter(|(segment, _)| segment.stream == row);
        of_stream.filter_map(|(segment, last)| segment.run(last, from, to)).collect()
    }

    /// The place up to which a stream's consumer has everything.
    pub(super) fn mark(&self, stream: &Stream) -> u64 {
        stream.consumer.as_ref().and_then(|name| self.consumers.get(&**name)).copied().unwrap_or(0)
    }

    /// How far a stream is delivered: the last number at or before its consumer's mark.
    pub(super) fn delivered(&self, stream: &Stream) -> u64 {
        let mark = self.mark(stream);
        let before = |(segment, _): &(Segment, u64)| segment.stream == stream.row && segment.first <= mark;
        let last = self.stretches().rev().find(before);
        last.map_or(0, |(segment, last)| segment.number + (last.min(mark) - segment.first))
    }

    /// [`Self::delivered`] of every stream, in their order, in one pass: there may be a thousand of each.
    pub(super) fn all_delivered(&self) -> Vec<u64> {
        let marks: Vec<u64> = self.streams.iter().map(|stream| self.mark(stream)).collect();
        let mut delivered = vec![0; marks.len()];
        for (segment, last) in self.stretches() {
            let Ok(index) = self.streams.binary_search_by_key(&segment.stream, |stream| stream.row) else { continue };
            if segment.first <= marks[index] {
                delivered[index] = segment.number + (last.min(marks[index]) - segment.first);
            }
        }
        delivered
    }

    /// How many numbers no consumer has, those that were dropped included.
    pub(super) fn undelivered(&self) -> u64 {
        let delivered = self.all_delivered();
        self.streams.iter().zip(delivered).map(|(stream, delivered)| stream.head - delivered).sum()
    }

    /// Takes over from the epochs who waits for which stream.
    pub(super) fn learn(&mut self, epochs: &[EpochRecord], connection: &Connection) -> Result<(), Failure> {
        for stream in &mut self.streams {
            let Some(record) = epochs.iter().find(|record| record.epoch == stream.epoch) else { continue };
            let consumer = consumer_of(record);
            if consumer != stream.consumer && stream.consumer.as_deref() != Some(NOBODY) {
                stream.consumer = consumer;
                stream.write(connection)?;
            }
        }
        Ok(())
    }
}

impl Segment {
    /// The places of those numbers in `from..=to` that stand in this segment, which ends at `last`.
    pub(super) fn run(&self, last: u64, from: u64, to: u64) -> Option<(u64, u64)> {
        let from = from.max(self.number);
        let to = to.min(self.number + (last - self.first));
        (from <= to).then(|| (self.first + (from - self.number), self.first + (to - self.number)))
    }
}

impl Stream {
    /// Whether anybody waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        self.consumer.as_deref().is_some_and(|consumer| consumer != NOBODY)
    }

    /// Draws a stream's row.
    pub(super) fn draw(
        connection: &Connection,
        id: StreamId,
        epoch: Epoch,
        consumer: Option<Arc<str>>,
    ) -> Result<Self, Failure> {
        connection
            .prepare_cached("INSERT INTO streams VALUES (NULL, ?1, ?2, ?3, 0, 0, 0, 0, 0, 0)")?
            .execute(params![id.as_bytes().as_slice(), integer(epoch.0), consumer.as_deref()])?;
        let row = connection.last_insert_rowid();
        Ok(Self { row, id, epoch, consumer, head: 0, let_go: 0, dropped: [0; 4], oldest: None })
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), Failure> {
        let [full, age, poison, held] = self.dropped.map(integer);
        let (head, let_go) = (integer(self.head), integer(self.let_go));
        connection
            .prepare_cached(
                "UPDATE streams SET consumer = ?2, head = ?3, let_go = ?4, dropped_full = ?5, dropped_age = ?6,
                 dropped_poison = ?7, dropped_held = ?8 WHERE id = ?1",
            )?
            .execute(params![self.row, self.consumer.as_deref(), head, let_go, full, age, poison, held])?;
        Ok(())
    }

    pub(super) fn dropped_mut(&mut self, reason: DropReason) -> &mut u64 {
        &mut self.dropped[position(reason)]
    }
}

/// The place of a reason in [`DropReason::ALL`].
pub(super) const fn position(reason: DropReason) -> usize {
    match reason {
        DropReason::Full => 0,
        DropReason::Age => 1,
        DropReason::Poison => 2,
        DropReason::Held => 3,
    }
}

/// In the place of a consumer, for good: what was left of an epoch when its consumer was no longer to have it.
pub(super) const NOBODY: &str = "nobody";

/// The name of the consumer that waits for an epoch's alerts, if any does.
pub(super) fn consumer_of(record: &EpochRecord) -> Option<Arc<str>> {
    match record.routing {
        Routing::CloudConnected => Some(hub_consumer(&record.owner).into()),
        Routing::LocallyManaged { paired: true } => Some(console_consumer(&record.owner).into()),
        Routing::LocallyManaged { paired: false } | Routing::Deactivated => None,
    }
}

/// The name of an owner's IoT hub as a consumer. Another owner's mark stays where it is.
#[must_use]
pub fn hub_consumer(owner: &Owner) -> String {
    format!("hub:{}:{}", owner.trust_root, owner.subscription)
}

/// The name of an owner's management console as a consumer.
#[must_use]
pub fn console_consumer(owner: &Owner) -> String {
    format!("console:{}:{}", owner.trust_root, owner.subscription)
}

fn read_streams(connection: &Connection) -> Result<Vec<Stream>, Failure> {
    let mut select = connection.prepare(
        "SELECT id, stream, epoch, consumer, head, let_go, dropped_full, dropped_age, dropped_poison, dropped_held
         FROM streams ORDER BY id",
    )?;
    let rows = select.query_map([], |row| {
        let dropped = [row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?].map(natural);
        let id: Vec<u8> = row.get(1)?;
        let [epoch, head, let_go] = [row.get(2)?, row.get(4)?, row.get(5)?].map(natural);
        Ok((row.get(0)?, id, epoch, row.get::<_, Option<String>>(3)?, head, let_go, dropped))
    })?;
    rows.map(|row| {
        let (row, id, epoch, consumer, head, let_go, dropped) = row?;
        let id = StreamId::try_from(&*id).map_err(|error| Failure::Corrupt(error.to_string()))?;
        let consumer = consumer.map(Arc::from);
        Ok(Stream { row, id, epoch: Epoch(epoch), consumer, head, let_go, dropped, oldest: None })
    })
    .collect()
}
