//! `picket-portal audit`: list, export, and prove that no record was changed, removed or put in.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    alert_commands::export,
    client::Api,
    output::{self, cell},
};
use crate::domain::audit_chain::{Record, Walk};

const EXPORT: &str = "/api/v1/audit/export";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Option<Command>,
    /// Records after this number.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    #[command(flatten)]
    api: Api,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write every record to a file, as lines of JSON that hold the chain of digests.
    Export {
        /// Where to write it.
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        api: Api,
    },
    /// Prove that no record was changed, removed or put in; prints the last digest, to be kept elsewhere.
    Verify {
        /// A digest that was kept: it must be that of one of the records.
        #[arg(long)]
        digest: Option<String>,
        #[command(flatten)]
        api: Api,
    },
    /// The same of an export, without a server.
    VerifyFile {
        file: PathBuf,
        /// A digest that was kept: it must be that of one of the records.
        #[arg(long)]
        digest: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self.command {
            None => list(self.after, self.limit, &self.api).await,
            Some(Command::Export { out, api }) => export(&api, EXPORT, &out).await,
            Some(Command::Verify { digest, api }) => {
                let mut proof = Proof::of(digest);
                let read = api.stream(EXPORT, &mut proof).await;
                proof.tell(read, api.json)
            }
            Some(Command::VerifyFile { file, digest, json }) => {
                let mut content = File::open(&file).with_context(|| format!("open {}", file.display()))?;
                let mut proof = Proof::of(digest);
                let read = io::copy(&mut content, &mut proof).map(|_| ());
                proof.tell(read.with_context(|| format!("read {}", file.display())), json)
            }
        }
    }
}

async fn list(after: i64, limit: u32, api: &Api) -> anyhow::Result<()> {
    let columns = [
        ("ID", "/id"),
        ("AT", "/at"),
        ("WHO", "/actor"),
        ("WHAT", "/action"),
        ("SENSOR", "/sensor"),
        ("AFTER", "/after"),
    ];
    let records = api.get(&format!("/api/v1/audit?after={after}&limit={limit}")).await?;
    if api.json {
        output::json(&records);
    } else {
        output::list(&records, "records", &columns);
    }
    Ok(())
}

/// Walks along the chain as its lines come.
struct Proof {
    walk: Walk,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    /// A digest that was kept, until it is found.
    sought: Option<String>,
    broken: Option<anyhow::Error>,
}

impl Proof {
    fn of(sought: Option<String>) -> Self {
        Self { walk: Walk::default(), rest: Vec::new(), sought, broken: None }
    }

    fn line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let record: Record = serde_json::from_slice(line)
            .with_context(|| format!("what follows record {} is no record", self.walk.records()))?;
        self.walk.step(&record)?;
        if self.sought.as_deref() == Some(record.digest.as_str()) {
            self.sought = None;
        }
        Ok(())
    }

    fn tell(self, read: anyhow::Result<()>, as_json: bool) -> anyhow::Result<()> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        read?;
        if !self.rest.is_empty() {
            bail!("the last line breaks off");
        }
        if let Some(sought) = self.sought {
            bail!("no record has the digest {sought}: records are missing, or all of them were made anew");
        }
        let proved = json!({ "records": self.walk.records(), "digest": self.walk.head() });
        if as_json {
            output::json(&proved);
        } else {
            output::line(format!("{} records, each as it was recorded", self.walk.records()));
            output::line(format!("Digest of the last, to be kept elsewhere: {}", cell(&proved, "/digest")));
        }
        Ok(())
    }
}

impl Write for Proof {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            if let Err(error) = self.line(&line) {
                self.broken = Some(error);
                return Err(io::Error::other("the chain does not hold"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
