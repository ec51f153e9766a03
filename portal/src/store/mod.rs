//! Keeps what the domain decided, in SQLite. One task writes; whoever asks for a change is answered after its commit.
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
mod recoveries;
mod registry;
pub(crate) mod rows;
pub mod sensors;
pub mod sessions;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod views;
mod writer;

use std::{path::Path, str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::domain::{heartbeat::Policy, refused::Refused};

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
/// Connections for reading.
const READERS: u32 = 4;

/// The database. Cheap to clone; the writer ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) readers: SqlitePool,
    commands: mpsc::Sender<writer::Command>,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite said no.
    #[error("open the database")]
    Sql(#[from] sqlx::Error),
    /// Its schema could not be brought up to date, or is newer than this program.
    #[error("bring the database's schema up to date")]
    Migrate(#[from] MigrateError),
}

impl Store {
    /// Opens the database, makes or updates its schema, and starts its writer.
    ///
    /// # Errors
    /// When SQLite cannot open it, or its schema is newer than this program knows.
    pub async fn open(path: &Path, policy: watch::Receiver<Policy>) -> Result<(Self, JoinHandle<()>), OpenError> {
        make_private(path)?;
        let options = options(path)?;
        let mut connection = options.clone().connect().await?;
        sqlx::migrate!().run(&mut connection).await?;
        audit::chain(&mut connection).await?;
        let readers = readers(READERS).connect_with(options.read_only(true)).await?;
        let registry = registry::Registry::load(&mut connection).await?;
        let (commands, queue) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(writer::Writer::new(connection, registry, policy, queue).run());
        Ok((Self { readers, commands }, writer))
    }

    async fn send(&self, command: writer::Command) -> Result<(), Refused> {
        self.commands.send_timeout(command, PATIENCE).await.map_err(|_| Refused::TooBusy)
    }
}

/// Connections for reading. Without the question whether one still lives, which is another way to its thread and back:
/// the file does not go away.
pub(crate) fn readers(most: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(most).test_before_acquire(false)
}

/// The database holds pairing tokens and pushed files. SQLite gives its other files the mode of this one.
pub(crate) fn make_private(path: &Path) -> Result<(), sqlx::Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

pub(crate) fn options(path: &Path) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options = SqliteConnectOptions::from_str("sqlite:")?.filename(path).create_if_missing(true);
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL loses acknowledged rows at a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        // Checkpoints cost a second write of each page; fewer of them write a busy page once.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864"))
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
