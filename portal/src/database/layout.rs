//! The tables of a part as its migrations up to a version make them. Asked of SQLite, in memory, whichever database keeps
//! them: the migrations are written for it, and are the same for both.

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::{Connection, OpenError, Part, Row, Value, migrations, query};

/// The tables of one version.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Of what.
    pub part: &'static Part,
    /// The newest migration.
    pub version: i64,
    /// In the order in which they are made.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Places of the columns of its primary key, in the key's order.
    pub key: Vec<usize>,
    /// The column by which it numbers its rows, if it does.
    pub numbers: Option<Numbers>,
}

/// How a table numbers its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The column.
    pub column: String,
    /// Whether a number is never used again, though its row is gone.
    pub once: bool,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: Kind,
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

impl Kind {
    /// Nothing, in such a column.
    #[must_use]
    pub const fn none(self) -> Value {
        match self {
            Self::Number => Value::Number(None),
            Self::Text => Value::Text(None),
            Self::Bytes => Value::Bytes(None),
        }
    }

    fn of(declared: &str) -> Result<Self, sqlx::Error> {
        match declared {
            "INTEGER" => Ok(Self::Number),
            "TEXT" => Ok(Self::Text),
            "BLOB" => Ok(Self::Bytes),
            other => Err(sqlx::Error::Protocol(format!("a column is {other}"))),
        }
    }
}

impl Layout {
    /// The tables of a version of a part.
    ///
    /// # Errors
    /// When the migrations do not run.
    pub async fn of(part: &'static Part, version: i64) -> Result<Self, OpenError> {
        let memory = SqliteConnectOptions::new().in_memory(true);
        let mut live = memory.disable_statement_logging().connect().await?;
        migrations::up_to(&(part.migrations)(), version).run(&mut live).await?;
        let mut connection = Connection::sqlite(live);
        let made = query("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid");
        let mut tables = Vec::new();
        for row in made.fetch_all(&mut connection).await? {
            let name: String = row.try_get("name")?;
            if !name.starts_with("sqlite_") && name != migrations::TABLE {
                tables.push(table(&mut connection, name, &row.try_get::<String>("sql")?).await?);
            }
        }
        Ok(Self { part, version, tables })
    }
}

async fn table(connection: &mut Connection, name: String, sql: &str) -> Result<Table, sqlx::Error> {
    let rows = query("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid").bind(&name);
    let rows = rows.fetch_all(connection).await?;
    let columns = rows.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let mut key = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        match row.try_get::<i64>("pk")? {
            0 => {}
            rank => key.push((rank, place)),
        }
    }
    key.sort_unstable();
    let key: Vec<usize> = key.into_iter().map(|(_, place)| place).collect();
    let numbers = match key[..] {
        [only] if columns[only].kind == Kind::Number => {
            let once = sql.contains("AUTOINCREMENT");
            Some(Numbers { column: columns[only].name.clone(), once })
        }
        _ => None,
    };
    if key.is_empty() {
        return Err(sqlx::Error::Protocol(format!("table {name} has no key")));
    }
    Ok(Table { name, columns, key, numbers })
}

fn column(row: &Row) -> Result<Column, sqlx::Error> {
    let declared: String = row.try_get("type")?;
    Ok(Column { name: row.try_get("name")?, kind: Kind::of(&declared)? })
}

impl Table {
    /// Its columns' names, as a statement lists them.
    #[must_use]
    pub fn column_list(&self) -> String {
        list(self.columns.iter())
    }

    /// The names of the columns of its key.
    #[must_use]
    pub fn key_list(&self) -> String {
        list(self.key.iter().filter_map(|place| self.columns.get(*place)))
    }
}

fn list<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
}
