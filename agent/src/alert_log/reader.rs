//! A connection for reading, kept between reads and thrown away when another database takes the place of its own.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::{facts::Shared, schema};
use crate::store::failure::Failure;

/// The connection of the last read, with the generation of its database.
#[derive(Debug, Default)]
pub(super) struct Reader(Mutex<Option<(u64, Connection)>>);

impl Reader {
    /// Reads. Two reads at a time are two connections; only one is kept.
    pub(super) fn read<T>(
        &self,
        shared: &Shared,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, (u64, Failure)> {
        let generation = shared.facts().generation;
        let failed = |failure| (generation, failure);
        let kept = self.slot().take().filter(|(of, _)| *of == generation);
        let mut connection = match kept {
            Some((_, connection)) => connection,
            None => schema::open_reader(&shared.path).map_err(failed)?,
        };
        let result = work(&mut connection).map_err(failed);
        if result.is_ok() {
            *self.slot() = Some((generation, connection));
        }
        result
    }

    /// Held for the moment of taking out and putting back only.
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<(u64, Connection)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
