//! The seam between the stores and the database that keeps them: SQLite in the data folder, or a PostgreSQL server.
//!
//! Statements are written once, with `?` for what is bound, in the SQL that both understand; where they differ,
//! [`Connection`] says how. Knows no table of the portal's.

mod address;
mod builder;
mod connection;
mod duty;
mod layout;
mod migrations;
mod pool;
mod query;
mod row;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod transfer;
mod value;

pub use address::{Address, Part};
pub use builder::{Builder, portion};
pub use connection::Connection;
pub use duty::on_duty;
pub use layout::{Column, Kind, Layout, Numbers, Table};
pub use pool::Pool;
pub use query::{Done, On, Query, Scalar, query, scalar};
pub use row::Row;
pub use value::Value;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database said no.
    #[error("open the database")]
    Sql(#[from] sqlx::Error),
    /// Its schema could not be brought up to date, or is newer than this program.
    #[error("bring the database's schema up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
