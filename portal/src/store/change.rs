//! A change: a closure over the writer's connection, made inside the writer's transaction.
//!
//! A change that refuses or fails leaves nothing behind; its neighbours in the batch stand.

use std::collections::BTreeSet;

use picket_protocol::{ids::SensorId, time::UnixSeconds};
use tokio::sync::oneshot;

use super::{BoxFuture, Store, failed, writer::Command};
use crate::database::Connection;
use crate::domain::refused::Refused;

/// What a change works with.
#[derive(Debug)]
pub struct Work {
    /// The writer's connection, inside its transaction.
    pub(crate) connection: Connection,
    /// Sensors whose rows changed: what is kept of them in memory is read again after the commit.
    pub(super) touched: BTreeSet<SensorId>,
    /// The time of the batch.
    pub(crate) now: UnixSeconds,
    /// The time of the batch, Unix milliseconds, for serials.
    pub(super) now_milliseconds: u64,
}

impl Work {
    pub(super) fn touch(&mut self, sensor: SensorId) {
        self.touched.insert(sensor);
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub enum StoreError {
    /// The domain refused.
    Refused(Refused),
    /// The database failed.
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refused) => refused,
            StoreError::Sql(error) => failed(&error),
        }
    }
}

/// Tells the sender how its change ended, once the batch has.
pub(super) type Tell = Box<dyn FnOnce(bool) + Send>;
/// A change with its sender's type erased: what it did, and how to tell.
pub(super) type Change = Box<dyn for<'a> FnOnce(&'a mut Work) -> BoxFuture<'a, (bool, Tell)> + Send>;

impl Store {
    /// Has the writer make a change; answers after its commit.
    ///
    /// # Errors
    /// The change's own refusal, or that the database failed or was too busy.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut Work) -> BoxFuture<'a, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let erased: Change = Box::new(move |work| {
            Box::pin(async move {
                let made = change(work).await;
                let keep = made.is_ok();
                let tell: Tell = Box::new(move |committed| {
                    let outcome = match made {
                        Ok(_) if !committed => Err(Refused::StorageFailed),
                        made => made.map_err(Refused::from),
                    };
                    let _ = reply.send(outcome); // whoever asked may have gone
                });
                (keep, tell)
            })
        });
        self.send(Command::Change(erased)).await?;
        outcome.await.unwrap_or(Err(Refused::StorageFailed))
    }
}
