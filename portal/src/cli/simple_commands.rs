//! The commands that are one request each: hubs, pairing tokens, alarms.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use hyper::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Api,
    output::{self, cell},
};

#[derive(Debug, Subcommand)]
pub(super) enum Hub {
    /// Add a hub; prints its id.
    Add {
        /// Its name at the portal.
        name: String,
        /// `https://HOST[:PORT]`, or `mqtts://HOST[:PORT]` of an MQTT 5 broker.
        #[arg(long)]
        url: String,
        /// The CA certificates it is believed by, PEM.
        #[arg(long)]
        ca: PathBuf,
        /// A broker's topic, with `{sensor_id}` in it.
        #[arg(long, default_value = "picket/{sensor_id}/alerts")]
        topic: String,
        /// The portal reads this broker, keeps what comes, and confirms it to the sensors.
        #[arg(long)]
        portal_reads: bool,
        #[command(flatten)]
        api: Api,
    },
    /// List hubs.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Whether a hub can be reached from the portal. Sends nothing there.
    Test {
        id: Uuid,
        #[command(flatten)]
        api: Api,
    },
    /// Remove a hub that no sensor names.
    Remove {
        id: Uuid,
        #[command(flatten)]
        api: Api,
    },
}

impl Hub {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, url, ca, topic, portal_reads, api } => {
                let ca_pem = std::fs::read_to_string(&ca).with_context(|| format!("read {}", ca.display()))?;
                let mut hub = json!({ "name": name, "url": url, "ca_pem": ca_pem, "portal_confirms": portal_reads });
                if url.starts_with("mqtts://") {
                    hub["kind"] = "mqtt".into();
                    hub["topic_template"] = topic.into();
                }
                let added = api.post("/api/v1/hubs", &hub).await?;
                if api.json { output::json(&added) } else { output::line(cell(&added, "/id")) }
            }
            Self::List { api } => {
                let columns =
                    [("ID", "/id"), ("NAME", "/name"), ("KIND", "/kind"), ("URL", "/url"), ("READING", "/reading")];
                show(&api.get("/api/v1/hubs").await?, "hubs", &columns, api.json);
            }
            Self::Test { id, api } => {
                let tested = api.ask_json(Method::POST, &format!("/api/v1/hubs/{id}/test"), None).await?;
                if api.json {
                    output::json(&tested);
                } else {
                    output::line("The hub was reached, and its CAs vouch for it.");
                }
            }
            Self::Remove { id, api } => {
                done(&api, &api.ask_json(Method::DELETE, &format!("/api/v1/hubs/{id}"), None).await?);
            }
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum PairingToken {
    /// Make pairing tokens, each for one sensor; printed this once.
    Add {
        /// For how many sensors.
        #[arg(long, default_value_t = 1)]
        sensors: u32,
        #[command(flatten)]
        api: Api,
    },
}

impl PairingToken {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Add { sensors, api } = self;
        let made = api.post("/api/v1/pairing-tokens", &json!({ "sensors": sensors })).await?;
        if api.json {
            output::json(&made);
            return Ok(());
        }
        for token in made["tokens"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            output::line(token);
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Alarm {
    /// List alarms, newest first.
    List {
        /// Open ones only.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        api: Api,
    },
    /// Clear an alarm that was looked into.
    Clear {
        id: i64,
        #[command(flatten)]
        api: Api,
    },
}

impl Alarm {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { open, api } => {
                let columns =
                    [("ID", "/id"), ("AT", "/at"), ("KIND", "/kind"), ("SENSOR", "/sensor"), ("WHAT TO DO", "/next")];
                show(&api.get(&format!("/api/v1/alarms?open={open}")).await?, "alarms", &columns, api.json);
            }
            Self::Clear { id, api } => {
                done(&api, &api.ask_json(Method::POST, &format!("/api/v1/alarms/{id}/clear"), None).await?);
            }
        }
        Ok(())
    }
}

/// Nothing to say but in JSON.
fn done(api: &Api, answer: &Value) {
    if api.json {
        output::json(answer);
    }
}

fn show(answer: &Value, list: &str, columns: &[(&str, &str)], as_json: bool) {
    if as_json { output::json(answer) } else { output::list(answer, list, columns) }
}
