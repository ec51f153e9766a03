//! Upgrades and rollbacks between today's package and one of an earlier commit, which `cargo xtask test` builds; and state from a later
//! release.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::{Waited, until};
use serde_json::Value;

use super::stage::{PACKAGES, Stage};
use crate::manual;

/// An engine that finds something all the time, until it is told to stop, and says how much. After a power cut it goes on.
const ENGINE: &str = r#"mkdir -p /var/log/suricata && cd /var/log/suricata
[ -e eve.json ] || : > eve.json && chgrp picket eve.json && chmod 640 eve.json
systemd-run --quiet --unit=engine --working-directory=/var/log/suricata /bin/bash -c 'number=$(wc -l < eve.json); until [ -e /root/engine.stop ]; do
  number=$((number + 1))
  echo "{\"timestamp\":\"2026-01-01T00:00:00.000000+0000\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.7\",\"dest_ip\":\"192.0.2.8\",\"proto\":\"TCP\",\"alert\":{\"signature_id\":$number,\"signature\":\"probe\",\"severity\":2}}"
  if [ $((number % 100)) = 0 ]; then sleep 0.1; fi
done >> eve.json; echo $number > /root/engine.count'"#;
const EVE: &str = "var/log/suricata/eve.json";
/// What an installation of today's package is cut short of.
const TODAY: &str =
    "systemd-run --quiet --unit=upgrade apt-get install --yes --allow-downgrades /root/packages/picket-agent_*.deb";

/// There, back, there again and, cut short by the power, once more.
#[test]
fn no_alert_is_lost_over_upgrades_and_a_rollback_under_load() -> Result<()> {
    let mut stage = Stage::bare("upgrade")?;
    let earlier = stage.put_earlier()?;
    stage.machine.install(&earlier)?;
    let version = stage.machine.picketctl("status")?["agent"]["version"].clone();
    stage.set_up_portal()?;
    let (_, file) = stage.onboard("boiler-1", "locally-managed")?;
    stage.machine.shell(&format!("picketctl trust add {PACKAGES}/plant.root; picketctl activate --yes {file}"))?;
    stage.machine.shell(ENGINE.trim())?;
    stage.until("alerts come", |status| heads(status) > 0)?;
    let written_by_earlier = log_version(&stage)?;

    stage.run(manual::INSTALL, &[])?;
    alerts_come(&stage, "after the upgrade")?;
    ensure!(stage.machine.picketctl("status")?["agent"]["version"] != version, "the earlier agent still runs");
    stage.until("the log is today's", |_| log_version(&stage).is_ok_and(|found| found >= written_by_earlier))?;

    stage.machine.install(&format!("--allow-downgrades {earlier}"))?;
    stage.until("the earlier agent runs", |status| status["agent"]["version"] == version)?;
    if log_version(&stage)? > written_by_earlier {
        says_so_and_touches_nothing(&stage)?;
    } else {
        alerts_come(&stage, "after the rollback")?;
    }

    stage.machine.shell(TODAY)?;
    until_half_installed(&stage)?;
    stage.machine.cut_power()?;
    stage.machine.boot()?;
    stage.machine.shell(ENGINE.trim())?;
    stage.run(manual::FINISH_UPGRADE, &[])?;
    alerts_come(&stage, "after an upgrade that was cut short")?;

    stage.machine.shell("touch /root/engine.stop")?;
    let written: u64 = stage.machine.until("the engine has stopped", "cat /root/engine.count")?.trim().parse()?;
    stage.until("every alert is in the log", |status| heads(status) == written)?;
    stage.machine.picketctl("alerts verify")?;
    let epoch = stage.machine.picketctl("status")?["epoch"].to_string();
    stage.run(manual::EXPORT, &[("--epoch 3", &format!("--epoch {epoch}"))])?;
    let exported = stage.machine.shell(&format!("wc -l < {PACKAGES}/epoch-3.ndjson"))?;
    ensure!(exported.trim() == written.to_string(), "{exported} of {written} alerts");
    eprintln!(
        "{written} alerts over upgrades and a rollback, none lost; the log's version from {written_by_earlier} to {}",
        log_version(&stage)?
    );
    stage.machine.power_off()
}

/// The last numbers given, over all streams.
fn heads(status: &Value) -> u64 {
    let streams = status["alerts"]["streams"].as_array().into_iter().flatten();
    streams.filter_map(|stream| stream["head"].as_u64()).sum()
}

fn alerts_come(stage: &Stage, when: &str) -> Result<()> {
    ensure!(stage.machine.property("picket-agent", "ActiveState")? == "active", "not active {when}");
    let before = heads(&stage.until("it answers", |_| true)?);
    stage.until(&format!("alerts come {when}"), |status| heads(status) > before).map(drop)
}

/// The earlier agent before a log that today's has changed: the lines wait in the engine's file.
fn says_so_and_touches_nothing(stage: &Stage) -> Result<()> {
    stage.until("the earlier agent says that the log is newer", |status| status.to_string().contains("newer-state"))?;
    let (log, lines) = (log_as_it_is(stage)?, lines(stage)?);
    until("the engine goes on", Duration::from_secs(60), || {
        let now = self::lines(stage)?;
        Ok(if now > lines + 500 { Waited::Holds(()) } else { Waited::NotYet(format!("{now} lines")) })
    })?;
    ensure!(log_as_it_is(stage)? == log, "the earlier agent touched a log that it does not know");
    Ok(())
}

/// The database, what belongs to it, and the position kept beside it.
fn log_as_it_is(stage: &Stage) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = stage.machine.root().join("var/lib/picket");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("alerts.")));
    files.sort();
    files.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
}

fn lines(stage: &Stage) -> Result<usize> {
    Ok(fs::read_to_string(stage.machine.root().join(EVE))?.lines().count())
}

/// From the file's header (SQLite file format, user version).
fn log_version(stage: &Stage) -> Result<u32> {
    let bytes = fs::read(stage.machine.root().join("var/lib/picket/alerts.db"))?;
    let version = bytes.get(60..64).context("no database")?;
    Ok(u32::from_be_bytes(version.try_into()?))
}

/// dpkg has begun, and has not come to its end.
fn until_half_installed(stage: &Stage) -> Result<()> {
    let state = "dpkg-query --show --showformat '${db:Status-Status}' picket-agent";
    stage.machine.until("the installation has begun", &format!("test \"$({state})\" != installed")).map(drop)
}

/// A later release's control state, and that release back again: a migration there and back.
#[test]
fn newer_state_is_told_and_left_alone() -> Result<()> {
    let mut stage = Stage::bare("newer")?;
    stage.run(manual::INSTALL, &[])?;
    stage.set_up_portal()?;
    let (_, file) = stage.onboard("boiler-1", "locally-managed")?;
    stage.machine.shell(&format!("picketctl trust add {PACKAGES}/plant.root; picketctl activate --yes {file}"))?;
    let active = stage.until("it is active", |status| status["state"] == "active")?;
    let later = migrate(&stage, 99)?;
    ensure!(stage.machine.property("picket-agent", "ActiveState")? == "active", "the agent does not start");
    let status = stage.until("the agent says so", |status| status.to_string().contains("state.newer"))?;
    ensure!(status["state"] == "unactivated", "{status}");
    stage.machine.reboot()?;
    ensure!(fs::read(control(&stage))? == later, "the newer state was touched");
    migrate(&stage, 1)?;
    let back = stage.until("the release that knows the state is back", |status| status["state"] == "active")?;
    ensure!(
        back["epoch"] == active["epoch"] && back["active"]["activation"] == active["active"]["activation"],
        "{back}"
    );
    stage.machine.power_off()
}

fn control(stage: &Stage) -> PathBuf {
    stage.machine.root().join("var/lib/picket/control.db")
}

/// The version stands in the file's header, whole or not at all. Gives the file as it is then.
fn migrate(stage: &Stage, version: u32) -> Result<Vec<u8>> {
    let database = control(stage);
    stage.machine.shell("systemctl stop picket-agent.socket picket-agent")?;
    let wal = database.with_extension("db-wal");
    ensure!(!wal.exists() || fs::metadata(&wal)?.len() == 0, "the agent left a journal");
    let mut bytes = fs::read(&database)?;
    bytes.get_mut(60..64).context("no database")?.copy_from_slice(&version.to_be_bytes());
    fs::write(&database, &bytes)?;
    stage.machine.shell("systemctl start picket-agent.socket picket-agent")?;
    Ok(bytes)
}
