//! `picket-portal alert`: list and export.

use std::{fmt::Write as _, fs::File, io, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use picket_protocol::ids::SensorId;
use serde_json::Value;

use super::{
    client::Api,
    output::{self, percent_encoded},
};

#[derive(Debug, Subcommand)]
pub(super) enum Alert {
    /// List alerts, the newest first.
    List {
        #[command(flatten)]
        wanted: Wanted,
        /// As they came, after this row.
        #[arg(long, conflicts_with = "before")]
        after: Option<i64>,
        /// Before this row.
        #[arg(long)]
        before: Option<i64>,
        /// At most so many, up to 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        api: Api,
    },
    /// Export every alert that is stored, in the order they came.
    Export {
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
        /// Where to; standard output if it is left out.
        #[arg(long)]
        out: Option<PathBuf>,
        #[command(flatten)]
        wanted: Wanted,
        /// After this row.
        #[arg(long, default_value_t = 0)]
        after: i64,
        #[command(flatten)]
        api: Api,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Which alerts.
#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// Of this sensor.
    #[arg(long)]
    sensor: Option<SensorId>,
    /// As grave as this, or graver.
    #[arg(long, value_parser = ["high", "medium", "low", "informational"])]
    severity: Option<String>,
    /// Of sensors at this site.
    #[arg(long)]
    site: Option<String>,
    /// Of sensors in this zone.
    #[arg(long)]
    zone: Option<String>,
}

impl Alert {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { wanted, after, before, limit, api } => {
                let mut path = format!("/api/v1/alerts?limit={limit}{}", wanted.query());
                for (name, row) in [("after", after), ("before", before)] {
                    let _ = row.map(|row| write!(path, "&{name}={row}"));
                }
                let listed = api.get(&path).await?;
                if api.json { output::json(&listed) } else { show(&listed) }
            }
            Self::Export { format, out, wanted, after, api } => {
                let format = match format {
                    Format::Csv => "csv",
                    Format::Ndjson => "ndjson",
                };
                let path = format!("/api/v1/alerts/export?format={format}&after={after}{}", wanted.query());
                match out {
                    Some(out) => export(&api, &path, &out).await?,
                    None => api.stream(&path, &mut io::stdout()).await?,
                }
            }
        }
        Ok(())
    }
}

/// Whoever finds the file under its name finds all of it.
pub(super) async fn export(api: &Api, path: &str, out: &PathBuf) -> anyhow::Result<()> {
    let partial = out.with_added_extension("partial");
    let file = || File::create(&partial).with_context(|| format!("write {}", partial.display()));
    let exported = match file() {
        Ok(mut file) => api.stream(path, &mut file).await.and_then(|()| Ok(file.sync_all()?)),
        Err(error) => Err(error),
    };
    if let Err(error) = exported {
        let _ = std::fs::remove_file(&partial);
        return Err(error);
    }
    std::fs::rename(&partial, out).with_context(|| format!("write {}", out.display()))
}

impl Wanted {
    fn query(&self) -> String {
        let sensor = self.sensor.map(|sensor| sensor.to_string());
        let fields = [("sensor", &sensor), ("severity", &self.severity), ("site", &self.site), ("zone", &self.zone)];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        given.map(|(name, value)| format!("&{name}={}", percent_encoded(value))).collect()
    }
}

fn show(listed: &Value) {
    let columns = [
        ("ROW", "/row"),
        ("DETECTED", "/detected_at"),
        ("SEVERITY", "/severity"),
        ("SENSOR", "/sensor_name"),
        ("WHAT", "/record/alert/signature"),
        ("FROM", "/record/src_ip"),
        ("TO", "/record/dest_ip"),
    ];
    output::list(listed, "alerts", &columns);
    if listed["more"] == true {
        let next = &listed["next"];
        let (name, row) = if next["after"].is_null() { ("before", &next["before"]) } else { ("after", &next["after"]) };
        output::line(format!("There may be more: --{name} {row}"));
    }
}
