//! Opens the alert log, whatever lies there: what is corrupt is set aside and a new log begun. The agent always starts.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use super::{book::Book, entry::LogError, runs, schema};
use crate::store::{failure::Failure, set_aside, version_on_disk};

/// An open database, and what is known of it by heart.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) connection: Connection,
    pub(super) book: Book,
}

impl Log {
    /// Opens a sound database, or makes one.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let connection = schema::open_writer(path)?;
        let book = Book::read(&connection)?;
        let given = runs::last(&connection)?.max(book.segments.last().map_or(0, |segment| segment.first));
        if given >= book.next {
            return Err(Failure::Corrupt(format!("place {given} is taken, and the next is {}", book.next)));
        }
        Ok(Self { connection, book })
    }

    /// Sets the database aside and begins a new one that goes on where the input stood, at places that were never given:
    /// at `next`, or behind it.
    pub(super) fn start_afresh(path: &Path, known: Option<&Book>, next: u64, why: &str) -> Result<Self, Failure> {
        let aside = set_aside::set_aside(path)?;
        let remains = known.map(Remains::of).or_else(|| Remains::salvage(&aside)).or_else(|| Remains::copied(path));
        let remains = remains.unwrap_or_default();
        let undelivered = known.map(Book::undelivered);
        tracing::error!(%why, undelivered, aside = %aside.display(), "the alert log is corrupt and was set aside");
        let mut log = Self::open(path)?;
        log.book.next = remains.next.max(next);
        log.book.set_aside = remains.set_aside + 1;
        log.book.position = remains.position;
        log.book.write_log(&log.connection)?;
        Ok(log)
    }

    /// Removes the database and those set aside before it, and makes an empty one. Places go on: whoever still holds one
    /// of before must not find another alert there.
    pub(super) fn erase(path: &Path, next: u64) -> Result<Self, Failure> {
        set_aside::remove(path)?;
        set_aside::forget_all(path)?;
        match std::fs::remove_file(copy_of(path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut log = Self::open(path)?;
        log.book.next = next;
        log.book.write_log(&log.connection)?;
        Ok(log)
    }
}

/// What a new log takes over of one that was set aside.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remains {
    next: u64,
    set_aside: u64,
    position: Option<Vec<u8>>,
}

impl Remains {
    pub(super) fn of(book: &Book) -> Self {
        Self { next: book.next, set_aside: book.set_aside, position: book.position.clone() }
    }

    /// A copy beside the database, as of the last minute or an orderly stop: with no position at all, everything that the
    /// engine's files still hold would be taken again.
    pub(super) fn copy(&self, path: &Path) -> std::io::Result<()> {
        picket_durable::replace(&copy_of(path), &serde_json::to_vec(self)?)
    }

    fn copied(path: &Path) -> Option<Self> {
        serde_json::from_slice(&picket_durable::read_bounded(&copy_of(path), MAX_COPY).ok()?).ok()
    }

    /// Often only a page is damaged, and this row can still be read.
    fn salvage(aside: &Path) -> Option<Self> {
        let connection = schema::open_reader(aside).ok()?;
        let mut select = connection.prepare("SELECT next, set_aside, position FROM log WHERE id = 1").ok()?;
        let found = select.query_row([], |row| {
            let [next, set_aside] = [row.get(0)?, row.get(1)?].map(schema::natural);
            Ok(Self { next, set_aside, position: row.get(2)? })
        });
        found.optional().ok()?
    }
}

/// Most bytes of the copy that are read.
const MAX_COPY: usize = 1024 * 1024;

fn copy_of(path: &Path) -> PathBuf {
    path.with_extension("position")
}

/// Refuses to touch a database of a later release.
pub(super) fn refuse_newer(path: &Path) -> Result<(), LogError> {
    match version_on_disk(path) {
        Some(found) if found > schema::VERSION => Err(LogError::Newer { found, known: schema::VERSION }),
        _ => Ok(()),
    }
}
