//! Looks at a database as it stood at one instant, and makes one that has nothing in it yet.

use std::{fs, io, path::Path};

use sqlx::{
    ConnectOptions as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    Address, Connection, Layout, OpenError, Part, Table,
    address::{make_private, schema_options},
    connection::Kind,
    migrations, query, scalar,
};

/// A file of the database, and those that SQLite puts beside it.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

impl Part {
    /// The newest version of its tables that this program knows.
    #[must_use]
    pub fn newest(&self) -> i64 {
        (self.migrations)().migrations.iter().map(|migration| migration.version).max().unwrap_or(0)
    }
}

impl Address {
    /// A connection that sees one part as it stands now, whatever is written meanwhile; none where there is none yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn snapshot(&self, part: &Part) -> Result<Option<Connection>, OpenError> {
        if !self.holds(part).await? {
            return Ok(None);
        }
        let mut connection = match self {
            Self::Folder(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.join(part.file)).read_only(true);
                Connection::sqlite(options.disable_statement_logging().connect().await?)
            }
            Self::Server(options) => {
                let options = schema_options(options, part);
                Connection::postgres(options.connect().await?, options)
            }
        };
        let begin = match &connection.kind {
            Kind::Sqlite(_) => "BEGIN",
            Kind::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        };
        connection.say(begin).await?;
        connection.version().await?; // the instant is that of the first question
        Ok(Some(connection))
    }

    /// Whether there is anything of a part.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn holds(&self, part: &Part) -> Result<bool, OpenError> {
        match self {
            Self::Folder(folder) => Ok(folder.join(part.file).exists()),
            Self::Server(options) => {
                let options = schema_options(options, part);
                let mut connection = Connection::postgres(options.connect().await?, options);
                let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = ?";
                let tables = scalar::<i64>(tables).bind(part.schema).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(tables > 0)
            }
        }
    }

    /// Makes the tables of a layout, for whoever fills them. A file in the making is not kept safe from a crash: it counts
    /// once it is filled.
    ///
    /// # Errors
    /// When they cannot be made.
    pub async fn make(&self, layout: &Layout) -> Result<Connection, OpenError> {
        let (part, written) = (layout.part, (layout.part.migrations)());
        match self {
            Self::Folder(folder) => {
                let path = folder.join(part.file);
                make_private(&path)?;
                let options = SqliteConnectOptions::new().filename(path).foreign_keys(false);
                let options = options.journal_mode(SqliteJournalMode::Off).synchronous(SqliteSynchronous::Off);
                let mut live = options.disable_statement_logging().connect().await?;
                migrations::up_to(&written, layout.version).run(&mut live).await?;
                Ok(Connection::sqlite(live))
            }
            Self::Server(options) => {
                let options = schema_options(options, part);
                let mut live = options.connect().await?;
                let mut migrator = migrations::up_to(&migrations::for_postgres(&written), layout.version);
                migrator.create_schema(part.schema);
                migrator.run(&mut live).await?;
                Ok(Connection::postgres(live, options))
            }
        }
    }

    /// Takes away what [`Self::make`] made.
    ///
    /// # Errors
    /// When it cannot be.
    pub async fn unmake(&self, part: &Part) -> Result<(), OpenError> {
        match self {
            Self::Folder(folder) => {
                BESIDE.iter().try_for_each(|end| remove(&folder.join(format!("{}{end}", part.file))))?;
            }
            Self::Server(options) => {
                let options = schema_options(options, part);
                let mut connection = Connection::postgres(options.connect().await?, options);
                let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", part.schema);
                query(drop).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), sqlx::Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(sqlx::Error::Io(error)),
        _ => Ok(()),
    }
}

impl Connection {
    /// The newest migration that ran.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn version(&mut self) -> Result<i64, sqlx::Error> {
        scalar(format!("SELECT max(version) FROM {}", migrations::TABLE)).fetch_one(self).await
    }

    /// Begins to fill tables, in any order: what a row refers to may come after it.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn begin_filling(&mut self) -> Result<(), sqlx::Error> {
        self.say("BEGIN").await?;
        match &self.kind {
            Kind::Sqlite(_) => Ok(()), // it was opened without looking at references
            Kind::Postgres(_) => self.say("SET CONSTRAINTS ALL DEFERRED").await,
        }
    }

    /// Makes what was filled durable, once every reference leads somewhere.
    ///
    /// # Errors
    /// When one leads nowhere, or the database says no.
    pub async fn end_filling(&mut self) -> Result<(), sqlx::Error> {
        self.commit().await?;
        if let Kind::Sqlite(_) = &self.kind {
            if query("PRAGMA foreign_key_check").fetch_optional(&mut *self).await?.is_some() {
                return Err(sqlx::Error::Protocol("a row refers to one that is not there".to_owned()));
            }
            // Turned on before the change of mode, which writes and syncs the whole file's head; closing syncs the rest.
            self.say("PRAGMA synchronous = FULL").await?;
            self.say("PRAGMA journal_mode = WAL").await?;
        }
        Ok(())
    }

    /// The highest number that a table ever gave to a row, where it never gives one again; else 0.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn numbered(&mut self, table: &Table) -> Result<i64, sqlx::Error> {
        let Some(numbers) = table.numbers.as_ref().filter(|numbers| numbers.once) else { return Ok(0) };
        let given = match &self.kind {
            Kind::Sqlite(_) => scalar("SELECT seq FROM sqlite_sequence WHERE name = ?").bind(&table.name),
            Kind::Postgres(_) => {
                let given = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass), 0)";
                scalar::<i64>(given).bind(&table.name).bind(&numbers.column)
            }
        };
        let given = given.fetch_optional(&mut *self).await?.unwrap_or(0);
        Ok(given.max(self.highest(table, &numbers.column).await?))
    }

    /// Has a filled table number its next row above `least` and above every row that it has.
    ///
    /// # Errors
    /// When the database says no.
    pub async fn number_from(&mut self, table: &Table, least: i64) -> Result<(), sqlx::Error> {
        let Some(numbers) = &table.numbers else { return Ok(()) };
        let last = least.max(self.highest(table, &numbers.column).await?);
        match &self.kind {
            Kind::Sqlite(_) if !numbers.once || last < 1 => {}
            Kind::Sqlite(_) => {
                query("DELETE FROM sqlite_sequence WHERE name = ?").bind(&table.name).execute(&mut *self).await?;
                let set = query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").bind(&table.name).bind(last);
                set.execute(self).await?;
            }
            Kind::Postgres(_) if last < 1 => {}
            Kind::Postgres(_) => {
                let set = query("SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)").bind(&table.name);
                set.bind(&numbers.column).bind(last).fetch_one(self).await?;
            }
        }
        Ok(())
    }

    async fn highest(&mut self, table: &Table, column: &str) -> Result<i64, sqlx::Error> {
        scalar(format!("SELECT coalesce(max(\"{column}\"), 0) FROM \"{}\"", table.name)).fetch_one(self).await
    }
}
