//! The SQLite database of the control state: one row of state, the audit. WAL, `synchronous=FULL`, one owner.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use picket_lifecycle::audit::AuditRecord;
use picket_protocol::local_api;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use super::{
    audit,
    failure::Failure,
    set_aside::{self, with_suffix},
};

/// The version of what stands in the database. Raised only by what the release before could not read.
pub(super) const VERSION: u32 = 1;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL, -- counts required writes; the second copy carries it too
        digest BLOB NOT NULL,        -- SHA-256 of content
        content BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT, -- from 1 without gaps, also when old ones are dropped
        at INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT;";

/// The database, open.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
}

/// The state as it lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) generation: i64,
    pub(super) content: Vec<u8>,
}

impl Database {
    /// Opens or makes it.
    ///
    /// # Errors
    /// See [`Failure`]; nothing is repaired here.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if !path.exists() {
            make(path)?;
        }
        let connection = Connection::open(path)?;
        // SQLite opens a file that it may not write without a word.
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            return Err(Failure::ReadOnly("the file is read-only".into()));
        }
        // Exclusive before the first access: the WAL index is then on the heap, no file to map, and a second agent
        // finds the database locked. The caches are small, since a state is read once and an appliance's memory counts.
        connection.execute_batch(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-128; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;",
        )?;
        let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(Failure::ReadOnly(format!("the journal is {mode}")));
        }
        connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=64; PRAGMA secure_delete=ON;")?;
        let database = Self { connection };
        if database.version()? != VERSION {
            database.make_schema()?;
        }
        Ok(database)
    }

    /// The state, if there is one.
    ///
    /// # Errors
    /// [`Failure::Corrupt`] also when the content does not fit its digest.
    pub(super) fn state(&self) -> Result<Option<Stored>, Failure> {
        let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, Vec<u8>, Vec<u8>)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        };
        let found = self
            .connection
            .query_row("SELECT generation, digest, content FROM state WHERE id = 1", [], row)
            .optional()?;
        let Some((generation, digest, content)) = found else { return Ok(None) };
        if Sha256::digest(&content).as_slice() != digest {
            return Err(Failure::Corrupt("the state does not fit its digest".into()));
        }
        Ok(Some(Stored { generation, content }))
    }

    /// Writes state and audit in one transaction, which is one sync. Gives the generation.
    ///
    /// # Errors
    /// See [`Failure`]; nothing is changed then.
    pub(super) fn write(&mut self, state: &[u8], audit: &[AuditRecord], required: bool) -> Result<i64, Failure> {
        let transaction = self.connection.transaction()?;
        let generation = transaction
            .prepare_cached(
                "INSERT INTO state (id, generation, digest, content) VALUES (1, 1, ?1, ?2)
                 ON CONFLICT (id) DO UPDATE SET generation = generation + ?3, digest = ?1, content = ?2
                 RETURNING generation",
            )?
            .query_row(params![Sha256::digest(state).as_slice(), state, u8::from(required)], |row| row.get(0))?;
        audit::append(&transaction, audit)?;
        transaction.commit()?;
        Ok(generation)
    }

    /// Writes a state recovered from the second copy, with its generation.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) fn restore(&mut self, stored: &Stored) -> Result<(), Failure> {
        self.connection.execute(
            "INSERT OR REPLACE INTO state (id, generation, digest, content) VALUES (1, ?1, ?2, ?3)",
            params![stored.generation, Sha256::digest(&stored.content).as_slice(), stored.content],
        )?;
        Ok(())
    }

    /// See [`super::Store::audit`].
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) fn audit(&self, after: u64, limit: u32) -> Result<Vec<local_api::AuditRecord>, Failure> {
        audit::page(&self.connection, after, limit)
    }

    /// Moves the journal into the database and cuts it off.
    ///
    /// # Errors
    /// See [`Failure`].
    pub(super) fn empty_journal(&self) -> Result<(), Failure> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    fn version(&self) -> Result<u32, Failure> {
        Ok(self.connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
    }

    /// The version goes to the main file at once, where [`version_on_disk`] finds it without opening anything.
    fn make_schema(&self) -> Result<(), Failure> {
        self.connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;"))?;
        self.empty_journal()?;
        if let Some(folder) = self.connection.path().map(PathBuf::from).as_deref().and_then(Path::parent) {
            picket_durable::sync_folder(folder)?;
        }
        Ok(())
    }
}

/// Makes an empty database under another name, without a sync until it is whole: half a database never bears the real
/// name, and the first start waits for two syncs instead of eleven.
fn make(path: &Path) -> Result<(), Failure> {
    let draft = with_suffix(path, ".draft");
    set_aside::remove(&draft)?;
    // SQLite would make it readable by all.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let connection = Connection::open(&draft)?;
    connection.execute_batch(&format!(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF;
         BEGIN; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT; PRAGMA journal_mode=WAL;"
    ))?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(&draft)?.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(picket_durable::sync_folder(path.parent().unwrap_or(Path::new("/")))?)
}

/// The version in a database file, read from its header (offset 60 of the SQLite file format) without touching it.
/// None when there is no such file or it is no database.
pub(crate) fn version_on_disk(path: &Path) -> Option<u32> {
    use std::io::Read as _;
    let mut header = [0u8; 64];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    let version = header.last_chunk::<4>().copied().map(u32::from_be_bytes)?;
    header.starts_with(b"SQLite format 3\0").then_some(version)
}
