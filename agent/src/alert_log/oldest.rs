//! Which alert each consumer waits for the longest: told with the totals.

use picket_protocol::alerts::UnixMillis;
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    book::Book,
    schema::{integer, natural},
};
use crate::store::failure::Failure;

/// Brings up to date which alert each consumer waits for the longest.
pub(super) fn find_oldest(connection: &Connection, book: &mut Book) -> Result<(), Failure> {
    for (index, delivered) in book.all_delivered().into_iter().enumerate() {
        let stream = &book.streams[index];
        let mark = book.mark(stream);
        let waits = stream.consumer.is_some() && delivered < stream.head;
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
        let mut select = connection
            .prepare_cached("SELECT place, at FROM alerts WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT 1")?;
        let found = select
            .query_row([integer(first), integer(last)], |row| Ok((natural(row.get(0)?), UnixMillis(row.get(1)?))));
        if let Some(found) = found.optional()? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
