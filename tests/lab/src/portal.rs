//! A portal, or a management console, as its real program with a data folder of its own; asked by its own command line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    binaries::Binaries,
    ports::free_port,
    postgres,
    process::{Program, run},
    waiting::{PATIENCE, Waited, until},
};

/// Which of the two servers the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Registers sensors and issues activation files.
    Portal,
    /// Shows locally managed sensors on the premises.
    ManagementConsole,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::ManagementConsole => "management-console",
        }
    }
}

/// A data folder, and the server on it when it runs.
#[derive(Debug)]
pub struct Portal {
    binary: PathBuf,
    data: PathBuf,
    output: PathBuf,
    listen: String,
    url: String,
    more: Vec<String>,
    program: Option<Program>,
}

impl Portal {
    /// Makes keys, CA and data for a server on a free loopback port. It does not run yet.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init(binaries: &Binaries, role: Role, data: &Path) -> Result<Self> {
        let port = free_port()?;
        Self::init_at(binaries, role, data, &format!("127.0.0.1:{port}"), &format!("https://127.0.0.1:{port}"))
    }

    /// As [`Self::init`], for a server that listens on `listen` and is known to sensors as `url`.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init_at(binaries: &Binaries, role: Role, data: &Path, listen: &str, url: &str) -> Result<Self> {
        let database = postgres::database_for_test()?;
        Self::init_on(binaries, role, data, listen, url, database.as_deref())
    }

    /// As [`Self::init_at`], with everything at a PostgreSQL server.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init_on(
        binaries: &Binaries,
        role: Role,
        data: &Path,
        listen: &str,
        url: &str,
        database: Option<&str>,
    ) -> Result<Self> {
        let binary = binaries.program("picket-portal")?;
        let mut command = Command::new(&binary);
        command.arg("init").arg("--data").arg(data).args(["--url", url, "--role", role.as_str()]);
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        run(&mut command)?;
        Ok(Self::at(binary, data, listen, url))
    }

    /// A server on a data folder that was made elsewhere.
    ///
    /// # Errors
    /// When there is no program.
    pub fn of_folder(binaries: &Binaries, data: &Path, listen: &str, url: &str) -> Result<Self> {
        Ok(Self::at(binaries.program("picket-portal")?, data, listen, url))
    }

    /// Makes keys and data for a portal set up from scratch in this one's place: same address, same server certificate,
    /// and it has never heard of this one's sensors.
    ///
    /// # Errors
    /// When the program fails.
    pub fn init_stranger(&self, data: &Path) -> Result<Self> {
        let mut command = Command::new(&self.binary);
        command.arg("init").arg("--data").arg(data).args(["--url", &self.url]);
        command.arg("--tls-ca").arg(self.authority()).arg("--tls-cert").arg(self.data.join("server.pem"));
        run(command.arg("--tls-key").arg(self.data.join("server.key")))?;
        Ok(Self::at(self.binary.clone(), data, &self.listen, &self.url))
    }

    fn at(binary: PathBuf, data: &Path, listen: &str, url: &str) -> Self {
        Self {
            binary,
            data: data.to_owned(),
            output: data.with_extension("log"),
            listen: listen.to_owned(),
            url: url.to_owned(),
            more: Vec::new(),
            program: None,
        }
    }

    /// More arguments for `serve`.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.more.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Other arguments for `serve`, in place of those so far, from its next start on.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.more = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    }

    /// Starts the server and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(&mut self) -> Result<()> {
        // An earlier run's ready line must not count.
        let _ = fs::remove_file(&self.output);
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--data").arg(&self.data);
        command.args([
            "--sensors-listen",
            &self.listen,
            "--people-listen",
            "127.0.0.1:0",
            "--pages-listen",
            "127.0.0.1:0",
        ]);
        command.args(&self.more);
        let mut program = Program::start("picket-portal", &mut command, &self.output)?;
        until("the portal is ready", PATIENCE, || {
            program.must_run()?;
            let output = program.output();
            let ready = output.lines().any(says_ready);
            Ok(if ready { Waited::Holds(()) } else { Waited::NotYet(output) })
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Where people's pages are: `https://ADDRESS:PORT`.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn pages_url(&self) -> Result<String> {
        let output = self.program()?.output();
        let ready = output.lines().find_map(|line| serde_json::from_str::<Value>(line).ok());
        let ready = ready.context("the portal has not said that it is ready")?;
        Ok(format!("https://{}", text(&ready, "pages")?))
    }

    /// A new setup code for the owner that `init` made.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn owner_code(&self) -> Result<String> {
        text(&self.ask(&["user", "setup-code", "owner"])?, "setup_code")
    }

    /// Makes a backup of everything into a file, while the server runs.
    ///
    /// # Errors
    /// When the program fails.
    pub fn back_up(&self, file: &Path) -> Result<Value> {
        let passphrase = file.with_extension("passphrase");
        fs::write(&passphrase, "a long passphrase\n")?;
        self.ask(&["backup", "--to", utf8(file)?, "--passphrase-file", utf8(&passphrase)?])
    }

    /// Loses everything, as when the machine is gone, and takes what is in a backup in its place. It does not run then.
    ///
    /// # Errors
    /// When the program fails.
    pub fn restore(&mut self, file: &Path) -> Result<Value> {
        self.kill();
        fs::remove_dir_all(&self.data)?;
        let (passphrase, database) = (file.with_extension("passphrase"), postgres::database_for_test()?);
        let database = database.as_deref().unwrap_or("files");
        let from = ["restore", "--from", utf8(file)?, "--passphrase-file", utf8(&passphrase)?];
        self.ask(&[&from[..], &["--database", database]].concat())
    }

    /// Ends the server; the data stays.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Program::stop)
    }

    /// Kills the server outright, as a power cut would; the data stays.
    pub fn kill(&mut self) {
        drop(self.program.take());
    }

    /// The running server.
    ///
    /// # Errors
    /// When it does not run.
    pub fn program(&self) -> Result<&Program> {
        self.program.as_ref().context("the portal does not run")
    }

    /// Runs a command of its command line, with `--data` and `--json` added, and takes the answer.
    ///
    /// # Errors
    /// When the command fails.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let text = run(Command::new(&self.binary).args(arguments).arg("--data").arg(&self.data).arg("--json"))?;
        serde_json::from_str(&text).with_context(|| format!("picket-portal {arguments:?} printed no JSON: {text}"))
    }

    /// Runs a command that must fail, and takes what it says.
    ///
    /// # Errors
    /// When the command succeeds.
    pub fn refuses(&self, arguments: &[&str]) -> Result<String> {
        match run(Command::new(&self.binary).args(arguments).arg("--data").arg(&self.data)) {
            Ok(said) => bail!("picket-portal {arguments:?} was not refused: {said}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Registers a sensor and returns its id.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn add_sensor(&self, name: &str, more: &[&str]) -> Result<String> {
        let mut arguments = vec!["sensor", "add", name, "--subscription", "Plant One"];
        arguments.extend(more);
        text(&self.ask(&arguments)?, "id")
    }

    /// Issues a new activation file of a sensor into `file`.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn download(&self, sensor: &str, file: &Path) -> Result<PathBuf> {
        self.ask(&["sensor", "activation-file", sensor, "--out", utf8(file)?])?;
        Ok(file.to_owned())
    }

    /// A file with a new pairing token of a management console.
    ///
    /// # Errors
    /// When it refuses, or the file cannot be written.
    pub fn pairing_token(&self, file: &Path) -> Result<PathBuf> {
        let made = self.ask(&["pairing-token", "add"])?;
        fs::write(file, made["tokens"][0].as_str().with_context(|| format!("no token in {made}"))?)?;
        Ok(file.to_owned())
    }

    /// What the portal knows of a sensor.
    ///
    /// # Errors
    /// When the portal refuses.
    pub fn sensor(&self, sensor: &str) -> Result<Value> {
        self.ask(&["sensor", "show", sensor])
    }

    /// Waits until what the portal knows of a sensor is as `holds` says.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn until(&self, sensor: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, PATIENCE, || {
            let seen = self.sensor(sensor)?;
            Ok(if holds(&seen) { Waited::Holds(seen) } else { Waited::NotYet(seen.to_string()) })
        })
    }

    /// Every alert that it has stored, oldest first: `id`, `sensor`, `epoch`, `severity`, `record`, …
    ///
    /// # Errors
    /// When the command fails, or prints a line that is no JSON.
    pub fn alerts(&self) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.binary);
        let text = run(command.args(["alert", "export", "--format", "ndjson"]).arg("--data").arg(&self.data))?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    /// How many alerts it has stored, as long as it has forgotten none: cheap, unlike [`Self::alerts`].
    ///
    /// # Errors
    /// When the command fails.
    pub fn alert_count(&self) -> Result<usize> {
        let newest = self.ask(&["alert", "list", "--limit", "1"])?;
        let row = newest["alerts"].as_array().context("no alerts in the answer")?.first().map(|alert| &alert["row"]);
        Ok(row.and_then(Value::as_u64).unwrap_or(0).try_into()?)
    }

    /// Writes the trust root file.
    ///
    /// # Errors
    /// When the program fails.
    pub fn export_root(&self, file: &Path) -> Result<()> {
        run(Command::new(&self.binary).args(["root", "export"]).arg(file).arg("--data").arg(&self.data)).map(drop)
    }

    /// The address known to sensors.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The CA certificates that sensors believe it by.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.data.join("tls-ca.pem")
    }

    /// Where it listens for sensors.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.listen
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The program's path, for a command that a person is told.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.binary
    }
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}

fn says_ready(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|value| value["ready"] == true)
}

/// A text field of an answer.
///
/// # Errors
/// When the answer has none.
pub fn text(answer: &Value, field: &str) -> Result<String> {
    answer[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {answer}"))
}
