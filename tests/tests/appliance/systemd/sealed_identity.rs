//! The identity sealed by a TPM 2.0: opened by that TPM alone, and nobody out of service when it is away, another, or its file damaged.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use picket_lab::machine::Tpm;
use serde_json::Value;

use super::stage::{PACKAGES, Stage};
use crate::manual;

/// As at a start of the machine: the key before the agent.
const OPEN_ANEW: &str = "systemctl restart picket-agent-key || true
systemctl restart picket-agent || { journalctl --no-pager --lines 40 --unit picket-agent >&2; exit 1; }";
const KEY_FOLDER: &str = "var/lib/picket-agent-key";

#[test]
fn an_identity_is_sealed_by_the_tpm_and_no_failure_of_that_locks_anybody_out() -> Result<()> {
    let mut stage = Stage::bare("sealed")?;
    Tpm::put_libraries(&stage.machine)?;
    find_the_tpm_by_address(&stage)?;
    let mut chip = Tpm::manufactured()?;
    chip.switch_on(&stage.machine)?;
    stage.run(manual::INSTALL, &[])?;
    stage.set_up_portal()?;
    let (sensor, file) = stage.onboard("boiler-1", "cloud-connected")?;
    stage.machine.shell(&format!("picketctl trust add {PACKAGES}/plant.root; picketctl activate --yes {file}"))?;
    until_connected_with_a_key_that_is(&stage, "sealed")?;
    let key = the_only_key(&stage)?;
    let sealed = fs::read(&key)?;
    ensure!(sealed.starts_with(b"picketk1"), "the key lies there as it is");
    ensure!(stage.machine.shell("picketctl status")?.contains("sealed by this machine's TPM 2.0"));

    // No TPM at a boot: everything starts, the sensor is what it was, and says what is wrong.
    chip.switch_off()?;
    stage.machine.reboot()?;
    stage.until("it is what it was, and cannot identify itself", |status| {
        let unwell =
            status["hub"]["problem"]["detail"].as_str().is_some_and(|detail| detail.contains("sealed by a TPM"));
        status["state"] == "active" && status["agent"]["key"] == "unopened" && unwell
    })?;
    ensure!(stage.machine.property("picket-agent", "ActiveState")? == "active", "the agent is not up without its TPM");
    ensure!(stage.machine.property("picket-agent-key", "ActiveState")? == "failed", "nobody is told");
    ensure!(stage.machine.shell("picketctl status")?.contains("does not open it now"));

    // It is back.
    chip.switch_on(&stage.machine)?;
    stage.run(manual::ASK_TPM_AGAIN, &[])?;
    until_connected_with_a_key_that_is(&stage, "sealed")?;

    // Another machine's: nothing is erased, and a further activation gives the sensor a key that it can read.
    chip.switch_off()?;
    let mut another = Tpm::manufactured()?;
    another.switch_on(&stage.machine)?;
    stage.machine.shell(OPEN_ANEW)?;
    until_the_key_is(&stage, "unopened")?;
    ensure!(fs::read(&key)? == sealed, "a key that cannot be opened was touched");
    let reissued = stage.reissue(&sensor)?;
    stage.machine.shell(&format!("picketctl activate --yes --wait=60 {reissued}"))?;
    until_connected_with_a_key_that_is(&stage, "plain")?;
    ensure!(!key.exists(), "the key of the activation before is still there");

    // With nothing left that the first TPM sealed, the other one seals from the next start on.
    stage.machine.shell(OPEN_ANEW)?;
    until_connected_with_a_key_that_is(&stage, "plain")?;
    let reissued = stage.reissue(&sensor)?;
    stage.machine.shell(&format!("picketctl activate --yes --wait=60 {reissued}"))?;
    until_connected_with_a_key_that_is(&stage, "sealed")?;

    // The sealing key's file is damaged: as without a TPM.
    damage(&stage)?;
    stage.machine.shell(OPEN_ANEW)?;
    let status = until_the_key_is(&stage, "unopened")?;
    ensure!(status["state"] == "active", "{status}");
    ensure!(stage.machine.property("picket-agent-key", "ActiveState")? == "failed", "nobody is told of the damage");
    stage.run(manual::RESET, &[])?;
    ensure!(stage.machine.picketctl("status")?["state"] == "unactivated", "it remembers");
    stage.machine.power_off()
}

fn find_the_tpm_by_address(stage: &Stage) -> Result<()> {
    let folder = stage.machine.root().join("etc/systemd/system/picket-agent-key.service.d");
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join("tpm.conf"), Tpm::drop_in())?)
}

fn until_connected_with_a_key_that_is(stage: &Stage, kept: &str) -> Result<Value> {
    stage.until(&format!("it is connected, its key {kept}"), |status| {
        status["upstream"]["link"] == "connected" && status["candidate"].is_null() && status["agent"]["key"] == kept
    })
}

fn until_the_key_is(stage: &Stage, kept: &str) -> Result<Value> {
    stage.until(&format!("its key is {kept}"), |status| status["agent"]["key"] == kept)
}

fn the_only_key(stage: &Stage) -> Result<PathBuf> {
    let folder = stage.machine.root().join("var/lib/picket/identities");
    let mut keys = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path().join("key.pem")));
    keys.next().context("there is no key")
}

fn damage(stage: &Stage) -> Result<()> {
    let path = stage.machine.root().join(KEY_FOLDER).join("sealed");
    let mut content = fs::read(&path)?;
    let middle = content.len() / 2;
    content[middle] ^= 1;
    Ok(fs::write(path, content)?)
}
