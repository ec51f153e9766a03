//! Packs what is left of a stretch whose alerts were dropped here and there: a page is given back only when it is empty,
//! and half-empty ones would cost graver alerts their place.

use picket_protocol::alerts::UnixMillis;
use rusqlite::{Connection, params};

use super::schema::{integer, natural};
use crate::store::failure::Failure;

/// Most rows, and about how many bytes of them, in memory at a time.
const MAX_ROWS: usize = 64;
const MAX_BYTES: usize = 512 * 1024;

/// A row as it is moved.
struct Kept {
    place: u64,
    severity: i64,
    at: UnixMillis,
    record: String,
}

/// Takes the alerts in `first..=last` out and puts them back, a few at a time.
pub(super) fn repack(connection: &Connection, first: u64, last: u64) -> Result<(), Failure> {
    let mut next = first;
    loop {
        let kept = some(connection, next, last)?;
        let (Some(from), Some(to)) = (kept.first(), kept.last()) else { return Ok(()) };
        connection
            .prepare_cached("DELETE FROM alerts WHERE place BETWEEN ?1 AND ?2")?
            .execute([integer(from.place), integer(to.place)])?;
        let mut insert =
            connection.prepare_cached("INSERT INTO alerts (place, severity, at, record) VALUES (?1, ?2, ?3, ?4)")?;
        for Kept { place, severity, at, record } in &kept {
            insert.execute(params![integer(*place), severity, at.0, record])?;
        }
        next = to.place + 1;
    }
}

fn some(connection: &Connection, first: u64, last: u64) -> Result<Vec<Kept>, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT place, severity, at, record FROM alerts WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
    )?;
    let mut rows = select.query([integer(first), integer(last)])?;
    let (mut kept, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (severity, at, record): (i64, i64, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        bytes += record.len();
        kept.push(Kept { place: natural(row.get(0)?), severity, at: UnixMillis(at), record });
        if kept.len() >= MAX_ROWS || bytes >= MAX_BYTES {
            break;
        }
    }
    Ok(kept)
}
