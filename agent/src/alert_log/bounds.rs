//! What goes when the log reaches a bound. What was delivered (and confirmed, where somebody confirms) goes first and is
//! no loss; then what is not delivered, the lowest severity first, of it the oldest. What a consumer has in its hands stays:
//! it will arrive. What was delivered and is not confirmed goes last; it counts as dropped only once the portal lacks it.
//! Age takes only what no consumer waits for. A number stays behind.

use std::collections::BTreeMap;

use picket_lifecycle::delivery::{Range, without};
use picket_protocol::alerts::{AlertId, DropReason, Severity};
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    append::{MAX_BLOCK, Open},
    book::{Book, Segment, Stream},
    entry::{Acknowledged, ConsumerMarks},
    facts::InHand,
    pack::Fact,
    runs,
    schema::{integer, natural},
    skips::{self, Gone, Stretch},
};
use crate::store::failure::Failure;

/// Most alerts that one step removes.
const STEP: usize = 1024;
/// Blocks that are looked through for what is too old between two commits.
const EXPIRED_AT_ONCE: usize = 16;

/// Bytes of the database that are in use.
pub(super) fn used(connection: &Connection) -> Result<u64, Failure> {
    let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0)).map(natural);
    let pages = number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?);
    Ok(pages.saturating_mul(number("PRAGMA page_size")?))
}

/// Makes room: removes one step of what may go first. False when there is nothing left to remove.
pub(super) fn make_room(open: &mut Open<'_>, in_hand: &InHand) -> Result<bool, Failure> {
    let settled = Settled::read(open.connection)?;
    let places = settled.oldest(open.connection, open.book)?;
    if !places.is_empty() {
        remove(open, &places, Gone::LetGo(DropReason::Full))?;
        return Ok(true);
    }
    let stretches = settled.undelivered(open.book, in_hand);
    let places = least_grave(open.connection, &stretches)?;
    if !places.is_empty() {
        remove(open, &places, Gone::Dropped(DropReason::Full))?;
        return Ok(true);
    }
    let places = settled.oldest_unconfirmed(open.connection, open.book)?;
    remove(open, &places, Gone::LetGo(DropReason::Full))?;
    Ok(!places.is_empty())
}

/// Of the lowest severity in these stretches, the oldest: at most a block of them.
fn least_grave(connection: &Connection, stretches: &[(u64, u64)]) -> Result<Vec<u64>, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT first, last FROM blocks WHERE severity = ?1 AND first BETWEEN ?2 AND ?3 AND last >= ?4 ORDER BY first",
    )?;
    for severity in Severity::ALL.into_iter().rev() {
        let number = i64::from(severity.number());
        for (first, last) in stretches {
            let from = first.saturating_sub(MAX_BLOCK - 1);
            let mut blocks = select.query([number, integer(from), integer(*last), integer(*first)])?;
            while let Some(block) = blocks.next()? {
                let (begin, end) = (natural(block.get(0)?), natural(block.get(1)?));
                let places = of_severity(connection, severity, (begin.max(*first), end.min(*last)))?;
                if !places.is_empty() {
                    return Ok(places);
                }
            }
        }
    }
    Ok(Vec::new())
}

/// A block: its severity and its first place.
pub(super) type BlockKey = (u64, u64);

/// Removes what is older than `seconds` on the log's clock and that no consumer waits for, in some blocks from `from` on.
/// Gives the block to go on with, if there is one.
pub(super) fn expire(open: &mut Open<'_>, seconds: u64, from: BlockKey) -> Result<Option<BlockKey>, Failure> {
    let before = open.book.clock.saturating_sub(seconds);
    let blocks: Vec<(u64, u64, u64)> = open
        .connection
        .prepare_cached(
            "SELECT severity, first, last FROM blocks WHERE logged < ?1 AND (severity, first) >= (?2, ?3)
             ORDER BY severity, first",
        )?
        .query_map([before, from.0, from.1].map(integer), |row| {
            Ok((natural(row.get(0)?), natural(row.get(1)?), natural(row.get(2)?)))
        })?
        .take(EXPIRED_AT_ONCE + 1)
        .collect::<Result<_, _>>()?;
    let next = blocks.get(EXPIRED_AT_ONCE).map(|(severity, first, _)| (*severity, *first));
    let settled = Settled::read(open.connection)?;
    for (severity, first, last) in blocks.into_iter().take(EXPIRED_AT_ONCE) {
        let places = of_severity(open.connection, Severity::from_engine(Some(severity)), (first, last))?;
        let apart = skips::touching(open.connection, first, last)?;
        let mut let_go = Vec::new();
        let mut dropped = Vec::new();
        for place in places {
            match settled.standing(open.book, place) {
                Standing::Settled => let_go.push(place),
                Standing::Unwanted => dropped.push(place),
                // What is held or aside is delivered to nobody, whoever waits for its stream.
                Standing::Awaited if covers(&apart, place) => dropped.push(place),
                Standing::Awaited => {}
            }
        }
        remove(open, &let_go, Gone::LetGo(DropReason::Age))?;
        remove(open, &dropped, Gone::Dropped(DropReason::Age))?;
    }
    Ok(next)
}

/// What consumers still need, and what they do not.
#[derive(Debug)]
struct Settled {
    marks: BTreeMap<String, Option<ConsumerMarks>>,
}

enum Standing {
    /// Its consumer has it.
    Settled,
    /// Its consumer does not have it yet, or not for sure.
    Awaited,
    /// It has no consumer.
    Unwanted,
}

impl Settled {
    fn read(connection: &Connection) -> Result<Self, Failure> {
        let marks = connection
            .prepare_cached("SELECT name, marks FROM consumers")?
            .query_map([], |row| Ok((row.get(0)?, serde_json::from_str(&row.get::<_, String>(1)?).ok())))?
            .collect::<Result<_, _>>()?;
        Ok(Self { marks })
    }

    /// The marks of a stream's consumer. Marks that cannot be read settle nothing.
    fn marks(&self, stream: &Stream) -> Option<&ConsumerMarks> {
        self.marks.get(&**stream.consumer.as_ref()?)?.as_ref()
    }

    /// The oldest places that their consumers are done with, at most a step of them.
    fn oldest(&self, connection: &Connection, book: &Book) -> Result<Vec<u64>, Failure> {
        for (segment, last) in book.stretches() {
            let Some(stream) = book.stream(segment.stream) else { continue };
            let Some(marks) = self.marks(stream) else { continue };
            for (mut from, last) in settled_runs(segment, last.min(marks.delivered.0), stream, &marks.unconfirmed) {
                while from <= last {
                    let found = present(connection, from, last)?;
                    let Some(end) = found.last().copied() else { break };
                    let places = not_apart(connection, found)?;
                    if !places.is_empty() {
                        return Ok(places);
                    }
                    from = end + 1;
                }
            }
        }
        Ok(Vec::new())
    }

    /// The stretches of places that no consumer has, or has in its hands, in order.
    fn undelivered(&self, book: &Book, in_hand: &InHand) -> Vec<(u64, u64)> {
        let undelivered = |(segment, last): (Segment, u64)| {
            let stream = book.stream(segment.stream)?;
            let held = stream.consumer.as_ref().and_then(|name| in_hand.get(&**name)).copied().unwrap_or_default();
            let delivered = self.marks(stream).map_or(0, |marks| marks.delivered.0);
            let first = segment.first.max(delivered.max(held).saturating_add(1));
            (first <= last).then_some((first, last))
        };
        book.stretches().filter_map(undelivered).collect()
    }

    /// The oldest places that a hub acknowledged and nobody confirmed, at most a step of them.
    fn oldest_unconfirmed(&self, connection: &Connection, book: &Book) -> Result<Vec<u64>, Failure> {
        for (segment, last) in book.stretches() {
            let Some(marks) = book.stream(segment.stream).and_then(|stream| self.marks(stream)) else { continue };
            let places = present(connection, segment.first, last.min(marks.delivered.0))?;
            if !places.is_empty() {
                return Ok(places);
            }
        }
        Ok(Vec::new())
    }

    fn standing(&self, book: &Book, place: u64) -> Standing {
        let Some(index) = book.segments.partition_point(|segment| segment.first <= place).checked_sub(1) else {
            return Standing::Awaited;
        };
        let segment = book.segments[index];
        let Some(stream) = book.stream(segment.stream) else { return Standing::Awaited };
        if !stream.is_awaited() {
            return Standing::Unwanted;
        }
        let number = segment.number + (place - segment.first);
        let id = AlertId { stream: stream.id, number };
        match self.marks(stream) {
            Some(marks) if place <= marks.delivered.0 && !awaited(&marks.unconfirmed, id) => Standing::Settled,
            _ => Standing::Awaited,
        }
    }
}

/// The places of a segment up to `last` that its consumer is done with, as runs: by arithmetic, since a log may be full of
/// what nobody confirmed, and to read it all for every step would hold up what comes.
fn settled_runs(segment: Segment, last: u64, stream: &Stream, unconfirmed: &[Acknowledged]) -> Vec<(u64, u64)> {
    let Some(behind) = last.checked_sub(segment.first) else { return Vec::new() };
    let numbers = (segment.number, segment.number + behind);
    let awaited: Vec<Range> =
        unconfirmed.iter().filter(|range| range.stream == stream.id).map(|range| (range.from, range.to)).collect();
    let place = |number: u64| segment.first + (number - segment.number);
    without(numbers, &awaited).into_iter().map(|(from, to)| (place(from), place(to))).collect()
}

/// What is held or aside was never delivered.
fn not_apart(connection: &Connection, mut found: Vec<u64>) -> Result<Vec<u64>, Failure> {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(found) };
    let apart = skips::touching(connection, *first, *last)?;
    found.retain(|place| !covers(&apart, *place));
    Ok(found)
}

fn covers(stretches: &[Stretch], place: u64) -> bool {
    stretches.iter().any(|stretch| (stretch.first..=stretch.last).contains(&place))
}

fn awaited(unconfirmed: &[Acknowledged], id: AlertId) -> bool {
    unconfirmed.iter().any(|range| range.stream == id.stream && (range.from..=range.to).contains(&id.number))
}

/// The places in `first..=last` that hold a record, at most a step of them.
fn present(connection: &Connection, first: u64, last: u64) -> Result<Vec<u64>, Failure> {
    runs::places(connection, (first, last), STEP, |_| true)
}

/// The places of a block's alerts. A block is no longer than a step.
fn of_severity(connection: &Connection, severity: Severity, places: (u64, u64)) -> Result<Vec<u64>, Failure> {
    runs::places(connection, places, STEP, |fact| fact.severity == severity)
}

/// Removes records. Those that were left out of delivery before keep their reason.
fn remove(open: &mut Open<'_>, places: &[u64], gone: Gone) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Ok(()) };
    let apart = skips::touching(open.connection, *first, *last)?;
    let gone_out = |place| places.binary_search(&place).is_ok();
    for fact in runs::take_out(open.connection, open.packer, (*first, *last), gone_out)? {
        uncount(open.connection, &fact)?;
    }
    let is_apart = |place: u64| covers(&apart, place);
    for run in places.chunk_by(|one, next| one + 1 == *next && is_apart(*one) == is_apart(*next)) {
        let (first, last) = (run[0], run[run.len() - 1]);
        if is_apart(first) {
            let mut forget = open.connection.prepare_cached("DELETE FROM aside WHERE place BETWEEN ?1 AND ?2")?;
            forget.execute([integer(first), integer(last)])?;
            continue;
        }
        skips::add(open.connection, Stretch { first, last, gone })?;
        for place in run {
            let Some(stream) = open.book.stream_at(*place) else { continue };
            match gone {
                Gone::Dropped(reason) => *stream.dropped_mut(reason) += 1,
                Gone::LetGo(_) => stream.let_go += 1,
            }
            stream.oldest = None;
        }
    }
    open.book.streams.iter().try_for_each(|stream| stream.write(open.connection))
}

/// It is no more among the alerts of its block.
fn uncount(connection: &Connection, fact: &Fact) -> Result<(), Failure> {
    let (severity, place) = (i64::from(fact.severity.number()), integer(fact.place));
    let block: Option<(i64, i64)> = connection
        .prepare_cached(
            "UPDATE blocks SET alerts = alerts - 1 WHERE severity = ?1 AND first =
             (SELECT max(first) FROM blocks WHERE severity = ?1 AND first <= ?2) RETURNING first, alerts",
        )?
        .query_row([severity, place], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match block {
        Some((first, 0)) => forget_block(connection, severity, first),
        _ => Ok(()),
    }
}

fn forget_block(connection: &Connection, severity: i64, first: i64) -> Result<(), Failure> {
    connection.prepare_cached("DELETE FROM blocks WHERE severity = ?1 AND first = ?2")?.execute([severity, first])?;
    Ok(())
}
