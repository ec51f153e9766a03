//! Where the database is, and how it is opened.

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Connection, OpenError, Pool, migrations};

/// Connections for reading.
const READERS: u32 = 4;
/// Rows that SQLite's thread reads ahead of whoever asked: else the two threads take turns all through a long answer.
const ROWS_AHEAD: usize = 1024;
/// How long whoever reads waits for one of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that does not hear a process any more ends its connections within 20 s, and frees the locks that they hold.
/// Its own settings would have it wait for two hours. Seconds, but of the last, which are milliseconds.
const NOTICE_SILENCE: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];
/// As soon as that a server ends the transaction of a process that lives and does nothing: others wait for their turn.
const IDLE_IN_TURN: (&str, &str) = ("idle_in_transaction_session_timeout", "30s");

/// Where everything is kept.
#[derive(Debug, Clone)]
pub enum Address {
    /// In files of this folder, by this process alone.
    Folder(PathBuf),
    /// At a PostgreSQL server, which several processes may share.
    Server(Box<PgConnectOptions>),
}

/// One of the databases: its file, or its schema at a server.
#[derive(Debug)]
pub struct Part {
    /// The file in the folder.
    pub file: &'static str,
    /// The schema at a server.
    pub schema: &'static str,
    /// Its tables, written for SQLite.
    pub migrations: fn() -> Migrator,
    /// SQLite's settings for the writer's connection.
    pub writing: &'static [(&'static str, &'static str)],
    /// SQLite's settings for readers' connections.
    pub reading: &'static [(&'static str, &'static str)],
}

impl Address {
    /// A server by its URL. What it sends is not encrypted by us, so it must be near, or the URL must say that somebody
    /// else protects the way.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn server(url: &str) -> Result<Self, String> {
        let known = ["postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            return Err("a database's URL begins with postgres://".to_owned());
        }
        if has_password(url) {
            return Err(
                "a command line is no place for a password: PostgreSQL's password file (PGPASSFILE) is".to_owned()
            );
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| format!("the database's URL: {error}"))?;
        let near = options.get_socket().is_some()
            || options.get_host().starts_with('/')
            || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host());
        let accepted = near || url.contains("sslmode=disable");
        if !accepted {
            return Err("the connection to the database has no TLS: use a Unix socket, loopback or a tunnel, or say \
                        ?sslmode=disable where something else protects the way"
                .to_owned());
        }
        Ok(Self::Server(Box::new(options.ssl_mode(PgSslMode::Disable).application_name("picket-portal"))))
    }

    /// Opens one part: makes or updates its schema; a connection for the writer, and others for reading.
    ///
    /// # Errors
    /// When it cannot be opened, or its schema is newer than this program knows.
    pub async fn open(&self, part: &Part) -> Result<(Connection, Pool), OpenError> {
        match self {
            Self::Folder(folder) => open_file(&folder.join(part.file), part).await,
            Self::Server(options) => open_schema(options, part).await,
        }
    }
}

fn has_password(url: &str) -> bool {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(person, _)| person.contains(':')) || url.contains("password=")
}

async fn open_file(path: &Path, part: &Part) -> Result<(Connection, Pool), OpenError> {
    make_private(path)?;
    let options = file_options(path)?;
    let set = |options: SqliteConnectOptions, settings: &[(&'static str, &'static str)]| {
        settings.iter().fold(options, |options, (key, value)| options.pragma(*key, *value))
    };
    let writing = set(options.clone(), part.writing);
    let mut connection = writing.clone().disable_statement_logging().connect().await?;
    (part.migrations)().run(&mut connection).await?;
    // Without the question whether one still lives, which is another way to its thread and back: the file does not go away.
    let readers = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
    let reading = writing.read_only(true).row_buffer_size(ROWS_AHEAD);
    let readers = readers.connect_with(set(reading, part.reading)).await?;
    Ok((Connection::sqlite(connection), Pool::Sqlite(readers)))
}

/// The database holds pairing tokens and pushed files. SQLite gives its other files the mode of this one.
pub(super) fn make_private(path: &Path) -> Result<(), sqlx::Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

fn file_options(path: &Path) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options = SqliteConnectOptions::from_str("sqlite:")?.filename(path).create_if_missing(true);
    Ok(options
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL loses acknowledged rows at a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10)))
}

async fn open_schema(options: &PgConnectOptions, part: &Part) -> Result<(Connection, Pool), OpenError> {
    let options = schema_options(options, part).options([IDLE_IN_TURN]);
    let mut connection = options.connect().await?;
    let mut migrator = migrations::for_postgres(&(part.migrations)());
    migrator.create_schema(part.schema);
    migrator.run(&mut connection).await?;
    let readers = PgPoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE);
    let readers = readers.connect_with(options.clone()).await?;
    Ok((Connection::postgres(connection, options), Pool::Postgres(readers)))
}

/// How one part at a server is reached. Whoever takes or fills it as a whole may idle for long in one transaction, in which
/// nobody waits for it.
pub(super) fn schema_options(options: &PgConnectOptions, part: &Part) -> PgConnectOptions {
    // Whatever the server's own settings: what is answered is on its disk, and no statement is compiled, which takes longer
    // than the longest of ours.
    let settings = [("search_path", part.schema), ("synchronous_commit", "on"), ("jit", "off")];
    noticed(options).options(settings).disable_statement_logging()
}

/// How a server is reached, whatever for: its end of the connection does not outlive ours.
pub(super) fn noticed(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options(NOTICE_SILENCE)
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_url_holds_no_password_and_leads_over_no_open_way() {
        for good in [
            "postgres://picket@localhost/picket?host=/run/postgresql",
            "postgresql://picket@localhost/picket",
            "postgres://picket@db.example/picket?sslmode=disable",
        ] {
            assert!(Address::server(good).is_ok(), "{good}");
        }
        for bad in [
            "mysql://localhost/picket",
            "postgres://picket:secret@localhost/picket",
            "postgres://localhost/picket?password=secret",
            "postgres://picket@db.example/picket",
        ] {
            assert!(Address::server(bad).is_err(), "{bad}");
        }
    }
}
