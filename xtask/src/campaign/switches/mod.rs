//! Switches under load of the mode, the hub and the owner. What was detected while locally managed leaves the sensor for
//! nobody, what was detected for one owner never comes to the other, and after a commit nothing goes where it went before.
//!
//! Seen at the brokers, at both portals, and by every packet that leaves the sensor. The sensor is behind a cable, for which a
//! process with one thread is needed: this starts it and takes its outcome.

mod behind_cable;
mod expected;
mod stand;

use std::{env, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{PrivateFolder, Program};

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::EpochAtRead,
    sheet::Outcome,
};

/// A switch takes a second or two.
const LONGEST: Duration = Duration::from_secs(20 * 60);
const OUTCOME: &str = "outcome.json";

pub(super) const PLACES: &[Place] =
    &[Place { name: "mode, hub and owner, under load", faults: 100, finds: &[EpochAtRead], act: in_own_process }];

fn in_own_process(setting: &Setting<'_>) -> Result<Outcome> {
    let folder = PrivateFolder::on_disk()?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["campaign", "switches", "--behind-cable"]).arg(folder.path());
    command.arg("--binaries").arg(setting.binaries.folder());
    command.args(["--faults", &setting.faults.to_string(), "--seed", &setting.seed.to_string()]);
    let mut program = Program::start("the sensor behind a cable", &mut command, &folder.join("log"))?;
    let status = program.wait(LONGEST)?;
    ensure!(status.success(), "the switches could not be made: {}", program.output());
    Outcome::from_json(&fs::read_to_string(folder.join(OUTCOME)).context("no outcome was left")?)
}

/// What the process of its own does.
pub(super) fn behind_cable(folder: &Path, setting: &Setting<'_>) -> Result<bool> {
    let outcome = behind_cable::run(folder, setting)?;
    fs::write(folder.join(OUTCOME), outcome.to_json().to_string())?;
    Ok(true)
}
