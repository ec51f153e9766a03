//! Keeps what the domain decided, in a database. One task writes; whoever asks for a change is answered after its commit.
//!
//! Knows no HTTP. Readers have their own connections and see the last commit.

pub mod activations;
mod alarms;
pub(crate) mod audit;
mod certificates;
mod change;
pub mod fleet;
mod heartbeats;
mod history;
mod hubs;
mod identities;
pub(crate) mod onboarding_keys;
pub mod people;
pub mod places;
mod recoveries;
mod registry;
pub(crate) mod rows;
pub mod sensors;
pub mod sessions;
mod standings;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod views;
mod writer;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    database::{Address, OpenError, Part, Pool},
    domain::{heartbeat::Policy, refused::Refused},
};

pub use activations::{Enrolment, Issued};
pub use alarms::AlarmRow;
pub use audit::Actor;
pub use certificates::Withdrawn;
pub use change::{StoreError, Work};
pub use heartbeats::Spoken;
pub use hubs::HubRow;
pub use identities::Peer;
pub use onboarding_keys::OnboardingKey;

/// Commands that wait for the writer. More wait at their senders, and are turned away after [`PATIENCE`].
const QUEUE: usize = 4096;
/// How long a command may wait for a place in the queue.
const PATIENCE: Duration = Duration::from_secs(5);
/// Everything but the alerts.
pub(crate) const PART: Part = Part {
    file: "portal.db",
    schema: "picket",
    migrations: || sqlx::migrate!(),
    // Checkpoints cost a second write of each page; fewer of them write a busy page once.
    writing: &[("wal_autocheckpoint", "4000"), ("journal_size_limit", "67108864")],
    // A page of a list finds its sensors all over the file.
    reading: &[("cache_size", "-16384")],
};

/// The database. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) readers: Pool,
    commands: mpsc::Sender<writer::Command>,
}

impl Store {
    /// Opens the database, makes or updates its schema, and starts its writer.
    ///
    /// # Errors
    /// When it cannot be opened, or its schema is newer than this program knows.
    pub async fn open(address: &Address, policy: watch::Receiver<Policy>) -> Result<(Self, JoinHandle<()>), OpenError> {
        let (mut connection, readers) = address.open(&PART).await?;
        audit::chain(&mut connection).await?;
        standings::complete(&mut connection).await?;
        let registry = registry::Registry::open(&mut connection).await?;
        let (commands, queue) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(writer::Writer::new(connection, registry, policy, queue).run());
        Ok((Self { readers, commands }, writer))
    }

    async fn send(&self, command: writer::Command) -> Result<(), Refused> {
        self.commands.send_timeout(command, PATIENCE).await.map_err(|_| Refused::TooBusy)
    }
}

/// Logs what the database said; people and sensors are told only that it failed.
pub(crate) fn failed(error: &sqlx::Error) -> Refused {
    tracing::error!(%error, "the database failed");
    Refused::StorageFailed
}

/// A future that a change returns.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Shared bytes of a request, kept until its batch is committed.
type Bytes = Arc<[u8]>;
