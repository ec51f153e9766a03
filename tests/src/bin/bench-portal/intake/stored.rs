//! What the portal stored, asked of its database itself once it is stopped.

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

/// `sent` says how many numbers each sensor's stream has.
pub(super) fn look(data: &Path, sent: Vec<u64>) -> Result<Stored> {
    let database = Connection::open_with_flags(data.join("alerts.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
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
