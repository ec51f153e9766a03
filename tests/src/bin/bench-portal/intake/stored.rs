//! What the portal stored, asked of its database itself.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OpenFlags};

pub(super) struct Stored {
    /// Alerts that were sent, each counted once.
    pub(super) sent: u64,
    /// Rows of the database beyond the first of an alert.
    pub(super) twice: u64,
    /// Alerts that were acknowledged and are not there.
    pub(super) lost: u64,
}

/// Which alerts are held, and in how much.
pub(super) struct Held {
    pub(super) oldest: i64,
    pub(super) newest: i64,
    pub(super) bytes: u64,
}

/// As it is now, the portal running or not.
pub(super) fn held(data: &Path) -> Result<Held> {
    let rows = "SELECT min(row), max(row) FROM alerts";
    let used = "SELECT (c.page_count - f.freelist_count) * s.page_size \
                FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s";
    let database = open(data)?;
    let (oldest, newest) = database.query_row(rows, (), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let bytes = database.query_row(used, (), |row| row.get::<_, i64>(0))?;
    Ok(Held { oldest, newest, bytes: bytes.cast_unsigned() })
}

fn open(data: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(data.join("alerts.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// After the portal was stopped. `sent` says how many numbers each sensor's stream has.
pub(super) fn look(data: &Path, sent: Vec<u64>) -> Result<Stored> {
    let database = open(data)?;
    let sent: u64 = sent.into_iter().sum();
    // Of the numbers alone: the marks that the portal goes by are not asked.
    let mut rows = database.prepare("SELECT count(*), count(DISTINCT number) FROM alerts GROUP BY stream")?;
    let counted = rows.query_map((), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let (mut all, mut distinct) = (0, 0);
    for stream in counted {
        let (rows, numbers) = stream?;
        all += rows.cast_unsigned();
        distinct += numbers.cast_unsigned();
    }
    Ok(Stored { sent, twice: all - distinct, lost: sent.saturating_sub(distinct) })
}
