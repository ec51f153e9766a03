//! The real database server, PostgreSQL: a cluster of its own in a private folder, reached by a Unix socket there alone.
//! It refuses to run as root, so root starts it as `nobody`.

use std::{
    env, fs,
    io::{BufWriter, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::Signal,
    unistd::{Pid, Uid, User, chown},
};

use crate::{
    process::{Program, run},
    waiting::{PATIENCE, Waited, until},
};

/// The URL of a server, by its database `postgres`, at which tests keep what portals keep.
pub const TEST_SERVER: &str = "PICKET_TEST_POSTGRES";

/// Numbers the databases of this process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A cluster, and the server on it when it runs.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    program: Option<Program>,
}

impl Postgres {
    /// Makes a cluster in a folder, which is made, and starts its server.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut server = Self { folder: folder.to_owned(), program: None };
        server.give_away()?;
        let mut command = server.tool("initdb")?;
        command.arg("--pgdata").arg(server.cluster());
        run(command.args([
            "--username",
            "picket",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]))?;
        server.start_again()?;
        Ok(server)
    }

    /// Starts the server on the cluster that is there.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        let mut command = self.tool("postgres")?;
        command.arg("-D").arg(self.cluster()).arg("-k").arg(&self.folder).args(["-h", "", "-F"]);
        command.args(["-c", "max_connections=200"]);
        let mut program = Program::start("postgres", &mut command, &self.log())?;
        until("the database server takes connections", PATIENCE, || {
            program.must_run()?;
            let ready = self.tool("pg_isready")?.arg("-q").arg("-h").arg(&self.folder).status()?.success();
            Ok(if ready { Waited::Holds(()) } else { Waited::NotYet(program.output()) })
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Makes an empty database; its URL.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn database(&self, name: &str) -> Result<String> {
        let mut command = self.tool("psql")?;
        command.args(["--quiet", "--username", "picket", "--dbname", "postgres", "--host"]).arg(&self.folder);
        run(command.args(["--command", &format!("CREATE DATABASE {name}")]))?;
        Ok(self.url(name))
    }

    /// Executes a statement in a database, with what `write` writes as its input: COPY … FROM STDIN.
    ///
    /// # Errors
    /// When the server refuses, or `write` fails.
    pub fn copy(
        &self,
        database: &str,
        statement: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        let mut command = self.tool("psql")?;
        command.args(["--quiet", "--username", "picket", "--dbname", database, "--host"]).arg(&self.folder);
        let mut psql = command.args(["--command", statement]).stdin(Stdio::piped()).spawn().context("psql")?;
        let input = psql.stdin.take().context("a pipe was asked for")?;
        let written = write(&mut BufWriter::with_capacity(1 << 20, input));
        let status = psql.wait()?;
        written?;
        ensure!(status.success(), "psql ended with {status}: {statement}");
        Ok(())
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://picket@localhost/{database}?host={}", self.folder.display())
    }

    /// Ends it at once, without a word to its clients, as a crash of the server would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop_at_once(&mut self) -> Result<()> {
        let mut program = self.program.take().context("the database server does not run")?;
        program.signal(Signal::SIGQUIT)?;
        program.wait(PATIENCE).map(drop)
    }

    /// The server's first process; those that serve are its children.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.program.as_ref().map(Program::pid)
    }

    /// What it says.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    fn cluster(&self) -> PathBuf {
        self.folder.join("cluster")
    }

    /// One of its programs, as somebody who is not root.
    fn tool(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(programs()?.join(name));
        command.current_dir(&self.folder);
        if let Some(nobody) = stand_in()? {
            command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
        }
        Ok(command)
    }

    fn give_away(&self) -> Result<()> {
        if let Some(nobody) = stand_in()? {
            chown(&self.folder, Some(nobody.uid), Some(nobody.gid))?;
            let open_way = self.folder.parent().context("a folder in a folder")?;
            fs::set_permissions(open_way, fs::Permissions::from_mode(0o711))?;
        }
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.stop_at_once(); // the folder goes with it
    }
}

/// A new database at the server that [`TEST_SERVER`] names, if it names one: so that the same tests run on either database.
pub(crate) fn database_for_test() -> Result<Option<String>> {
    let Ok(server) = env::var(TEST_SERVER) else { return Ok(None) };
    let name = format!("test_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    run(Command::new("psql").args(["--quiet", &server, "--command", &format!("CREATE DATABASE {name}")]))?;
    Ok(Some(server.replace("/postgres?", &format!("/{name}?"))))
}

/// Who runs it in place of root.
fn stand_in() -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    Ok(Some(User::from_name("nobody")?.context("there is no nobody")?))
}

/// Debian keeps each version's programs in a folder of its own.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("postgresql is needed: cargo xtask test --install")?;
    let newest = versions.filter_map(Result::ok).map(|version| version.path().join("bin")).max();
    newest.context("postgresql is needed: cargo xtask test --install")
}
