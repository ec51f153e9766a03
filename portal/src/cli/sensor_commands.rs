//! `picket-portal sensor`: onboard, list, show, edit, reissue, delete, download files.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use hyper::Method;
use picket_protocol::ids::SensorId;
use serde_json::{Map, Value, json};

use super::{
    client::Api,
    output::{self, cell, percent_encoded},
    recover::Recover,
    sensor_table,
};
use picket_durable as files;

#[derive(Debug, Subcommand)]
pub(super) enum Sensor {
    /// Onboard a sensor; prints its id. Or all sensors of a table, or none of them.
    Add {
        /// Its name; include the sensor's IP address, so that people find it.
        #[arg(required_unless_present = "from")]
        name: Option<String>,
        /// A table of sensors instead: CSV in UTF-8, a header and a row for each.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "Fields", "ModeArguments", "HubArguments"])]
        from: Option<PathBuf>,
        /// Where to write the activation files of all of them, as a ZIP archive.
        #[arg(long, value_name = "ZIP", requires = "from")]
        files: Option<PathBuf>,
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        mode: Box<ModeArguments>,
        #[command(flatten)]
        api: Api,
    },
    /// List sensors.
    List {
        /// Deleted ones too.
        #[arg(long)]
        deleted: bool,
        #[command(flatten)]
        api: Api,
    },
    /// Show one sensor with its files, keys and last heartbeat.
    Show {
        id: SensorId,
        #[command(flatten)]
        api: Api,
    },
    /// What came of its streams: 1 to N received, so many dropped and why.
    Streams {
        id: SensorId,
        #[command(flatten)]
        api: Api,
    },
    /// Change what travels with heartbeats: name, site, zone, tags, TI.
    Edit {
        id: SensorId,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        api: Api,
    },
    /// Change mode, hub or console on the same identity: what the next file says.
    Reissue {
        id: SensorId,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        fields: Box<Fields>,
        #[command(flatten)]
        mode: Box<ModeArguments>,
        /// Hand it the new file with its next heartbeat's answer (cloud-connected to cloud-connected).
        #[arg(long)]
        push: bool,
        #[command(flatten)]
        api: Api,
    },
    /// Move a cloud-connected sensor to another hub: a pushed reissue.
    Hub {
        id: SensorId,
        #[command(flatten)]
        hub: HubArguments,
        #[command(flatten)]
        api: Api,
    },
    /// Delete a sensor. It keeps detecting and storing, and sends nothing.
    Delete {
        id: SensorId,
        /// Why, in a sentence for the sensor's people.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        api: Api,
    },
    /// Let a person choose a new password at a sensor's console: issue a recovery document, which serves once.
    Recover(Recover),
    /// Issue and download a new activation file; voids earlier ones that were not used.
    ActivationFile {
        id: SensorId,
        /// Where to write it.
        #[arg(long)]
        out: PathBuf,
        /// As text, for pasting.
        #[arg(long)]
        armour: bool,
        #[command(flatten)]
        api: Api,
    },
}

#[derive(Debug, Args)]
pub(super) struct Fields {
    /// The subscription's name; a new one is made.
    #[arg(long)]
    subscription: Option<String>,
    /// Empty removes it.
    #[arg(long)]
    site: Option<String>,
    /// Empty removes it.
    #[arg(long)]
    zone: Option<String>,
    /// KEY=VALUE; replaces all tags.
    #[arg(long = "tag")]
    tags: Vec<String>,
    /// Install TI packages without a person: true or false.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    automatic_ti: Option<bool>,
    /// Only this appliance may use the next file.
    #[arg(long, conflicts_with = "bind_request")]
    bind_appliance: Option<String>,
    /// Only the sensor that made this request may use the next file.
    #[arg(long)]
    bind_request: Option<PathBuf>,
    /// YYYY-MM-DD; empty removes it.
    #[arg(long)]
    licence_until: Option<String>,
    /// Days for which a file may be uploaded, 1 to 365.
    #[arg(long)]
    upload_days: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct ModeArguments {
    /// cloud-connected or locally-managed.
    #[arg(long, value_parser = ["cloud-connected", "locally-managed"])]
    mode: Option<String>,
    #[command(flatten)]
    hub: HubArguments,
    /// The management console: `https://HOST[:PORT]`.
    #[arg(long, requires_all = ["console_ca", "pairing_token_file"])]
    console_url: Option<String>,
    /// The CA certificates it is believed by, PEM.
    #[arg(long)]
    console_ca: Option<PathBuf>,
    /// A file with a pairing token made there. Not the token itself: others can read a command line.
    #[arg(long)]
    pairing_token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct HubArguments {
    /// A hub by its name at the portal; `built-in` is the portal's own.
    #[arg(long, conflicts_with = "hub_url")]
    hub: Option<String>,
    /// Another hub: `https://HOST[:PORT]`; it is kept under this name.
    #[arg(long, requires = "hub_ca")]
    hub_url: Option<String>,
    /// The CA certificates it is believed by, PEM.
    #[arg(long)]
    hub_ca: Option<PathBuf>,
}

impl Sensor {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { from: Some(table), files, api, .. } => {
                sensor_table::onboard(&api, &table, files.as_deref()).await?;
            }
            Self::Add { name, fields, mode, api, .. } => {
                let mut body = fields.body(name)?;
                body.insert("mode".to_owned(), mode.body(&api).await?.unwrap_or(json!({ "mode": "cloud-connected" })));
                told(&api, &api.post("/api/v1/sensors", &body.into()).await?, "/id");
            }
            Self::List { deleted, api } => {
                let list = whole_list(&api, deleted).await?;
                if api.json { output::json(&list) } else { show_list(&list) }
            }
            Self::Show { id, api } => {
                let sensor = api.get(&format!("/api/v1/sensors/{id}")).await?;
                if api.json { output::json(&sensor) } else { output::line(serde_json::to_string_pretty(&sensor)?) }
            }
            Self::Streams { id, api } => {
                let streams = api.get(&format!("/api/v1/sensors/{id}/streams")).await?;
                if api.json { output::json(&streams) } else { show_streams(&streams) }
            }
            Self::Edit { id, name, fields, api } => {
                let body = Value::from(fields.body(name)?);
                let sensor = api.ask_json(Method::PATCH, &format!("/api/v1/sensors/{id}"), Some(&body)).await?;
                told(&api, &sensor, "/name");
            }
            Self::Reissue { id, name, fields, mode, push, api } => {
                let mut changes = fields.body(name)?;
                if let Some(mode) = mode.body(&api).await? {
                    changes.insert("mode".to_owned(), mode);
                }
                reissue(&api, id, changes.into(), push).await?;
            }
            Self::Hub { id, hub, api } => {
                let hub = hub.id(&api).await?.context("name a hub with --hub or --hub-url")?;
                reissue(&api, id, json!({ "mode": cloud_connected(Some(hub)) }), true).await?;
            }
            Self::Delete { id, reason, api } => {
                let path = format!("/api/v1/sensors/{id}?reason={}", percent_encoded(&reason));
                told(&api, &api.ask_json(Method::DELETE, &path, None).await?, "/deleted/serial");
            }
            Self::Recover(order) => order.run().await?,
            Self::ActivationFile { id, out, armour, api } => download(&api, id, out, armour).await?,
        }
        Ok(())
    }
}

/// The whole answer, or the one thing that the next command needs.
fn told(api: &Api, answer: &Value, pointer: &str) {
    if api.json { output::json(answer) } else { output::line(cell(answer, pointer)) }
}

/// The list, page after page.
async fn whole_list(api: &Api, deleted: bool) -> anyhow::Result<Value> {
    let path = format!("/api/v1/sensors?deleted={deleted}");
    let mut list = api.get(&path).await?;
    while let Some(next) = list["next"].as_str() {
        let mut page = api.get(&format!("{path}&after={next}")).await?;
        let (more, next) = (page["sensors"].take(), page["next"].take());
        if let (Some(all), Value::Array(more)) = (list["sensors"].as_array_mut(), more) {
            all.extend(more);
        }
        list["next"] = next;
    }
    Ok(list)
}

async fn reissue(api: &Api, id: SensorId, changes: Value, push: bool) -> anyhow::Result<()> {
    let body = json!({ "changes": changes, "push": push });
    let sensor = api.post(&format!("/api/v1/sensors/{id}/reissue"), &body).await?;
    if api.json {
        output::json(&sensor);
    } else if push {
        output::line("The sensor gets the new file with its next heartbeat's answer.");
    } else {
        output::line(format!("Download the new file: picket-portal sensor activation-file {id} --out FILE"));
    }
    Ok(())
}

async fn download(api: &Api, id: SensorId, out: PathBuf, armour: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/sensors/{id}/activation-file?armour={armour}");
    let (parts, file) = api.ask(Method::POST, &path, None).await?;
    // It carries a token: readable by its owner alone.
    files::replace(&out, &file).with_context(|| format!("write {}", out.display()))?;
    let serial = parts.headers.get("picket-serial").and_then(|value| value.to_str().ok()).unwrap_or("?");
    if api.json {
        output::json(&json!({ "file": out, "serial": serial.parse::<u64>().ok() }));
    } else {
        output::line(format!("{}: serial {serial}; earlier files that were not used are void", out.display()));
    }
    Ok(())
}

impl Fields {
    fn body(&self, name: Option<String>) -> anyhow::Result<Map<String, Value>> {
        let mut body = Map::new();
        let mut say = |field: &str, value: Value| _ = body.insert(field.to_owned(), value);
        let removable = |text: &String| if text.is_empty() { Value::Null } else { Value::from(text.as_str()) };
        if let Some(name) = name {
            say("name", name.into());
        }
        if let Some(subscription) = &self.subscription {
            say("subscription", subscription.as_str().into());
        }
        for (field, value) in [("site", &self.site), ("zone", &self.zone), ("licence_until", &self.licence_until)] {
            if let Some(text) = value {
                say(field, removable(text));
            }
        }
        if !self.tags.is_empty() {
            say("tags", Value::from(self.read_tags()?));
        }
        if let Some(automatic_ti) = self.automatic_ti {
            say("automatic_ti", automatic_ti.into());
        }
        if let Some(days) = self.upload_days {
            say("upload_days", days.into());
        }
        if let Some(appliance) = &self.bind_appliance {
            say("binding", json!({ "kind": "appliance", "value": appliance }));
        }
        if let Some(path) = &self.bind_request {
            let request = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
            say("binding", json!({ "kind": "request", "value": STANDARD.encode(request) }));
        }
        Ok(body)
    }

    fn read_tags(&self) -> anyhow::Result<Map<String, Value>> {
        let read = |tag: &String| {
            let (key, value) = tag.split_once('=').with_context(|| format!("{tag}: a tag is KEY=VALUE"))?;
            Ok((key.to_owned(), Value::from(value)))
        };
        self.tags.iter().map(read).collect()
    }
}

impl ModeArguments {
    /// The mode as the API takes it; none when nothing of it was said.
    async fn body(&self, api: &Api) -> anyhow::Result<Option<Value>> {
        let hub = self.hub.id(api).await?;
        match self.mode.as_deref() {
            Some("locally-managed") => {
                if hub.is_some() {
                    bail!("a locally managed sensor has no hub");
                }
                Ok(Some(json!({ "mode": "locally-managed", "console": self.console()? })))
            }
            None if hub.is_none() && self.console_url.is_none() => Ok(None),
            _ if self.console_url.is_some() => bail!("a management console needs --mode locally-managed"),
            _ => Ok(Some(cloud_connected(hub))),
        }
    }

    fn console(&self) -> anyhow::Result<Value> {
        let (Some(url), Some(ca)) = (&self.console_url, &self.console_ca) else { return Ok(Value::Null) };
        let read = |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()));
        let Some(token) = &self.pairing_token_file else { bail!("a management console needs a pairing token") };
        Ok(json!({ "url": url, "ca_pem": read(ca)?, "pairing_token": read(token)?.trim() }))
    }
}

/// The mode; without a hub the sensor's hub stays, if it has one.
fn cloud_connected(hub: Option<Value>) -> Value {
    let mut mode = json!({ "mode": "cloud-connected" });
    if let Some(hub) = hub {
        mode["hub"] = hub;
    }
    mode
}

impl HubArguments {
    /// The hub's id; null for the built-in one; none when none was named.
    async fn id(&self, api: &Api) -> anyhow::Result<Option<Value>> {
        if let Some(url) = &self.hub_url {
            let path = self.hub_ca.as_ref().context("a hub needs its CA certificates")?;
            let ca_pem = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            let body = json!({ "name": url, "url": url, "ca_pem": ca_pem });
            return Ok(Some(api.post("/api/v1/hubs", &body).await?["id"].take()));
        }
        match self.hub.as_deref() {
            None => Ok(None),
            Some("built-in") => Ok(Some(Value::Null)),
            Some(name) => {
                let list = api.get("/api/v1/hubs").await?;
                let hubs = list["hubs"].as_array().cloned().unwrap_or_default();
                let found = hubs.into_iter().find(|hub| hub["name"] == name || hub["id"] == name);
                Ok(Some(found.with_context(|| format!("no hub is named {name}"))?["id"].take()))
            }
        }
    }
}

fn show_streams(answer: &Value) {
    let row = |stream: &Value| {
        let dropped = stream["dropped"].as_object().into_iter().flatten();
        let dropped: Vec<String> = dropped.map(|(reason, count)| format!("{count} {reason}")).collect();
        let lacks = stream["lacks"].as_array().into_iter().flatten();
        let lacks: Vec<String> = lacks.map(|range| format!("{}-{}", range["from"], range["to"])).collect();
        let column = |pointer| cell(stream, pointer);
        vec![
            column("/stream"),
            format!("1-{}", column("/up_to")),
            column("/received"),
            if dropped.is_empty() { "-".to_owned() } else { dropped.join(", ") },
            if lacks.is_empty() { "-".to_owned() } else { format!("{}: {}", column("/lacking"), lacks.join(", ")) },
            column("/reported/head"),
            column("/last_at"),
        ]
    };
    let rows: Vec<_> = answer["streams"].as_array().into_iter().flatten().map(row).collect();
    output::table(&["STREAM", "NUMBERS", "RECEIVED", "DROPPED", "LACKING", "SENSOR HAS", "LAST"], &rows);
}

fn show_list(list: &Value) {
    let columns = [
        ("ID", "/id"),
        ("NAME", "/name"),
        ("CONNECTION TYPE", "/connection_type"),
        ("SUBSCRIPTION", "/subscription/name"),
        ("SITE", "/site"),
        ("ZONE", "/zone"),
        ("VERSION", "/version"),
        ("CONNECTION", "/connection"),
        ("HEALTH", "/health"),
        ("LAST SEEN", "/last_seen"),
    ];
    let sensors = list["sensors"].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> =
        sensors.iter().map(|sensor| columns.map(|(_, pointer)| cell(sensor, pointer)).into()).collect();
    output::table(&columns.map(|(title, _)| title), &rows);
    output::line(format!(
        "{} onboarded, {} cloud connected, {} locally managed, {} disconnected",
        list["counts"]["onboarded"],
        list["counts"]["cloud_connected"],
        list["counts"]["locally_managed"],
        list["counts"]["disconnected"]
    ));
}
