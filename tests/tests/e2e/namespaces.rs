//! What needs network namespaces and counters in them: programs of one thread, started from here.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{Binaries, PrivateFolder, Program};
use serde_json::Value;

/// The cap holds within this share of itself.
const TOLERANCE: f64 = 0.05;

#[test]
fn a_bandwidth_cap_holds_on_the_wire_for_a_minute() -> Result<()> {
    let folder = PrivateFolder::new()?;
    let program = Binaries::beside_this_program()?.program("proof-of-cap")?;
    let mut proof = Program::start("proof-of-cap", Command::new(program).arg(folder.path()), &folder.join("log"))?;
    let status = proof.wait(Duration::from_secs(180))?;
    let said = proof.output();
    ensure!(status.success(), "{said}");
    let measured: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).context("no answer")?;
    println!("{measured}");
    let [cap, rate] = ["cap_kilobits_per_second", "kilobits_per_second"].map(|field| measured[field].as_f64());
    let (cap, rate) = (cap.context("no cap")?, rate.context("no rate")?);
    ensure!((rate / cap - 1.0).abs() <= TOLERANCE, "{rate:.1} kbit/s under a cap of {cap}: {measured}");
    Ok(())
}
