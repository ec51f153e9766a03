//! Starts the program in a private folder on free ports, and asks its command line.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::postgres;

const PROGRAM: &str = env!("CARGO_BIN_EXE_picket-portal");

/// A data folder, with its server running or not.
pub(crate) struct Server {
    folder: TempDir,
    /// More arguments for `serve`.
    more: &'static [&'static str],
    running: Option<Running>,
    /// The URL of its database, where it is not in its folder.
    database: Option<String>,
}

struct Running {
    process: Child,
    sensors: SocketAddr,
    people: SocketAddr,
    pages: SocketAddr,
}

impl Server {
    pub(crate) fn portal() -> Self {
        Self::serving(&[])
    }

    /// A portal that is served with more arguments.
    pub(crate) fn serving(more: &'static [&'static str]) -> Self {
        Self::with_role("portal", more)
    }

    pub(crate) fn management_console() -> Self {
        Self::with_role("management-console", &[])
    }

    fn with_role(role: &str, more: &'static [&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = postgres::database_for_test();
        let mut server = Self { folder, more, running: None, database };
        let url = "https://127.0.0.1:8443";
        let data = server.data();
        let mut arguments = vec!["init", "--url", url, "--role", role, "--data", data.to_str().unwrap()];
        arguments.extend(server.database.iter().flat_map(|url| ["--database", url]));
        let init = server.run(&arguments);
        assert!(init.status.success(), "{init:?}");
        server.start();
        server
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&mut self) {
        self.start_as(Command::new(PROGRAM));
    }

    /// Starts it where no more than `files` may be open, and a program begins with `at_first`.
    pub(crate) fn start_with_open_files(&mut self, at_first: u32, files: u32) {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            &format!("set -e; ulimit -S -n {at_first}; ulimit -H -n {files}; exec \"$0\" \"$@\""),
            PROGRAM,
        ]);
        self.start_as(shell);
    }

    fn start_as(&mut self, mut command: Command) {
        let mut process = command
            .args(["serve", "--sensors-listen", "127.0.0.1:0", "--people-listen", "127.0.0.1:0"])
            .args(["--pages-listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .args(["--heartbeat-interval", "10"])
            .args(self.more)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}\n{}", self.log()));
        assert_eq!(ready["ready"], true);
        let address = |which: &str| ready[which].as_str().unwrap().parse().unwrap();
        self.running =
            Some(Running { process, sensors: address("sensors"), people: address("people"), pages: address("pages") });
    }

    /// Whether its databases are files of its folder.
    pub(crate) const fn has_files(&self) -> bool {
        self.database.is_none()
    }

    /// Executes a statement in its database; the number that it gives, if it gives one.
    pub(crate) async fn sql(&self, statement: &'static str) -> Option<i64> {
        let Some(url) = &self.database else {
            let file = SqliteConnectOptions::new().filename(self.data().join("portal.db"));
            let mut database = file.connect().await.unwrap();
            let found = sqlx::query_scalar(statement).fetch_optional(&mut database).await.unwrap();
            database.close().await.unwrap();
            return found;
        };
        let server = url.parse::<PgConnectOptions>().unwrap().options([("search_path", "picket")]);
        let mut database = server.connect().await.unwrap();
        sqlx::query_scalar(statement).fetch_optional(&mut database).await.unwrap()
    }

    /// Makes a backup while it runs.
    pub(crate) fn back_up(&self) -> Value {
        std::fs::write(self.scratch("passphrase"), "a long passphrase\n").unwrap();
        let to = self.scratch("backup");
        self.json(&["backup", "--to", to.to_str().unwrap(), "--passphrase-file", &self.passphrase_file()])
    }

    /// Loses everything that it keeps, and is made anew of the backup.
    pub(crate) fn restore(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.data()).unwrap();
        if let Some(url) = &self.database {
            postgres::say(&format!("DROP DATABASE {} WITH (FORCE)", postgres::name(url)));
            postgres::say(&format!("CREATE DATABASE {}", postgres::name(url)));
        }
        let from = self.scratch("backup");
        self.cli(&["restore", "--from", from.to_str().unwrap(), "--passphrase-file", &self.passphrase_file()]);
        self.start();
    }

    pub(crate) fn passphrase_file(&self) -> String {
        self.scratch("passphrase").to_str().unwrap().to_owned()
    }

    /// As a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        running.process.kill().unwrap();
        running.process.wait().unwrap();
    }

    /// As systemd does; it must end by itself, well.
    pub(crate) fn stop(&mut self) {
        self.signal("-TERM");
        self.ended();
    }

    /// Waits for it to end by itself, well.
    pub(crate) fn ended(&mut self) {
        let mut running = self.running.take().unwrap();
        assert!(running.process.wait().unwrap().success(), "{}", self.log());
    }

    pub(crate) fn signal(&self, which: &str) {
        let pid = self.running.as_ref().unwrap().process.id().to_string();
        assert!(Command::new("kill").args([which, &pid]).status().unwrap().success());
    }

    pub(crate) fn sensors(&self) -> SocketAddr {
        self.running.as_ref().unwrap().sensors
    }

    pub(crate) fn people(&self) -> SocketAddr {
        self.running.as_ref().unwrap().people
    }

    pub(crate) fn pages(&self) -> SocketAddr {
        self.running.as_ref().unwrap().pages
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).args(arguments).output().unwrap()
    }

    /// A command that must succeed; its standard output.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let output = self.try_cli(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A command that must succeed without a data folder.
    pub(crate) fn cli_elsewhere(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn try_cli(&self, arguments: &[&str]) -> Output {
        self.run(&[arguments, &["--data", self.data().to_str().unwrap()]].concat())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.cli(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// Onboards a sensor; its id.
    pub(crate) fn onboard(&self, name: &str, more: &[&str]) -> String {
        self.cli(&[&["sensor", "add", name, "--subscription", "Plant"], more].concat())
    }

    /// Downloads a new activation file.
    pub(crate) fn activation_file(&self, id: &str) -> Vec<u8> {
        let out = self.scratch("downloaded.activation");
        self.cli(&["sensor", "activation-file", id, "--out", out.to_str().unwrap()]);
        std::fs::read(out).unwrap()
    }

    pub(crate) fn sensor(&self, id: &str) -> Value {
        self.json(&["sensor", "show", id])
    }

    /// Open alarms by kind.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let list = self.json(&["alarm", "list", "--open"]);
        let kinds = list["alarms"].as_array().unwrap().iter().map(|alarm| alarm["kind"].as_str().unwrap().to_owned());
        let mut kinds: Vec<String> = kinds.collect();
        kinds.sort();
        kinds
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
    }
}
