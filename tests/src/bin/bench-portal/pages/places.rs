//! Where a measured portal keeps its fleet: a file, or a server of its own. Filled behind its back while it does not run.

use std::{
    fmt::Write as _,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use nix::unistd::Pid;
use picket_lab::{Binaries, Portal, Postgres, Role, ports::free_port};
use rusqlite::{Connection, params_from_iter, types::Value};

use super::{
    fleet::{TABLES, Table},
    processor,
};

#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    File,
    Server,
}

/// The portal ends before its server.
pub(super) struct Place {
    pub(super) portal: Portal,
    server: Option<Postgres>,
}

const DATABASE: &str = "fleet";

impl Place {
    pub(super) fn make(binaries: &Binaries, folder: &Path, kept: Kept) -> Result<Self> {
        let server = match kept {
            Kept::File => None,
            Kept::Server => Some(Postgres::start(&folder.join("server"))?),
        };
        let url = server.as_ref().map(|server| server.database(DATABASE)).transpose()?;
        let (data, port) = (folder.join("portal"), free_port()?);
        let (listen, known) = (format!("127.0.0.1:{port}"), format!("https://127.0.0.1:{port}"));
        let mut portal = Portal::init_on(binaries, Role::Portal, &data, &listen, &known, url.as_deref())?;
        portal.start()?; // makes the tables
        portal.stop()?;
        Ok(Self { portal, server })
    }

    pub(super) const fn name(&self) -> &'static str {
        if self.server.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// The portal, and those who serve it at the server.
    pub(super) fn processes(&self) -> Result<Vec<Pid>> {
        let mut all = vec![self.portal.program()?.pid()];
        if let Some(server) = self.server.as_ref().and_then(Postgres::pid) {
            all.extend(processor::children(server)?);
        }
        Ok(all)
    }

    pub(super) fn fill(&self, size: usize) -> Result<()> {
        for table in TABLES {
            match &self.server {
                None => fill_file(&self.portal.data().join("portal.db"), &table, size)?,
                Some(server) => fill_server(server, &table, size)?,
            }
        }
        Ok(())
    }

    /// What a server does by itself within a minute or two of such a change.
    pub(super) fn settle(&self) -> Result<()> {
        self.server.as_ref().map_or(Ok(()), |server| server.copy(DATABASE, "VACUUM (ANALYZE)", |_| Ok(())))
    }
}

fn fill_file(path: &PathBuf, table: &Table, size: usize) -> Result<()> {
    let mut database = Connection::open(path)?;
    let transaction = database.transaction()?;
    let places = vec!["?"; table.columns.split(',').count()].join(", ");
    let mut insert =
        transaction.prepare(&format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.columns))?;
    for number in 0..table.rows(size) {
        if let Some(row) = (table.row)(number)? {
            insert.execute(params_from_iter(row))?;
        }
    }
    drop(insert);
    Ok(transaction.commit()?)
}

fn fill_server(server: &Postgres, table: &Table, size: usize) -> Result<()> {
    let statement = format!("COPY picket.{} ({}) FROM STDIN", table.name, table.columns);
    server.copy(DATABASE, &statement, |input: &mut dyn Write| {
        for number in 0..table.rows(size) {
            if let Some(row) = (table.row)(number)? {
                let fields = row.iter().map(field).collect::<Result<Vec<_>>>()?;
                writeln!(input, "{}", fields.join("\t"))?;
            }
        }
        Ok(input.flush()?)
    })
}

/// As COPY reads it; no text here has a tab, a line feed or a backslash.
fn field(value: &Value) -> Result<String> {
    Ok(match value {
        Value::Null => "\\N".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => {
            bytes.iter().try_fold("\\\\x".to_owned(), |mut text, byte| write!(text, "{byte:02x}").map(|()| text))?
        }
        Value::Real(_) => return Err(anyhow::Error::msg("no column is a fraction")).context("a row"),
    })
}
