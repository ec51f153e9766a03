//! `picket-portal backup`, `restore` and `move`: everything into one file, back again, and to another database.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use picket_durable as files;
use picket_protocol::time::UnixSeconds;
use serde_json::{Value, json};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{
    failure::Failure,
    folder::{lock, write},
    output,
};
use crate::{
    backup::{self, Failed, Summary},
    clock,
    data::{DataFolder, Settings},
    database::Address,
    domain::{audit_chain::hex, heartbeat::Policy},
    store::{Actor, Store},
};

/// Where `--database` says: in files, whatever the backup is of.
const IN_FILES: &str = "files";
/// Bytes of a passphrase.
const PASSPHRASE: std::ops::RangeInclusive<usize> = 12..=1024;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The data folder. Its server may be running.
    #[arg(long)]
    data: PathBuf,
    /// The file to make. It must not exist.
    #[arg(long)]
    to: PathBuf,
    #[command(flatten)]
    sealed: Sealed,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// The data folder to make. It must not exist, or be empty.
    #[arg(long, required_unless_present = "check")]
    data: Option<PathBuf>,
    /// Where the database goes: `postgres://…`, or `files` for SQLite in the data folder. Default: as it was.
    #[arg(long)]
    database: Option<String>,
    /// Read all of the backup, say what is in it, and write nothing.
    #[arg(long, conflicts_with_all = ["data", "database"])]
    check: bool,
    #[command(flatten)]
    sealed: Sealed,
}

#[derive(Debug, Args)]
pub(super) struct Move {
    /// The data folder; its server must be stopped.
    #[arg(long)]
    data: PathBuf,
    /// The PostgreSQL server: `postgres://USER@localhost/DATABASE`, with `?host=FOLDER` by its Unix socket there. The
    /// database exists, and has nothing of a portal in it.
    #[arg(long)]
    to: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Sealed {
    /// A file with the passphrase, of at least 12 characters.
    #[arg(long)]
    passphrase_file: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (folder, passphrase, json) = (DataFolder::new(self.data), self.sealed.passphrase()?, self.sealed.json);
        let databases = databases(&folder, &folder.read_settings()?)?;
        let made = backup::make(&folder, &databases, &self.to, &passphrase, clock::now()).await;
        let (summary, digest) = made.map_err(|failed| said(failed, json))?;
        if json {
            let mut told = counted(&summary);
            told["file"] = json!(self.to);
            told["sha256"] = hex(&digest).into();
            output::json(&told);
        } else {
            output::line(format!("{}: {}, read again and whole", self.to.display(), in_words(&summary)));
            output::line(format!("SHA-256 {}", hex(&digest)));
        }
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let (passphrase, json) = (self.sealed.passphrase()?, self.sealed.json);
        let checked = backup::check(&self.from, &passphrase).await;
        let (head, summary, digest) = checked.map_err(|failed| said(failed, json))?;
        let Some(data) = self.data else {
            tell(json, &summary, head.made_at, &format!("whole; SHA-256 {}", hex(&digest)));
            return Ok(());
        };
        let folder = DataFolder::new(data);
        let database = self.database.map(|to| (to != IN_FILES).then_some(to));
        let restored = backup::restore(&self.from, &passphrase, &folder, database).await;
        let (head, summary, settings) = restored.map_err(|failed| said(failed, json))?;
        let after = json!({ "made_at": head.made_at.to_string(), "release": head.release });
        note(&folder, &settings, "restore", "portal-restored", after).await?;
        tell(json, &summary, head.made_at, &format!("restored to {}", folder.path().display()));
        Ok(())
    }
}

impl Move {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data);
        let _lock = lock(&folder)?;
        let settings = folder.read_settings()?;
        anyhow::ensure!(settings.database.is_none(), "it is at a PostgreSQL server already");
        let moved = Settings { database: Some(self.to.clone()), ..settings.clone() };
        let (from, to) = (databases(&folder, &settings)?, databases(&folder, &moved)?);
        let summary = backup::relocate(&from, &to).await.map_err(|failed| said(failed, self.json))?;
        note(&folder, &moved, "move", "database-moved", json!({ "rows": summary.rows() })).await?;
        // From here on the server is asked, and the files are not.
        write(&folder.settings(), &serde_json::to_vec_pretty(&moved)?)?;
        if self.json {
            output::json(&counted(&summary));
        } else {
            output::line(format!("{}: at the server, and the same there", in_words(&summary)));
            output::line(
                "portal.db and alerts.db are as they were, and not used any more. Remove them when all is well.",
            );
        }
        Ok(())
    }
}

impl Sealed {
    /// A file, since others on the machine can read a command line.
    fn passphrase(&self) -> anyhow::Result<Zeroizing<String>> {
        let path = &self.passphrase_file;
        let content = files::read_bounded(path, *PASSPHRASE.end() + 2);
        let content = content.with_context(|| format!("read {}", path.display()))?;
        let text = String::from_utf8(content).with_context(|| format!("{}: no text", path.display()))?;
        let text = Zeroizing::new(text);
        let line = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
        anyhow::ensure!(PASSPHRASE.contains(&line.len()), "a passphrase has 12 to 1024 bytes");
        Ok(line)
    }
}

fn databases(folder: &DataFolder, settings: &Settings) -> anyhow::Result<Address> {
    folder.databases(settings).map_err(anyhow::Error::msg)
}

/// Brings the tables up to this release, and puts what was done on record.
async fn note(
    folder: &DataFolder,
    settings: &Settings,
    actor: &str,
    action: &'static str,
    after: Value,
) -> anyhow::Result<()> {
    let policy = Policy { role: settings.role, interval_seconds: None, newest_root: 0 };
    let (store, writer) = Store::open(&databases(folder, settings)?, watch::channel(policy).1).await?;
    let noted = store.note(Actor(actor.to_owned()), action, after).await;
    drop(store);
    writer.await?;
    noted.map_err(|refused| anyhow::anyhow!(refused.problem().detail))
}

fn tell(as_json: bool, summary: &Summary, made_at: UnixSeconds, what: &str) {
    if as_json {
        let mut told = counted(summary);
        told["made_at"] = made_at.to_string().into();
        output::json(&told);
    } else {
        output::line(format!("A backup of {made_at}, {}: {what}", in_words(summary)));
    }
}

fn counted(summary: &Summary) -> Value {
    json!({
        "tables": summary.tables(),
        "rows": summary.rows(),
        "sensors": summary.rows_of("picket", "sensors"),
        "alerts": summary.rows_of("picket_alerts", "alerts"),
        "files": summary.files(),
    })
}

fn in_words(summary: &Summary) -> String {
    let (sensors, alerts) = (summary.rows_of("picket", "sensors"), summary.rows_of("picket_alerts", "alerts"));
    let (rows, tables, files) = (summary.rows(), summary.tables(), summary.files());
    format!("{sensors} sensors, {alerts} alerts, {rows} rows in {tables} tables, {files} files")
}

fn said(failed: Failed, as_json: bool) -> anyhow::Error {
    match failed {
        Failed::Refused(refused) => Failure::Refused { problem: Box::new(refused.problem()), as_json }.into(),
        other => other.into(),
    }
}
