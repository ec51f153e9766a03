//! A connection for reading, kept between reads and thrown away when another database takes the place of its own, or when
//! nobody reads: it holds a tenth of a megabyte.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::{facts::Shared, schema};
use crate::store::failure::Failure;

/// The connection of the last read.
#[derive(Debug, Default)]
pub(super) struct Reader(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    /// Of its database.
    generation: u64,
    connection: Connection,
    /// Since [`Reader::rest`] was called last.
    read: bool,
}

impl Reader {
    /// Reads. Two reads at a time are two connections; only one is kept.
    pub(super) fn read<T>(
        &self,
        shared: &Shared,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, (u64, Failure)> {
        let generation = shared.facts().generation;
        let failed = |failure| (generation, failure);
        let kept = self.slot().take().filter(|kept| kept.generation == generation);
        let mut connection = match kept {
            Some(Kept { connection, .. }) => connection,
            None => schema::open_current_reader(&shared.path).map_err(failed)?,
        };
        let result = work(&mut connection).map_err(failed);
        if result.is_ok() {
            *self.slot() = Some(Kept { generation, connection, read: true });
        }
        result
    }

    /// Lets go of a connection by which nothing was read since the last call. Called now and then.
    pub(super) fn rest(&self) {
        let mut slot = self.slot();
        match slot.as_mut() {
            Some(kept) if kept.read => kept.read = false,
            _ => *slot = None,
        }
    }

    #[cfg(test)]
    pub(super) fn is_kept(&self) -> bool {
        self.slot().is_some()
    }

    /// Held for the moment of taking out and putting back only.
    fn slot(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
