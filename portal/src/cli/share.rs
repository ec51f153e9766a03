//! `picket-portal share`: where alerts and health events are sent on.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Value, json};

use super::{
    client::Api,
    output::{self, cell},
};

const DESTINATIONS: &str = "/api/v1/sharing/destinations";

#[derive(Debug, Subcommand)]
pub(super) enum Share {
    /// Add a destination; prints its id. It gets what comes from now on.
    Add {
        /// Its name at the portal.
        name: String,
        #[command(flatten)]
        target: Box<TargetArguments>,
        #[command(flatten)]
        rule: Box<RuleArguments>,
        #[command(flatten)]
        api: Api,
    },
    /// List destinations: how each stands, what waits, the last failure.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Change what a destination gets, for what is still to be sent. The rule is replaced as a whole.
    Edit {
        /// Its name or id.
        destination: String,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        rule: Box<RuleArguments>,
        #[command(flatten)]
        api: Api,
    },
    /// Send a test message to a destination, now.
    Test {
        /// Its name or id.
        destination: String,
        #[command(flatten)]
        api: Api,
    },
    /// Remove a destination; what waits for it is not sent.
    Remove {
        /// Its name or id.
        destination: String,
        #[command(flatten)]
        api: Api,
    },
}

#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// A syslog server, over TLS: `HOST[:PORT]`; the port is 6514 unless named.
    #[arg(long, conflicts_with = "webhook", required_unless_present = "webhook")]
    syslog: Option<String>,
    /// A webhook: `https://HOST[:PORT][/PATH]`.
    #[arg(long, requires = "key_file")]
    webhook: Option<String>,
    /// The CA certificates it is believed by, PEM. System roots are not used.
    #[arg(long)]
    ca: PathBuf,
    /// A file with the key that signs what a webhook gets: 22 to 128 visible ASCII characters.
    #[arg(long, requires = "webhook")]
    key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RuleArguments {
    /// At least as grave as this.
    #[arg(long, value_parser = ["high", "medium", "low", "informational"], default_value = "informational")]
    severity: String,
    /// Only of sensors of this site; may be given more than once.
    #[arg(long = "site")]
    sites: Vec<String>,
    /// Only of sensors of this zone; may be given more than once.
    #[arg(long = "zone")]
    zones: Vec<String>,
    /// No alerts.
    #[arg(long, conflicts_with = "no_health")]
    no_alerts: bool,
    /// No health events.
    #[arg(long)]
    no_health: bool,
}

impl Share {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, target, rule, api } => {
                let body = json!({ "name": name, "target": target.body()?, "rule": rule.body() });
                let added = api.post(DESTINATIONS, &body).await?;
                if api.json { output::json(&added) } else { output::line(cell(&added, "/id")) }
            }
            Self::List { api } => {
                let list = api.get(DESTINATIONS).await?;
                if api.json { output::json(&list) } else { show(&list) }
            }
            Self::Edit { destination, name, rule, api } => {
                let id = find(&api, &destination).await?;
                let mut body = json!({ "rule": rule.body() });
                if let Some(name) = name {
                    body["name"] = name.into();
                }
                let changed = api.ask_json(Method::PATCH, &format!("{DESTINATIONS}/{id}"), Some(&body)).await?;
                if api.json {
                    output::json(&changed);
                }
            }
            Self::Test { destination, api } => {
                let id = find(&api, &destination).await?;
                let sent = api.ask_json(Method::POST, &format!("{DESTINATIONS}/{id}/test"), None).await?;
                if api.json { output::json(&sent) } else { output::line("The destination took the test message.") }
            }
            Self::Remove { destination, api } => {
                let id = find(&api, &destination).await?;
                let removed = api.ask_json(Method::DELETE, &format!("{DESTINATIONS}/{id}"), None).await?;
                if api.json {
                    output::json(&removed);
                }
            }
        }
        Ok(())
    }
}

impl TargetArguments {
    fn body(&self) -> anyhow::Result<Value> {
        let ca_pem = read(&self.ca)?;
        if let Some(address) = &self.syslog {
            return Ok(json!({ "kind": "syslog", "address": address, "ca_pem": ca_pem }));
        }
        let key_file = self.key_file.as_ref().context("a webhook needs --key-file")?;
        let key = read(key_file)?;
        ensure!(!key.trim().is_empty(), "{} is empty", key_file.display());
        Ok(json!({ "kind": "webhook", "url": self.webhook, "ca_pem": ca_pem, "key": key.trim() }))
    }
}

impl RuleArguments {
    fn body(&self) -> Value {
        json!({
            "alerts": !self.no_alerts,
            "health": !self.no_health,
            "severity": self.severity,
            "sites": self.sites,
            "zones": self.zones,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// The id of a destination that is named by name or id.
async fn find(api: &Api, wanted: &str) -> anyhow::Result<String> {
    let list = api.get(DESTINATIONS).await?;
    let mut destinations = list["destinations"].as_array().into_iter().flatten();
    let found = destinations.find(|one| one["name"] == wanted || one["id"] == wanted);
    let id = found.and_then(|one| one["id"].as_str());
    Ok(id.with_context(|| format!("no destination is named {wanted}"))?.to_owned())
}

fn show(list: &Value) {
    let columns = [
        ("NAME", "/name"),
        ("KIND", "/kind"),
        ("ADDRESS", "/address"),
        ("STATE", "/state"),
        ("ALERTS WAITING", "/backlog/alerts"),
        ("HEALTH EVENTS WAITING", "/backlog/health_events"),
        ("DELIVERED", "/delivered"),
        ("REFUSED", "/refused"),
        ("LAST FAILURE", "/last_failure/why"),
    ];
    let rows = list["destinations"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = rows.map(|row| columns.map(|(_, pointer)| cell(row, pointer)).into()).collect();
    output::table(&columns.map(|(title, _)| title), &rows);
}
