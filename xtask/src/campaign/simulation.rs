//! The shipped delivery, as a pure machine, in a simulated world by many seeds: the test command's 200, and more.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use picket_lab::Binaries;
use serde_json::Value;

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::{CursorAtSend, NeverSentAgain},
    sheet::Outcome,
};
use crate::builds::{cargo, root};

/// The tests that take their seeds from outside.
const TESTS: &str = "delivery::tests::simulation::everything";

pub(super) const PLACES: &[Place] = &[Place {
    name: "delivery, simulated by seed, over HTTPS and MQTT",
    faults: 10_000,
    finds: &[CursorAtSend, NeverSentAgain],
    act: simulate,
}];

/// Built with optimization, and with the checks that a debug build has: a debug build alone takes ten times as long.
fn simulate(setting: &Setting<'_>) -> Result<Outcome> {
    let mut command = cargo(&["test", "--release", "--package", "picket-lifecycle", TESTS, "--", "--nocapture"]);
    command.current_dir(source_of(setting.binaries)).env("PICKET_SEEDS", setting.faults.to_string());
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    let output = command.output().context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut outcome = Outcome::default();
    for line in said.lines().filter_map(|line| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok()) {
        outcome.tally.written += usize::try_from(line["detected"].as_u64().unwrap_or_default())?;
        outcome.remarks.push(line.to_string());
    }
    // A build that fails is no test that fails.
    let (ran, complained) = (said.contains("running 2 tests"), String::from_utf8_lossy(&output.stderr));
    ensure!(ran, "the simulation does not run: {complained}");
    outcome.must(output.status.success(), || failing_seed(&complained));
    Ok(outcome)
}

/// The first seed that does not hold, and how: its panic names it. What it lacks may be a thousand numbers.
fn failing_seed(complained: &str) -> String {
    let line = complained.lines().find(|line| line.starts_with("seed ")).unwrap_or("a test fails");
    line.chars().take(160).collect()
}

/// The source that these were built from: a sabotaged one lies beside its target folder.
fn source_of(binaries: &Binaries) -> PathBuf {
    let beside = binaries.folder().ancestors().nth(2).map(|folder| folder.join("source"));
    beside.filter(|source| source.join("Cargo.toml").is_file()).unwrap_or_else(root)
}
