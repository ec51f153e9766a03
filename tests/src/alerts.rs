//! Alerts in the tests: a generator in front of a scene's sensor, and the comparison with what a portal stored.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, ensure};
use picket_lab::{Agent, Generator, Portal, Tally, Waited, generator::id_of, until};

/// A campaign ends within this; it is only spent on failure.
const PATIENCE: Duration = Duration::from_secs(45);

/// A generator that writes what the agent follows, from id 1.
///
/// # Errors
/// When the file cannot be opened.
pub fn engine_of(agent: &Agent) -> Result<Generator> {
    Generator::new(&agent.eve_file(), 1)
}

/// Waits until exactly these alerts are at the portal, each once.
///
/// # Errors
/// When one is doubled or was never written, or after the patience.
pub fn arrive_once(portal: &Portal, written: &BTreeSet<u64>) -> Result<()> {
    until("every alert is at the portal", PATIENCE, || {
        // Cheap as long as some are missing.
        let count = portal.alert_count()?;
        if count < written.len() {
            return Ok(Waited::NotYet(format!("{count} of {}", written.len())));
        }
        let tally = Tally::of(written, &portal.alerts()?);
        ensure!(tally.doubled.is_empty() && tally.foreign.is_empty(), "{tally}");
        Ok(if tally.is_exact() { Waited::Holds(()) } else { Waited::NotYet(tally.to_string()) })
    })
}

/// Waits until these alerts are at the portal, whatever else is; the ids of all that are.
///
/// # Errors
/// After the patience.
pub fn have_arrived(portal: &Portal, ids: &BTreeSet<u64>) -> Result<BTreeSet<u64>> {
    until("the alerts are at the portal", PATIENCE, || {
        let stored: BTreeSet<_> = portal.alerts()?.iter().filter_map(|alert| id_of(&alert["record"])).collect();
        let missing = ids.difference(&stored).count();
        Ok(if missing == 0 { Waited::Holds(stored) } else { Waited::NotYet(format!("{missing} are not")) })
    })
}

/// Waits until the sensor's alert log holds this many alerts in all epochs.
///
/// # Errors
/// When that does not come to be.
pub fn log_holds(agent: &Agent, count: u64) -> Result<()> {
    until(&format!("the alert log holds {count} alerts"), PATIENCE, || {
        let verification = agent.ask(&["alerts", "verify"])?;
        let streams = verification["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
        let held: u64 = streams.iter().filter_map(|stream| stream["in_log"].as_u64()).sum();
        Ok(if held == count { Waited::Holds(()) } else { Waited::NotYet(verification.to_string()) })
    })
}
