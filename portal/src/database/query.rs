//! A statement with what is bound to it, for either database.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, Decode, Postgres, Sqlite, Type, postgres::PgArguments, query::Query as SqlxQuery,
    sqlite::SqliteArguments,
};

use super::{Connection, Pool, Row, Value, connection::Kind};

/// A statement.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is executed"]
pub struct Query {
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement whose first column is wanted.
#[derive(Debug)]
#[must_use = "a statement does nothing until it is executed"]
pub struct Scalar<T>(Query, std::marker::PhantomData<fn() -> T>);

/// Where a statement is executed.
#[derive(Debug)]
pub enum On<'a> {
    /// On this connection.
    Connection(&'a mut Connection),
    /// On any of these.
    Pool(&'a Pool),
}

/// What a statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    rows: u64,
}

impl Done {
    /// How many rows it wrote or deleted.
    #[must_use]
    pub const fn rows_affected(self) -> u64 {
        self.rows
    }
}

impl<'a> From<&'a mut Connection> for On<'a> {
    fn from(connection: &'a mut Connection) -> Self {
        Self::Connection(connection)
    }
}

impl<'a> From<&'a Pool> for On<'a> {
    fn from(pool: &'a Pool) -> Self {
        Self::Pool(pool)
    }
}

/// A statement, in which each `?` stands for a value to be bound, or `?N` for the N-th. Never made of what came from
/// outside.
pub fn query(sql: impl Into<Cow<'static, str>>) -> Query {
    Query { sql: sql.into(), values: Vec::new() }
}

/// A statement whose first column is wanted.
pub fn scalar<T>(sql: impl Into<Cow<'static, str>>) -> Scalar<T> {
    Scalar(query(sql), std::marker::PhantomData)
}

/// Executes a statement where it belongs, and makes the outcome one of ours.
macro_rules! execute {
    ($query:expr, $on:expr, $how:ident, $sqlite:expr, $postgres:expr) => {
        match $on.into() {
            On::Connection(connection) => match &mut connection.kind {
                Kind::Sqlite(live) => $query.for_sqlite().$how(live).await.map($sqlite),
                Kind::Postgres(served) => $query.for_postgres().$how(&mut served.live).await.map($postgres),
            },
            On::Pool(Pool::Sqlite(pool)) => $query.for_sqlite().$how(pool).await.map($sqlite),
            On::Pool(Pool::Postgres(pool)) => $query.for_postgres().$how(pool).await.map($postgres),
        }
    };
}

impl Query {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Executes it for what it does.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<Done, sqlx::Error> {
        execute!(self, on, execute, |done| Done { rows: done.rows_affected() }, |done| Done {
            rows: done.rows_affected()
        })
    }

    /// Its only row.
    ///
    /// # Errors
    /// When there is none, or the database says no.
    pub async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<Row, sqlx::Error> {
        execute!(self, on, fetch_one, Row::Sqlite, Row::Postgres)
    }

    /// Its first row, if it has one.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn fetch_optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<Row>, sqlx::Error> {
        execute!(self, on, fetch_optional, |row| row.map(Row::Sqlite), |row| row.map(Row::Postgres))
    }

    /// Every row.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn fetch_all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<Row>, sqlx::Error> {
        execute!(self, on, fetch_all, |rows| rows.into_iter().map(Row::Sqlite).collect(), |rows| rows
            .into_iter()
            .map(Row::Postgres)
            .collect())
    }

    fn for_sqlite(self) -> SqlxQuery<'static, Sqlite, SqliteArguments> {
        let statement = sqlx::query(AssertSqlSafe(self.sql));
        self.values.into_iter().fold(statement, |statement, value| match value {
            Value::Number(number) => statement.bind(number),
            Value::Text(text) => statement.bind(text),
            Value::Bytes(bytes) => statement.bind(bytes),
            Value::Truth(truth) => statement.bind(truth),
        })
    }

    fn for_postgres(self) -> SqlxQuery<'static, Postgres, PgArguments> {
        let statement = sqlx::query(AssertSqlSafe(numbered(&self.sql)));
        self.values.into_iter().fold(statement, |statement, value| match value {
            Value::Number(number) => statement.bind(number),
            Value::Text(text) => statement.bind(text.map(without_nul)),
            Value::Bytes(bytes) => statement.bind(bytes),
            Value::Truth(truth) => statement.bind(truth),
        })
    }
}

/// PostgreSQL takes every character but this one, and refuses the whole transaction for it: what one sensor says of itself
/// would keep every other's heartbeats out.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

impl<T> Scalar<T>
where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
{
    /// Binds the next value.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value), self.1)
    }

    /// The first column of its only row.
    ///
    /// # Errors
    /// When there is none, it is of another type, or the database says no.
    pub async fn fetch_one<'a>(self, on: impl Into<On<'a>>) -> Result<T, sqlx::Error> {
        self.0.fetch_one(on).await?.first()
    }

    /// The first column of its first row, if it has one.
    ///
    /// # Errors
    /// When it is of another type, or the database says no.
    pub async fn fetch_optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<T>, sqlx::Error> {
        self.0.fetch_optional(on).await?.map(|row| row.first()).transpose()
    }
}

/// As PostgreSQL counts what is bound: `$1`, `$2`, …; `?7` becomes `$7`. What stands in quotes stays as it is.
fn numbered(sql: &str) -> String {
    let mut made = String::with_capacity(sql.len() + 32);
    let (mut quoted, mut next) = (false, 0);
    let mut rest = sql.chars().peekable();
    while let Some(character) = rest.next() {
        quoted ^= character == '\'';
        if character != '?' || quoted {
            made.push(character);
            continue;
        }
        made.push('$');
        if !rest.peek().is_some_and(char::is_ascii_digit) {
            next += 1;
            made.push_str(&next.to_string());
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn what_is_bound_is_counted_and_what_is_quoted_stays() {
        assert_eq!(numbered("SELECT ?, '?', ?"), "SELECT $1, '?', $2");
        assert_eq!(numbered("SELECT ?2, ?1 WHERE a = ?2"), "SELECT $2, $1 WHERE a = $2");
        assert_eq!(numbered("SELECT 1"), "SELECT 1");
    }
}
