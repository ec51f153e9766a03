//! A statement that is put together: constant text, and bound values.

use super::{Query, Value, query};

/// How many of so many rows, at least one, the next statement takes: statements of the powers of two are prepared, and no
/// others.
pub fn portion(rows: usize, most: usize) -> usize {
    (1 << rows.max(1).ilog2()).min(most)
}

/// A statement in the making.
#[derive(Debug)]
pub struct Builder {
    sql: String,
    values: Vec<Value>,
}

impl Builder {
    /// Begins with this text.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Adds text, never any that came from outside.
    pub fn push(&mut self, sql: impl AsRef<str>) -> &mut Self {
        self.sql.push_str(sql.as_ref());
        self
    }

    /// Adds a value.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.push("?")
    }

    /// Adds values with commas between them, as `IN (…)` has them.
    pub fn push_list<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        for (number, value) in values.into_iter().enumerate() {
            self.push(if number == 0 { "" } else { ", " }).push_bind(value);
        }
        self
    }

    /// The statement.
    pub fn build(self) -> Query {
        self.values.into_iter().fold(query(self.sql), Query::bind)
    }
}
