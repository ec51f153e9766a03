//! The tables of the alert log, and how its database is opened. WAL, `synchronous=FULL`: an acknowledged alert survives
//! a power cut.
//!
//! A place says everything about an alert: `segments` maps stretches of places to numbers of a stream, so that alerts lie in
//! runs, packed together, with neither stream nor number nor index, and an append is a plain append.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{hours, runs};
use crate::store::failure::Failure;

/// The version of the tables. Raised only by what the release before could not read.
pub(super) const VERSION: u32 = 2;

/// A run of records, packed, fills a page or two.
const PAGE: u32 = 8192;

/// How long a lock is waited for. Only a checkpoint or a start of another connection holds one, for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// See [`super::pack`].
const RUNS: &str = "
    CREATE TABLE runs (
        first INTEGER PRIMARY KEY,   -- the places of its first and last alert
        last INTEGER NOT NULL,
        facts BLOB NOT NULL,         -- place, severity, instant, length of each
        body BLOB NOT NULL           -- their records
    ) STRICT;";

const SCHEMA: &str = "
    CREATE TABLE log (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        next INTEGER NOT NULL,       -- the place of the next alert
        clock INTEGER NOT NULL,      -- seconds that this log was open
        set_aside INTEGER NOT NULL,  -- logs set aside before this one
        position BLOB                -- where the input goes on
    ) STRICT;
    CREATE TABLE streams (
        id INTEGER PRIMARY KEY,
        stream BLOB NOT NULL UNIQUE,
        epoch INTEGER NOT NULL,
        consumer TEXT,               -- who waits for it, if anybody does
        head INTEGER NOT NULL,       -- the last number given
        let_go INTEGER NOT NULL,     -- removed after delivery
        dropped_full INTEGER NOT NULL,
        dropped_age INTEGER NOT NULL,
        dropped_poison INTEGER NOT NULL,
        dropped_held INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE segments (
        first INTEGER PRIMARY KEY,   -- a place; the segment ends where the next one begins
        stream INTEGER NOT NULL,
        number INTEGER NOT NULL      -- of its first place
    ) STRICT;
    CREATE TABLE skips (
        first INTEGER PRIMARY KEY,   -- places that are not delivered (any more)
        last INTEGER NOT NULL,
        gone INTEGER NOT NULL        -- why: see Gone
    ) STRICT;
    CREATE TABLE blocks (            -- how many alerts of a severity lie in which stretch: finds what to drop
        severity INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        alerts INTEGER NOT NULL,
        logged INTEGER NOT NULL,     -- the log's clock at the newest
        PRIMARY KEY (severity, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE aside (
        place INTEGER PRIMARY KEY,   -- of a record that a hub refuses for good
        why TEXT NOT NULL
    ) STRICT;
    CREATE TABLE consumers (
        name TEXT PRIMARY KEY,
        delivered INTEGER NOT NULL,
        marks TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO log VALUES (1, 1, 0, 0, NULL);";

/// Opens the database for the writer, making it if it is not there.
///
/// # Errors
/// See [`Failure`]; nothing is repaired here.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Failure> {
    if !path.exists() {
        // SQLite would make it readable by all.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    }
    let connection = Connection::open(path)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Failure::ReadOnly("the file is read-only".into()));
    }
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size={PAGE}; PRAGMA cache_size=-1024; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
    ))?;
    let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Failure::ReadOnly(format!("the journal is {mode}")));
    }
    // The writer checkpoints by itself, after it answered.
    connection
        .execute_batch("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=16777216;")?;
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != VERSION {
        bring_up(&connection, version)?;
        // The version goes to the main file at once, where a later release finds it without opening anything.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        picket_durable::sync_folder(path.parent().unwrap_or(Path::new("/")))?;
    }
    hours::prepare(&connection);
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Makes the tables, or those of the release before into these: all or nothing.
fn bring_up(connection: &Connection, version: u32) -> Result<(), Failure> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(RUNS)?;
    match version {
        0 => transaction.execute_batch(SCHEMA)?,
        _ => {
            tracing::info!(version, "the alert log of an earlier release is taken over");
            runs::take_over(&transaction)?;
            transaction.execute_batch("DROP TABLE alerts;")?;
        }
    }
    transaction.execute_batch(&format!("PRAGMA user_version={VERSION};"))?;
    Ok(transaction.commit()?)
}

/// As [`open_reader`], of this release's tables. Those of an earlier release, which could not be taken over yet, are no
/// damage.
///
/// # Errors
/// See [`Failure`].
pub(super) fn open_current_reader(path: &Path) -> Result<Connection, Failure> {
    let connection = open_reader(path)?;
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == VERSION {
        return Ok(connection);
    }
    Err(Failure::Other(format!("its tables are of version {version}, and version {VERSION} is read")))
}

/// Opens the database for a reader.
///
/// # Errors
/// See [`Failure`].
pub(super) fn open_reader(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA cache_size=-256; PRAGMA mmap_size=0; PRAGMA query_only=ON;")?;
    Ok(connection)
}

/// The database in a folder.
pub(super) fn database_in(folder: &Path) -> PathBuf {
    folder.join("alerts.db")
}

/// A number as SQLite holds it. Places and numbers reach 2^63 at a million alerts a second in 292,000 years.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as SQLite gave it; none of ours is negative.
pub(super) fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
