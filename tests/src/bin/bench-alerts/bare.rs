//! Bare SQLite in the alert log's place: the same lines, in transactions of as many bytes, as durable, the journal moved as
//! seldom; by one thread that reads no JSON, keeps no marks, and does nothing else. The limit of the store that the agent
//! stands on.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
};

use anyhow::Result;
use rusqlite::{Connection, params};

use super::journal::now;

/// As the alert log has them: bytes of a transaction, and of a journal that is moved into the database.
const BATCH: usize = 512 * 1024;
const CHECKPOINT_AT: usize = 12 * 1024 * 1024;
/// As `agent/src/alert_log/schema.rs` opens it.
const OPEN: &str = "PRAGMA page_size=8192; PRAGMA cache_size=-1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA wal_autocheckpoint=0;
    CREATE TABLE alerts (
        place INTEGER PRIMARY KEY, severity INTEGER NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL
    ) STRICT;";

/// Prints the lines that became durable in a second.
pub(crate) fn run(records: &Path, database: &Path) -> Result<()> {
    let connection = Connection::open(database)?;
    connection.execute_batch(OPEN)?;
    let (mut lines, mut batch) = (BufReader::with_capacity(BATCH, File::open(records)?), Vec::new());
    let (mut count, mut journal) = (0, 0);
    let start = now()?;
    loop {
        let bytes = fill(&mut lines, &mut batch)?;
        if bytes == 0 {
            break;
        }
        count = insert(&connection, &batch, count)?;
        journal += bytes;
        if journal >= CHECKPOINT_AT {
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            journal = 0;
        }
    }
    let seconds = (now()? - start) as f64 / 1e9;
    Ok(writeln!(stdout(), "{}", count as f64 / seconds)?)
}

/// The next lines, about a transaction of them; how many bytes they are.
fn fill(lines: &mut impl BufRead, batch: &mut Vec<String>) -> Result<usize> {
    batch.clear();
    let mut bytes = 0;
    while bytes < BATCH {
        let mut line = String::new();
        match lines.read_line(&mut line)? {
            0 => break,
            read => bytes += read,
        }
        line.truncate(line.trim_end().len());
        batch.push(line);
    }
    Ok(bytes)
}

fn insert(connection: &Connection, batch: &[String], mut place: i64) -> Result<i64> {
    let transaction = connection.unchecked_transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO alerts VALUES (?1, 1, 0, ?2)")?;
        for line in batch {
            place += 1;
            insert.execute(params![place, line])?;
        }
    }
    transaction.commit()?;
    Ok(place)
}
