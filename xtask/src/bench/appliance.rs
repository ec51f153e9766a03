//! The appliance side as it is shipped, on a Debian that systemd boots: memory of agent and console at rest, and from PID 1 to READY.
//! Needs root, and what `cargo xtask test` needs to boot a Debian.

use std::{thread::sleep, time::Duration};

use anyhow::{Context, Result, ensure};
use nix::unistd::Uid;
use picket_lab::{
    Binaries, Machine, Portal, PrivateFolder, Role, Waited,
    machine::{Web, root},
    until,
};

use super::statistics::{judge, median};
use crate::{
    builds::{build, target_folder},
    package::Build,
};

const MOST_MEMORY_MIB: f64 = 25.0;
const MOST_SECONDS_TO_READY: f64 = 10.0;
const BOOTS: usize = 5;
const PACKAGES: &str = "/root/packages";
const UNITS: [&str; 2] = ["picket-agent", "picket-console"];

pub(super) fn run(watch: u64) -> Result<bool> {
    ensure!(Uid::effective().is_root(), "systemd-nspawn needs root");
    build("dev", &["--package", "picket-portal", "--bins"])?;
    let folder = target_folder()?.join("appliance");
    root::provide(&folder)?;
    let mut machine = Machine::unpack(&root::in_cache(&folder), "bench")?;
    for name in UNITS {
        machine.put(&Build::shipped()?.packages(&folder.join("shipped"), Some(name))?, PACKAGES)?;
    }
    machine.boot()?;
    machine.install(&format!("{PACKAGES}/*.deb"))?;
    activate(&machine)?;
    Web::new("https://127.0.0.1")?.page(&machine, "/")?;
    println!("Watching for {watch} s …");
    sleep(Duration::from_secs(watch));
    let mut well = true;
    let mut sum = 0.0;
    for unit in UNITS {
        let (rss, pss) = (memory(&machine, unit, "Rss")?, memory(&machine, unit, "Pss")?);
        println!("{unit:<14} RSS {rss:>6.2} MiB  PSS {pss:>6.2} MiB");
        sum += rss;
    }
    well &= judge("RSS of agent and console at rest", sum, MOST_MEMORY_MIB, "MiB");
    let mut boots = Vec::new();
    for _ in 0..BOOTS {
        machine.reboot()?;
        boots.push(seconds_to_ready(&machine)?);
    }
    println!("PID 1 → READY of {BOOTS} boots: {boots:.2?} s");
    well &= judge("PID 1 → READY, median", median(&boots), MOST_SECONDS_TO_READY, "s");
    machine.power_off()?;
    Ok(well)
}

/// Locally managed, by a portal that is gone afterwards.
fn activate(machine: &Machine) -> Result<()> {
    let folder = PrivateFolder::new()?;
    let mut portal = Portal::init(&Binaries::beside_this_program()?, Role::Portal, &folder.join("portal"))?;
    portal.start()?;
    let sensor = portal.add_sensor("measured", &["--mode", "locally-managed"])?;
    let file = portal.download(&sensor, &folder.join("measured.activation"))?;
    let root = folder.join("plant.root");
    portal.export_root(&root)?;
    machine.put(&[file, root], PACKAGES)?;
    machine.shell(&format!(
        "picketctl trust add {PACKAGES}/plant.root; picketctl activate --yes {PACKAGES}/measured.activation"
    ))?;
    until("the sensor is active", Duration::from_secs(60), || {
        let status = machine.picketctl("status");
        let active = status.as_ref().is_ok_and(|status| status["state"] == "active");
        Ok(if active { Waited::Holds(()) } else { Waited::NotYet(format!("{status:?}")) })
    })
}

/// Of a unit's main process, MiB.
fn memory(machine: &Machine, unit: &str, kind: &str) -> Result<f64> {
    let process = machine.property(unit, "MainPID")?;
    let rollup = machine.shell(&format!("cat /proc/{process}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'));
    let kib: f64 = line.and_then(|rest| rest.trim().strip_suffix("kB")).context("no such line")?.trim().parse()?;
    Ok(kib / 1024.0)
}

fn seconds_to_ready(machine: &Machine) -> Result<f64> {
    let microseconds = |unit: &str, name| -> Result<f64> { Ok(machine.property(unit, name)?.parse()?) };
    let begun = microseconds("", "UserspaceTimestampMonotonic")?;
    Ok((microseconds("picket-agent", "ActiveEnterTimestampMonotonic")? - begun) / 1e6)
}
