//! Connections for reading, each of which sees the last commit.

use sqlx::{PgPool, SqlitePool};

/// Connections for reading.
#[derive(Debug, Clone)]
pub enum Pool {
    /// To a file.
    Sqlite(SqlitePool),
    /// To a server.
    Postgres(PgPool),
}

impl Pool {
    /// Whether other processes write what is read here.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}
