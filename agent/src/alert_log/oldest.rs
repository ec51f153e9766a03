//! Which alert each consumer waits for the longest: told with the totals.

use picket_protocol::alerts::UnixMillis;
use rusqlite::Connection;

use super::{book::Book, runs};
use crate::store::failure::Failure;

/// Brings up to date which alert each consumer waits for the longest.
pub(super) fn find_oldest(connection: &Connection, book: &mut Book) -> Result<(), Failure> {
    for (index, delivered) in book.all_delivered().into_iter().enumerate() {
        let stream = &book.streams[index];
        let mark = book.mark(stream);
        let waits = stream.is_awaited() && delivered < stream.head;
        if waits && stream.oldest.is_some_and(|(place, _)| place > mark) {
            continue;
        }
        let row = stream.row;
        book.streams[index].oldest = if waits { oldest_after(connection, book, row, mark)? } else { None };
    }
    Ok(())
}

fn oldest_after(
    connection: &Connection,
    book: &Book,
    row: i64,
    mark: u64,
) -> Result<Option<(u64, UnixMillis)>, Failure> {
    for (segment, last) in book.stretches().filter(|(segment, last)| segment.stream == row && *last > mark) {
        let first = segment.first.max(mark + 1);
        let found = runs::oldest(connection, (first, last))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
