//! Walks over the whole log and proves that no number is missing: each is there, or was left out for a stated reason.

use std::{collections::BTreeMap, ops::ControlFlow};

use picket_protocol::alerts::DropReason;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    book::{Book, Stream, position},
    entry::{Verification, VerifiedStream},
    read::snapshot,
    runs::{self, Order},
    schema::{integer, natural},
};
use crate::store::failure::Failure;

/// See [`super::AlertLog::verify`].
pub(super) fn verify(connection: &mut Connection) -> Result<Verification, Failure> {
    let (transaction, book) = snapshot(connection)?;
    let mut streams = Vec::with_capacity(book.streams.len());
    for stream in &book.streams {
        streams.push(verify_stream(&transaction, &book, stream)?);
    }
    Ok(Verification { streams })
}

fn verify_stream(connection: &Connection, book: &Book, stream: &Stream) -> Result<VerifiedStream, Failure> {
    let (mut in_log, mut expected, mut first_missing) = (0, 1, None);
    for (segment, last) in book.stretches().filter(|(segment, _)| segment.stream == stream.row) {
        if last < segment.first {
            continue;
        }
        if segment.number != expected {
            first_missing.get_or_insert(expected);
        }
        expected = segment.number + (last - segment.first) + 1;
        in_log += runs::count(connection, (segment.first, last))?;
        if let Some(place) = first_hole(connection, segment.first, last)? {
            first_missing.get_or_insert(segment.number + (place - segment.first));
        }
    }
    if expected != stream.head + 1 {
        first_missing.get_or_insert(expected.min(stream.head + 1));
    }
    Ok(VerifiedStream {
        stream: stream.id,
        epoch: stream.epoch,
        head: stream.head,
        in_log,
        let_go: stream.let_go,
        dropped: by_reason(&stream.dropped),
        first_missing,
    })
}

/// Counts by reason, those that are not zero.
pub(super) fn by_reason(dropped: &[u64; 4]) -> BTreeMap<DropReason, u64> {
    let counts = DropReason::ALL.into_iter().map(|reason| (reason, dropped[position(reason)]));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// The first place in `first..=last` that holds no record and that no stretch covers.
fn first_hole(connection: &Connection, first: u64, last: u64) -> Result<Option<u64>, Failure> {
    let (mut next, mut hole) = (first, None);
    runs::walk(connection, (first, last), Order::OldestFirst, |run| {
        for fact in run.between((first, last)) {
            match uncovered(connection, next, fact.place)? {
                None => next = next.max(fact.place + 1),
                found => {
                    hole = found;
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if hole.is_some() { Ok(hole) } else { uncovered(connection, next, last + 1) }
}

/// The first place from `next` on, before `until`, that no stretch covers.
fn uncovered(connection: &Connection, mut next: u64, until: u64) -> Result<Option<u64>, Failure> {
    while next < until {
        match covered_until(connection, next)? {
            Some(end) => next = end + 1,
            None => return Ok(Some(next)),
        }
    }
    Ok(None)
}

/// The last place of the stretch that covers this one.
fn covered_until(connection: &Connection, place: u64) -> Result<Option<u64>, Failure> {
    let mut select = connection
        .prepare_cached("SELECT last FROM skips WHERE first <= ?1 AND last >= ?1 ORDER BY first DESC LIMIT 1")?;
    Ok(select.query_row(params![integer(place)], |row| row.get(0).map(natural)).optional()?)
}
