//! Images: what one machine was is not in the next.

use std::{os::unix::fs::symlink, process::Command};

use anyhow::{Context, Result, ensure};
use picket_lab::{PrivateFolder, process::run};

use super::stage::{Stage, packages};
use crate::manual;

#[test]
fn an_image_holds_nothing_of_the_machine_that_it_was_taken_from() -> Result<()> {
    let mut stage = Stage::bare("image")?;
    stage.run(manual::INSTALL, &[])?;
    let before = stage.machine.picketctl("status")?;
    let code = stage.machine.picketctl("setup-code")?;
    stage.run(manual::IMAGE, &[])?;
    let left = stage
        .machine
        .shell("ls -A /var/lib/picket /var/lib/picket-console /var/lib/picket-agent-key | grep -v '^$\\|:$' || true")?;
    ensure!(left.trim().is_empty(), "the image holds {left}");
    stage.machine.reboot()?;
    let after = stage.until("the agent is up", |status| status["state"] == "unactivated")?;
    ensure!(after["appliance"] != before["appliance"], "two machines are one: {after}");
    ensure!(stage.machine.picketctl("setup-code")? != code, "two machines have one setup code");
    stage.machine.power_off()
}

#[test]
fn an_image_is_built_without_booting_it() -> Result<()> {
    let mut stage = Stage::switched_off("unbooted")?;
    let folder = PrivateFolder::on_disk()?;
    for package in packages()? {
        let name = package.file_name().context("a package without a name")?;
        symlink(&package, folder.path().join(name))?;
    }
    symlink(stage.machine.root(), folder.join("image"))?;
    let commands = manual::block(manual::IMAGE_ROOT)?;
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    run(Command::new("sh").args(["-ec", &commands]).current_dir(folder.path()).env("PATH", path))?;
    let state = stage.machine.root().join("var/lib/picket");
    ensure!(!state.join("control.db").exists(), "something ran, and left its state in the image");
    stage.machine.boot()?;
    for unit in ["picket-agent.service", "picket-console.socket", "picket-console.service"] {
        ensure!(stage.machine.property(unit, "ActiveState")? == "active", "{unit} is not active");
    }
    stage.machine.power_off()
}

/// The machine id stands for the hardware, as where DMI says nothing.
#[test]
fn an_image_that_was_booted_once_is_cleaned_on_other_hardware() -> Result<()> {
    let mut stage = Stage::bare("golden")?;
    stage.run(manual::INSTALL, &[])?;
    let first = stage.machine.picketctl("status")?;
    let code = stage.machine.picketctl("setup-code")?;
    stage.machine.shell("picketctl request --out /root/of-this-machine.request")?;
    stage.machine.reboot()?;
    ensure!(stage.machine.picketctl("status")?["appliance"] == first["appliance"], "the same machine has another id");
    ensure!(stage.machine.picketctl("setup-code")? == code, "the same machine has another setup code");
    stage.machine.shell("tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id")?;
    stage.machine.reboot()?;
    let second = stage.machine.picketctl("status")?;
    ensure!(second["appliance"] != first["appliance"], "two machines are one: {second}");
    ensure!(stage.machine.picketctl("setup-code")? != code, "two machines have one setup code");
    let log = stage.machine.shell("journalctl --unit picket-agent --boot")?;
    log.contains("another machine's").then_some(()).with_context(|| format!("the agent does not say it: {log}"))?;
    stage.machine.power_off()
}
