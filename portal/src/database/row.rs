//! A row that a database gave back.

use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use super::{Kind, Value};

/// A row.
#[expect(missing_debug_implementations, reason = "neither driver's row has one")]
pub enum Row {
    /// SQLite's.
    Sqlite(SqliteRow),
    /// PostgreSQL's.
    Postgres(PgRow),
}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// When there is no such column, or its value is of another type.
    pub fn try_get<'r, T>(&'r self, column: &str) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A number of a column, as a smaller type; none if it does not fit one.
    ///
    /// # Errors
    /// When there is no such column, or its value is no number.
    pub fn small<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>, sqlx::Error> {
        Ok(self.try_get::<Option<i64>>(column)?.and_then(|number| T::try_from(number).ok()))
    }

    /// What is in a column, as it may be bound again.
    ///
    /// # Errors
    /// When there is no such column, or its value is of another type.
    pub fn value(&self, column: &str, kind: Kind) -> Result<Value, sqlx::Error> {
        Ok(match kind {
            Kind::Number => Value::Number(self.try_get(column)?),
            Kind::Text => Value::Text(self.try_get(column)?),
            Kind::Bytes => Value::Bytes(self.try_get(column)?),
        })
    }

    pub(super) fn first<'r, T>(&'r self) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(0),
            Self::Postgres(row) => row.try_get(0),
        }
    }
}
