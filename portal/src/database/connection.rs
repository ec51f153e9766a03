//! The connection of whoever writes, and where the two databases differ.

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection, postgres::PgConnectOptions,
};

/// How long a lost server is waited for before it is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Begins a transaction of a writer. Writers of all processes take turns: each sees what those before it committed, and
/// rows are numbered in the order of commits, which those who read onward rely on.
const BEGIN_IN_TURN: &str = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('picket ' || current_schema(), 0))";

/// A connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Sqlite(SqliteConnection),
    Postgres(Box<Served>),
}

/// A connection to a server, and how to get another when it is lost.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) live: PgConnection,
    pub(super) options: PgConnectOptions,
}

impl Connection {
    pub(super) const fn sqlite(live: SqliteConnection) -> Self {
        Self { kind: Kind::Sqlite(live) }
    }

    pub(super) fn postgres(live: PgConnection, options: PgConnectOptions) -> Self {
        Self { kind: Kind::Postgres(Box::new(Served { live, options })) }
    }

    /// Whether other processes may write between two transactions: then memory must not lead the database.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.kind, Kind::Postgres(_))
    }

    /// Begins a writer's transaction, once it is its turn.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn begin(&mut self) -> Result<(), sqlx::Error> {
        match &mut self.kind {
            Kind::Sqlite(live) => sqlx::query("BEGIN IMMEDIATE").execute(live).await.map(drop),
            Kind::Postgres(served) => sqlx::raw_sql(BEGIN_IN_TURN).execute(&mut served.live).await.map(drop),
        }
    }

    /// Makes the transaction durable.
    ///
    /// # Errors
    /// When the database says no: whether it took place is known to the database alone.
    pub async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.say("COMMIT").await
    }

    /// Takes the transaction back.
    ///
    /// # Errors
    /// When the database says no, or did so already.
    pub async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        self.say("ROLLBACK").await
    }

    /// Executes a statement that both know and that binds nothing.
    pub(crate) async fn say(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match &mut self.kind {
            Kind::Sqlite(live) => sqlx::query(AssertSqlSafe(sql)).execute(live).await.map(drop),
            Kind::Postgres(served) => sqlx::raw_sql(sql).execute(&mut served.live).await.map(drop),
        }
    }

    /// After a failure: no transaction is open, and a lost server is found again, however long that takes.
    pub async fn recover(&mut self) {
        let _ = self.roll_back().await; // fails when it was rolled back already
        let Kind::Postgres(served) = &mut self.kind else { return };
        while let Err(error) = served.live.ping().await {
            tracing::warn!(%error, "the connection to the database was lost");
            match served.options.clone().connect().await {
                Ok(live) => served.live = live,
                Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
            }
        }
    }

    /// Ends it, with everything written.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn close(self) -> Result<(), sqlx::Error> {
        match self.kind {
            Kind::Sqlite(live) => live.close().await,
            Kind::Postgres(served) => served.live.close().await,
        }
    }
}
