//! Upgrades and rollbacks, and state from a later release.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use picket_lab::process::run;
use serde_json::Value;

use super::stage::{PACKAGES, Stage};
use crate::manual;

/// An engine that finds something all the time, until it is told to stop, and says how much.
const ENGINE: &str = r#"mkdir -p /var/log/suricata && cd /var/log/suricata
: > eve.json && chgrp picket eve.json && chmod 640 eve.json
systemd-run --quiet --unit=engine /bin/bash -c 'number=0; until [ -e /run/engine.stop ]; do
  number=$((number + 1))
  echo "{\"timestamp\":\"2026-01-01T00:00:00.000000+0000\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.7\",\"dest_ip\":\"192.0.2.8\",\"proto\":\"TCP\",\"alert\":{\"signature_id\":$number,\"signature\":\"probe\",\"severity\":2}}"
  if [ $((number % 100)) = 0 ]; then sleep 0.1; fi
done >> /var/log/suricata/eve.json; echo $number > /run/engine.count'"#;

#[test]
fn no_alert_is_lost_over_an_upgrade_and_a_rollback_under_load() -> Result<()> {
    let mut stage = Stage::bare("upgrade")?;
    stage.run(manual::INSTALL, &[])?;
    stage.set_up_portal()?;
    let (_, file) = stage.onboard("boiler-1", "locally-managed")?;
    stage.machine.shell(&format!("picketctl trust add {PACKAGES}/plant.root"))?;
    let newer = newer_package(&stage)?;
    stage.machine.shell(&format!("picketctl activate --yes {file}"))?;
    stage.machine.shell(ENGINE)?;
    stage.until("alerts come", |status| heads(status) > 0)?;
    stage.machine.install(&newer)?;
    ensure!(stage.machine.property("picket-agent", "ActiveState")? == "active", "not active after the upgrade");
    let upgraded = heads(&stage.machine.picketctl("status")?);
    stage.until("alerts come after the upgrade", |status| heads(status) > upgraded)?;
    stage.machine.install(&format!("--allow-downgrades {PACKAGES}/picket-agent_*.deb"))?;
    stage.machine.shell("touch /run/engine.stop")?;
    let written: u64 = stage.machine.until("the engine has stopped", "cat /run/engine.count")?.trim().parse()?;
    stage.until("every alert is in the log", |status| heads(status) == written)?;
    stage.machine.picketctl("alerts verify")?;
    let exported = stage.machine.shell("picketctl alerts export | wc -l")?;
    ensure!(exported.trim() == written.to_string(), "{exported} of {written} alerts");
    eprintln!("{written} alerts over an upgrade and a rollback, none lost");
    stage.machine.power_off()
}

/// The last numbers given, over all streams.
fn heads(status: &Value) -> u64 {
    let streams = status["alerts"]["streams"].as_array().into_iter().flatten();
    streams.filter_map(|stream| stream["head"].as_u64()).sum()
}

/// The same package by a higher version, as the next release would come.
fn newer_package(stage: &Stage) -> Result<String> {
    let folder = stage.machine.root().join("root/newer");
    let package = fs::read_dir(stage.machine.root().join(PACKAGES.trim_start_matches('/')))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("picket-agent_")))
        .context("no package of the agent")?;
    run(Command::new("dpkg-deb").arg("--raw-extract").arg(&package).arg(&folder))?;
    let control = folder.join("DEBIAN/control");
    let text = fs::read_to_string(&control)?;
    let version = text.lines().find(|line| line.starts_with("Version: ")).context("no version")?;
    fs::write(&control, text.replace(version, "Version: 99.0-1"))?;
    run(Command::new("dpkg-deb").args(["--build", "-Znone"]).arg(&folder).arg(folder.with_extension("deb")))?;
    Ok("/root/newer.deb".to_owned())
}

#[test]
fn newer_state_is_told_and_left_alone() -> Result<()> {
    let mut stage = Stage::bare("newer")?;
    stage.run(manual::INSTALL, &[])?;
    let database = stage.machine.root().join("var/lib/picket/control.db");
    stage.machine.shell("systemctl stop picket-agent.socket picket-agent")?;
    made_by_a_later_release(&database)?;
    let before = fs::read(&database)?;
    stage.machine.shell("systemctl start picket-agent.socket picket-agent")?;
    ensure!(stage.machine.property("picket-agent", "ActiveState")? == "active", "the agent does not start");
    let status = stage.until("the agent says so", |status| status.to_string().contains("state.newer"))?;
    ensure!(status["state"] == "unactivated", "{status}");
    stage.machine.reboot()?;
    ensure!(fs::read(&database)? == before, "the newer state was touched");
    stage.machine.power_off()
}

/// The version stands in the file's header (SQLite file format, user version), whole or not at all.
fn made_by_a_later_release(database: &Path) -> Result<()> {
    let wal = database.with_extension("db-wal");
    ensure!(!wal.exists() || fs::metadata(&wal)?.len() == 0, "the agent left a journal");
    let mut bytes = fs::read(database)?;
    bytes.get_mut(60..64).context("no database")?.copy_from_slice(&99_u32.to_be_bytes());
    Ok(fs::write(database, bytes)?)
}
