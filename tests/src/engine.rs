//! What the real detection engine wrote, record by record, and the comparison with what a portal stored.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Result, ensure};
use picket_lab::{Portal, Waited, until, waiting::PATIENCE};
use serde_json::Value;

/// How often each alert's record stands in the engine's own file.
///
/// # Errors
/// When it cannot be read, or a line is no JSON.
pub fn found(eve: &Path) -> Result<BTreeMap<String, usize>> {
    let mut times = BTreeMap::new();
    for line in fs::read_to_string(eve)?.lines() {
        let record: Value = serde_json::from_str(line)?;
        if record["event_type"] == "alert" {
            *times.entry(record.to_string()).or_default() += 1;
        }
    }
    Ok(times)
}

/// Waits until each of these records is at the portal, as often as it was written and with nothing changed; what is there.
///
/// # Errors
/// When something else is, or after the patience.
pub fn arrives_once(portal: &Portal, written: &BTreeMap<String, usize>) -> Result<Vec<Value>> {
    let count: usize = written.values().sum();
    let stored = until("as many are at the portal", PATIENCE, || {
        let stored = portal.alerts()?;
        Ok(if stored.len() >= count { Waited::Holds(stored) } else { Waited::NotYet(stored.len().to_string()) })
    })?;
    let mut times = BTreeMap::new();
    for alert in &stored {
        *times.entry(alert["record"].to_string()).or_default() += 1;
    }
    ensure!(times == *written, "what is at the portal is not what the engine wrote");
    Ok(stored)
}
