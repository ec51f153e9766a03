//! The settings of alerts: where the detection engine writes, what the alert log keeps, how much delivery may send.
//!
//! Raw tables and their checks. Opens nothing.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::Wrong;

/// Most of the alert log: 1 TiB.
const MAX_MEBIBYTES: u32 = 1024 * 1024;
/// Least of the alert log: smaller ones hold less than one burst.
const MIN_MEBIBYTES: u32 = 8;
/// Ten years.
const MAX_DAYS: u32 = 3650;
/// 10 Gbit/s.
const MAX_KILOBITS: u32 = 10_000_000;

/// `[engine]`, `[alert_log]` and `[delivery]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// Where the detection engine's output comes from.
    pub source: EngineSource,
    /// Whether `anomaly` records become alerts too.
    pub anomalies: bool,
    /// Most bytes of the alert log.
    pub max_bytes: u64,
    /// How long an alert is kept that no consumer waits for.
    pub max_age: Duration,
    /// How much all deliveries together may send.
    pub kilobits_per_second: Option<NonZeroU32>,
}

/// Where the detection engine's output comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineSource {
    /// The engine writes this EVE file, and the agent follows it.
    File(PathBuf),
    /// The agent listens here, and the engine connects.
    Socket(PathBuf),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawEngine {
    eve_file: Option<PathBuf>,
    eve_socket: Option<PathBuf>,
    anomalies: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAlertLog {
    max_mebibytes: i64,
    max_days: i64,
}

impl Default for RawAlertLog {
    fn default() -> Self {
        Self { max_mebibytes: 2048, max_days: 30 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDelivery {
    kilobits_per_second: Option<i64>,
}

impl AlertSettings {
    pub(super) fn check(engine: RawEngine, log: &RawAlertLog, delivery: &RawDelivery) -> Result<Self, Wrong> {
        let most = MIN_MEBIBYTES..=MAX_MEBIBYTES;
        let mebibytes = within("alert_log.max_mebibytes", "8 to 1048576", log.max_mebibytes, most)?;
        let days = within("alert_log.max_days", "1 to 3650", log.max_days, 1..=MAX_DAYS)?;
        let kilobits = |found| within("delivery.kilobits_per_second", "1 to 10000000", found, 1..=MAX_KILOBITS);
        let kilobits = delivery.kilobits_per_second.map(kilobits).transpose()?;
        Ok(Self {
            anomalies: engine.anomalies,
            source: engine.source()?,
            max_bytes: u64::from(mebibytes) * 1024 * 1024,
            max_age: Duration::from_secs(u64::from(days) * 86_400),
            kilobits_per_second: kilobits.and_then(NonZeroU32::new),
        })
    }

    pub(super) fn show(&self, shown: &mut BTreeMap<String, String>) {
        let (key, path) = match &self.source {
            EngineSource::File(path) => ("engine.eve_file", path),
            EngineSource::Socket(path) => ("engine.eve_socket", path),
        };
        let kilobits = self.kilobits_per_second.map_or("none".to_owned(), |kilobits| kilobits.to_string());
        shown.extend([
            (key.to_owned(), path.display().to_string()),
            ("engine.anomalies".to_owned(), self.anomalies.to_string()),
            ("alert_log.max_mebibytes".to_owned(), (self.max_bytes / 1024 / 1024).to_string()),
            ("alert_log.max_days".to_owned(), (self.max_age.as_secs() / 86_400).to_string()),
            ("delivery.kilobits_per_second".to_owned(), kilobits),
        ]);
    }
}

impl RawEngine {
    fn source(self) -> Result<EngineSource, Wrong> {
        let absolute = |key, path: &Path| match path.is_absolute() {
            true => Ok(()),
            false => Err(Wrong { key, expected: "an absolute path", found: path.display().to_string() }),
        };
        match (self.eve_file, self.eve_socket) {
            (Some(_), Some(socket)) => {
                let expected = "left out where engine.eve_file is given";
                Err(Wrong { key: "engine.eve_socket", expected, found: socket.display().to_string() })
            }
            (None, Some(socket)) => absolute("engine.eve_socket", &socket).map(|()| EngineSource::Socket(socket)),
            (file, None) => {
                let file = file.unwrap_or_else(|| "/var/log/suricata/eve.json".into());
                absolute("engine.eve_file", &file).map(|()| EngineSource::File(file))
            }
        }
    }
}

fn within(
    key: &'static str,
    expected: &'static str,
    found: i64,
    allowed: std::ops::RangeInclusive<u32>,
) -> Result<u32, Wrong> {
    let checked = u32::try_from(found).ok().filter(|number| allowed.contains(number));
    checked.ok_or_else(|| Wrong { key, expected, found: found.to_string() })
}
