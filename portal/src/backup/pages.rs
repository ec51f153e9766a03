//! Reads a table in the order of its key, some rows at a time, however large it is.

use crate::database::{Builder, Connection, Row, Table, Value};

use super::{
    records::encoded,
    sum::{Sum, Summing},
};

/// Rows that are read with one question.
const ROWS: u32 = 500;

/// Where the reading of a table stands.
pub(super) struct Pages<'a> {
    table: &'a Table,
    /// The key of the last row that was read.
    after: Option<Vec<Value>>,
    ended: bool,
}

impl<'a> Pages<'a> {
    pub(super) const fn of(table: &'a Table) -> Self {
        Self { table, after: None, ended: false }
    }

    /// The next rows; none after the last.
    pub(super) async fn next(&mut self, connection: &mut Connection) -> Result<Option<Vec<Vec<Value>>>, sqlx::Error> {
        if self.ended {
            return Ok(None);
        }
        let rows = self.question().build().fetch_all(connection).await?;
        let page: Vec<Vec<Value>> = rows.iter().map(|row| self.values(row)).collect::<Result<_, _>>()?;
        self.ended = rows.len() < ROWS as usize;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(self.table.key.iter().filter_map(|place| last.get(*place).cloned()).collect());
        Ok(Some(page))
    }

    fn question(&self) -> Builder {
        let table = self.table;
        let mut question = Builder::new(format!("SELECT {} FROM \"{}\"", table.column_list(), table.name));
        let key = table.key_list();
        if let Some(after) = &self.after {
            question.push(format!(" WHERE ({key}) > (")).push_list(after.iter().cloned()).push(")");
        }
        question.push(format!(" ORDER BY {key} LIMIT {ROWS}"));
        question
    }

    fn values(&self, row: &Row) -> Result<Vec<Value>, sqlx::Error> {
        self.table.columns.iter().map(|column| row.value(&column.name, column.kind)).collect()
    }
}

/// Count and digest of a table as the database has it.
pub(super) async fn sum(connection: &mut Connection, table: &Table) -> Result<Sum, sqlx::Error> {
    let (mut pages, mut summing) = (Pages::of(table), Summing::default());
    while let Some(page) = pages.next(connection).await? {
        page.iter().for_each(|row| summing.add(&encoded(row)));
    }
    Ok(summing.end())
}
