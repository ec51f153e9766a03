//! Writes an alert every ten milliseconds, and watches from outside when each is durable: a reader of the alert log sees a
//! commit only after its sync, since SQLite moves the journal's index behind it (`synchronous=FULL`).
//!
//! Prints a line for each: its number, when its line was written, and when it was seen.

use std::{
    fs::File,
    io::{BufWriter, Write, stdout},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use picket_lab::generator;
use rusqlite::{Connection, OpenFlags};

use super::journal::now;

const PER_SECOND: u64 = 100;
/// Between two looks at the log: the error of what is measured.
const LOOK_AGAIN: Duration = Duration::from_micros(100);
/// How long the last one is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(eve: &Path, log: &Path, seconds: u64) -> Result<()> {
    let count = seconds * PER_SECOND;
    let before = last_number(&open(log)?)?;
    let end = Arc::new(AtomicU64::new(u64::MAX));
    let watcher = {
        let (log, end) = (log.to_owned(), Arc::clone(&end));
        thread::spawn(move || watch(&log, before, before + count, &end))
    };
    let written = write(eve, before, count);
    end.store(now()? + u64::try_from(PATIENCE.as_nanos())?, Ordering::Relaxed);
    let durable = watcher.join().map_err(|_| anyhow::anyhow!("the watcher panicked"))??;
    let mut out = BufWriter::new(stdout().lock());
    for (number, (written, durable)) in (before + 1..).zip(written?.into_iter().zip(durable)) {
        writeln!(out, "{number} {written} {durable}")?;
    }
    Ok(out.flush()?)
}

/// Waits until the log holds so many, and prints when.
pub(crate) fn durable(log: &Path, count: u64) -> Result<()> {
    let connection = open(log)?;
    while last_number(&connection)? < count {
        thread::sleep(LOOK_AGAIN * 10);
    }
    Ok(writeln!(stdout(), "{}", now()?)?)
}

/// When each line was written: the instant before its `write`.
fn write(eve: &Path, before: u64, count: u64) -> Result<Vec<u64>> {
    let mut file = File::options().append(true).open(eve)?;
    let (start, mut written) = (Instant::now(), Vec::new());
    for index in 0..count {
        let line = generator::line(before + 1 + index);
        let due = start + Duration::from_secs(1).mul_f64(index as f64 / PER_SECOND as f64);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        written.push(now()?);
        file.write_all(&line)?;
    }
    Ok(written)
}

/// When each number up to `last` was seen in the log.
fn watch(log: &Path, before: u64, last: u64, end: &AtomicU64) -> Result<Vec<u64>> {
    let connection = open(log)?;
    let (mut seen, mut at) = (before, Vec::new());
    while seen < last {
        let found = last_number(&connection)?;
        let now = now()?;
        at.extend((seen..found).map(|_| now));
        seen = found;
        ensure!(now < end.load(Ordering::Relaxed), "the log has {seen} of {last} alerts");
        thread::sleep(LOOK_AGAIN);
    }
    Ok(at)
}

fn open(log: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(log, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

/// The last place in the log. The bench has one stream, so places are numbers.
fn last_number(connection: &Connection) -> Result<u64> {
    let next: i64 = connection.prepare_cached("SELECT next FROM log")?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(next)? - 1)
}
