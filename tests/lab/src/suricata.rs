//! The real detection engine, Suricata, over captures: a private configuration, our own rules, and the EVE file that it
//! appends to; the same records go to a socket where one is named. Runs as whoever asks, listens to no network, and ends by
//! itself at the end of a capture.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{capture::modbus_capture, process::run};

const RULES: &str = include_str!("../../data/ot.rules");
const RUNNING: &str = "suricata is needed: cargo xtask test --install";

/// A folder with the engine's configuration and what it writes.
#[derive(Debug)]
pub struct Suricata {
    folder: PathBuf,
}

impl Suricata {
    /// Writes configuration, rules and our own capture into a folder, which is made.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up(folder: &Path) -> Result<Self> {
        Self::configured(folder, "")
    }

    /// As [`Self::set_up`], for an engine that also writes each record to a Unix socket on which somebody listens.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up_on_socket(folder: &Path, socket: &Path) -> Result<Self> {
        let output = format!(
            "  - eve-log: {{enabled: yes, filetype: unix_stream, filename: {socket}, types: [alert, flow, stats]}}\n",
            socket = socket.display()
        );
        Self::configured(folder, &output)
    }

    fn configured(folder: &Path, output: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let engine = Self { folder: folder.to_owned() };
        fs::write(engine.configuration(), format!("{OUTPUTS}{output}{CONFIGURATION}"))?;
        fs::write(engine.rules(), RULES)?;
        fs::write(engine.own_capture(), modbus_capture())?;
        Ok(engine)
    }

    /// Where it writes what it finds; there once it has run.
    #[must_use]
    pub fn eve_file(&self) -> PathBuf {
        self.folder.join("eve.json")
    }

    /// Our own capture.
    #[must_use]
    pub fn own_capture(&self) -> PathBuf {
        self.folder.join("ot.pcap")
    }

    /// Reads a capture to its end; what it finds is appended to the EVE file.
    ///
    /// # Errors
    /// When Suricata is not installed, or fails.
    pub fn read(&self, capture: &Path) -> Result<()> {
        let mut command = Command::new("suricata");
        command.arg("-c").arg(self.configuration()).arg("-S").arg(self.rules()).arg("-l").arg(&self.folder);
        command.arg("-r").arg(capture).args(["--runmode", "single"]);
        run(&mut command).map(drop).context(RUNNING)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("suricata.yaml")
    }

    fn rules(&self) -> PathBuf {
        self.folder.join("ot.rules")
    }
}

/// What is not said here keeps Suricata's own default. Modbus is off by default.
const OUTPUTS: &str = "%YAML 1.1
---
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [alert, flow, stats]}
";
const CONFIGURATION: &str = "\
stats: {enabled: yes, interval: 8}
app-layer:
  protocols:
    modbus: {enabled: yes, detection-ports: {dp: 502}}
logging:
  outputs:
    - console: {enabled: yes}
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::{capture::ALERTS_BY_SEVERITY, folder::PrivateFolder};

    #[test]
    fn finds_in_our_capture_what_our_rules_say() -> Result<()> {
        let folder = PrivateFolder::new()?;
        let engine = Suricata::set_up(&folder.join("engine"))?;
        let mut found = BTreeMap::new();
        for run in 1..=2 {
            engine.read(&engine.own_capture())?;
            let records = fs::read_to_string(engine.eve_file())?;
            let records = records.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
            found.clear();
            for record in records.iter().filter(|record| record["event_type"] == "alert") {
                *found.entry(record["alert"]["severity"].as_u64()).or_insert(0) += 1;
            }
            let expected = ALERTS_BY_SEVERITY.map(|(severity, count)| (Some(severity), count * run));
            assert_eq!(found, BTreeMap::from(expected), "after run {run}");
            assert!(records.len() > found.values().sum(), "only alerts: nothing shows that others are told apart");
        }
        Ok(())
    }
}
