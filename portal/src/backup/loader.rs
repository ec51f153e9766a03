//! Fills the tables of a database that has nothing in it yet, and compares what it then has with what it was given.

use std::collections::BTreeMap;

use super::{Failed, pages, records::RowsEnd, sum::Sum};
use crate::database::{Address, Builder, Connection, Layout, Table, Value};

/// Values in one statement, at most: both databases take more.
const VALUES: usize = 8_000;

/// A database in the making. Whoever gives up on it takes it away again ([`Address::unmake`]).
pub(super) struct Loader {
    connection: Connection,
    layout: Layout,
    given: BTreeMap<String, Sum>,
}

impl Loader {
    /// Makes the tables of a layout, empty.
    pub(super) async fn begin(address: &Address, layout: Layout) -> Result<Self, Failed> {
        let mut connection = address.make(&layout).await?;
        connection.begin_filling().await?;
        for table in &layout.tables {
            let clear = format!("DELETE FROM \"{}\"", table.name); // what migrations put there
            crate::database::query(clear).execute(&mut connection).await?;
        }
        Ok(Self { connection, layout, given: BTreeMap::new() })
    }

    pub(super) async fn rows(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), Failed> {
        let at_once = (VALUES / table.columns.len().max(1)).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut insert = Builder::new(format!("INSERT INTO \"{}\" ({}) VALUES ", table.name, table.column_list()));
            for (number, row) in rows.by_ref().take(at_once).enumerate() {
                insert.push(if number == 0 { "(" } else { ", (" }).push_list(row).push(")");
            }
            insert.build().execute(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Ends a table: numbers that were ever given to a row are not given again.
    pub(super) async fn rows_end(&mut self, table: &Table, end: &RowsEnd) -> Result<(), Failed> {
        self.connection.number_from(table, end.numbered).await?;
        self.given.insert(table.name.clone(), end.sum.clone());
        Ok(())
    }

    /// Makes it durable, and reads all of it again.
    pub(super) async fn finish(mut self) -> Result<(), Failed> {
        self.connection.end_filling().await?;
        for table in &self.layout.tables {
            let found = pages::sum(&mut self.connection, table).await?;
            let given = self.given.get(&table.name);
            if given.map_or(found.rows > 0, |given| *given != found) {
                return Err(Failed::damaged(format!("table {} came out otherwise than it went in", table.name)));
            }
        }
        self.connection.close().await?;
        Ok(())
    }
}
