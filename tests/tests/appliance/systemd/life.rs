//! The life of an appliance, from the installation to the purge.

#![expect(clippy::disallowed_methods, reason = "how long an installation takes is part of what is promised")]

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::stage::{PACKAGES, Stage};
use crate::manual;

/// From a bare Debian to the first heartbeat, by the commands of the documentation.
const MAX_TO_HEARTBEAT: Duration = Duration::from_secs(120);
/// A hung core is found out sooner than on an appliance.
const IMPATIENT: &str = "mkdir -p /run/systemd/system/picket-agent.service.d
    printf '[Service]\\nWatchdogSec=6\\n' > /run/systemd/system/picket-agent.service.d/impatient.conf
    systemctl daemon-reload";
/// What the agent's user must not do, each with a target that is there for it.
const BAIT: &str =
    "mkdir -p /home/olga && echo secret > /home/olga/secret && chmod -R a+rX /home && test -x /usr/bin/sh";
/// No look at the status fails while the agent ends and is started anew with a network.
const LOOK_UNTIL_OPEN: &str = "for look in $(seq 2000); do
    said=$(picketctl status) || exit 1
    case $said in *'refuses it any network'*) ;; *) exit 0 ;; esac
done
exit 1";

#[test]
fn an_appliance_lives_from_its_installation_to_its_purge() -> Result<()> {
    let mut stage = Stage::bare("life")?;
    let installed = installs_without_a_network_and_asks_nothing(&stage)?;
    stage.set_up_portal()?;
    let (_, file) = stage.onboard("boiler-1", "locally-managed")?;
    a_file_is_verified_without_an_agent(&stage, &file)?;
    stage.first_sign_in(&file)?;
    a_locally_managed_agent_is_refused_the_network_by_the_kernel(&stage)?;
    stays_active_over_a_reboot(&mut stage)?;
    a_core_that_hangs_alone_is_killed_and_started_anew(&stage)?;
    let connected = becomes_cloud_connected(&stage)?;
    ensure!(installed + connected <= MAX_TO_HEARTBEAT, "a heartbeat after {:?}", installed + connected);
    removal_keeps_the_state(&stage)?;
    a_purge_leaves_nothing(&stage)?;
    stage.machine.power_off()
}

fn installs_without_a_network_and_asks_nothing(stage: &Stage) -> Result<Duration> {
    let start = Instant::now();
    stage.run(manual::INSTALL, &[])?;
    let took = start.elapsed();
    eprintln!("installed in {:.1} s", took.as_secs_f32());
    for unit in ["picket-agent.service", "picket-agent.socket", "picket-console.socket", "picket-console.service"] {
        ensure!(stage.machine.property(unit, "ActiveState")? == "active", "{unit} is not active");
        ensure!(stage.machine.property(unit, "UnitFileState")? == "enabled", "{unit} is not enabled");
    }
    let status = stage.machine.picketctl("status")?;
    ensure!(status["state"] == "unactivated", "{status}");
    Ok(took)
}

/// As on any computer, by what the sensor would trust.
fn a_file_is_verified_without_an_agent(stage: &Stage, file: &str) -> Result<()> {
    let appliance = stage.machine.picketctl("status")?["appliance"].as_str().context("no appliance id")?.to_owned();
    let words =
        [("portal.root", "plant.root"), ("0GQ2-8C0P-RZ6W-1T4M-5", &appliance), ("pump-house-3.activation", file)];
    stage.run(manual::VERIFY, &words).map(drop)
}

fn a_locally_managed_agent_is_refused_the_network_by_the_kernel(stage: &Stage) -> Result<()> {
    let status = stage.until("the sensor is locally managed", |status| status["state"] == "active")?;
    ensure!(status["agent"]["network"] == "refused", "{status}");
    let said = stage.machine.shell("picketctl status")?;
    ensure!(said.contains("the kernel refuses it any network"), "{said}");
    stage.machine.shell(BAIT)?;
    let confined = stage.fault_point("probe")?;
    let free = unconfined(stage)?;
    for (what, denied) in [
        ("read-home", "No such file"),
        ("write-etc", ""),
        ("raw-socket", ""),
        ("shell", "Permission denied"),
        ("connect", "Permission denied"),
        ("ask-for-a-name", "Permission denied"),
    ] {
        let outcome = confined[what].as_str().with_context(|| format!("{what} was not tried"))?;
        ensure!(outcome.starts_with("refused") && outcome.contains(denied), "{what}: {outcome}");
        // No agent runs programs; the rest an agent outside of its unit can do, or the refusal would prove nothing.
        ensure!(what == "shell" || free[what] == "allowed", "{what} outside the unit: {}", free[what]);
    }
    Ok(())
}

/// The same tries of an agent without its unit.
fn unconfined(stage: &Stage) -> Result<Value> {
    let machine = &stage.machine;
    machine.shell(
        "mkdir -p /tmp/free/run && printf 'state_directory = \"/tmp/free/state\"\\nruntime_directory = \"/tmp/free/run\"\\n' \
           > /tmp/free/agent.toml
         systemd-run --quiet --unit=free-agent picket-agent --config /tmp/free/agent.toml",
    )?;
    machine.until("the agent without a unit answers", "picketctl --socket /tmp/free/run/agent.sock --json status")?;
    let answer = stage.ask_at("/tmp/free/run/agent.sock", "POST", "/v1/fault-points/probe")?;
    machine.shell("systemctl stop free-agent; rm -r /tmp/free /etc/picket/probe")?;
    Ok(answer)
}

fn stays_active_over_a_reboot(stage: &mut Stage) -> Result<()> {
    let before = stage.machine.picketctl("status")?;
    stage.machine.reboot()?;
    ensure!(
        stage.machine.property("picket-agent", "ActiveState")? == "active",
        "the agent is not READY after a reboot"
    );
    let after = stage.machine.picketctl("status")?;
    ensure!(after["state"] == "active" && after["epoch"] == before["epoch"], "before: {before}\nafter: {after}");
    ensure!(stage.sign_in()?.contains("data-mode"), "the admin cannot sign in after a reboot");
    let microseconds = |unit: &str, name| -> Result<u64> { Ok(stage.machine.property(unit, name)?.parse()?) };
    let booted = microseconds("", "UserspaceTimestampMonotonic")?;
    let ready = microseconds("picket-agent", "ActiveEnterTimestampMonotonic")?;
    eprintln!("READY {} ms after PID 1", (ready - booted) / 1000);
    Ok(())
}

fn a_core_that_hangs_alone_is_killed_and_started_anew(stage: &Stage) -> Result<()> {
    let machine = &stage.machine;
    machine.shell(&format!("{IMPATIENT}\nsystemctl restart picket-agent"))?;
    stage.until("the agent is back", |status| status["state"] == "active")?;
    let before = machine.property("picket-agent", "MainPID")?;
    stage.fault_point("hang-core")?;
    // The runtime lives: it takes connections and answers what needs no core.
    stage.ask_at("/run/picket/agent.sock", "GET", "/v1/explain/state.newer")?;
    machine.until(
        "systemd has killed the hung core",
        "systemctl show --value --property NRestarts picket-agent | grep -vx 0",
    )?;
    let after = stage.until("the agent is active again", |status| status["state"] == "active")?;
    ensure!(machine.property("picket-agent", "MainPID")? != before, "the hung agent still runs: {after}");
    machine.shell("journalctl --unit picket-agent | grep -i 'watchdog timeout'").map(drop)
}

fn becomes_cloud_connected(stage: &Stage) -> Result<Duration> {
    let sensors = stage.portal("sensor list")?;
    let pump = sensors["sensors"].as_array().or(sensors.as_array()).context("no list of sensors")?;
    let pump = pump.iter().find(|sensor| sensor["name"] == "pump-house-3").context("no pump-house-3")?;
    let file = stage.download(pump["id"].as_str().context("no id")?)?;
    stage.machine.shell(&format!("cp {file} {PACKAGES}/pump-house-3.activation"))?;
    let start = Instant::now();
    // Sealed off the network: it ends, is started anew without the seal, and the candidate is proved all the same.
    stage.run(manual::COMMAND_LINE, &[])?;
    stage.machine.shell(LOOK_UNTIL_OPEN)?;
    let status = stage.until("the portal has answered a heartbeat", |status| {
        status["upstream"]["link"] == "connected" && status["candidate"].is_null()
    })?;
    ensure!(status["agent"]["network"] == "open", "{status}");
    eprintln!("cloud-connected in {:.1} s", start.elapsed().as_secs_f32());
    Ok(start.elapsed())
}

fn removal_keeps_the_state(stage: &Stage) -> Result<()> {
    let before = stage.machine.picketctl("status")?;
    stage.run(manual::REMOVE, &[])?;
    ensure!(stage.machine.root().join("var/lib/picket/control.db").exists(), "a removal erased the state");
    stage.machine.install(&format!("{PACKAGES}/picket-agent_*.deb {PACKAGES}/picket-console_*.deb"))?;
    let after = stage.until("the agent is back", |status| status["state"] == "active")?;
    ensure!(after["epoch"] == before["epoch"], "before: {before}\nafter: {after}");
    Ok(())
}

/// The two locked accounts stay, as Debian's own packages leave theirs: a number must not become somebody else's.
fn a_purge_leaves_nothing(stage: &Stage) -> Result<()> {
    stage.run(manual::PURGE, &[])?;
    stage.machine.shell(&format!(
        "rm -r {PACKAGES} /root/*.activation /run/systemd/system/picket-agent.service.d /etc/systemd/system/picket-portal.socket.d"
    ))?;
    let left = stage
        .machine
        .shell("find / -xdev -iname '*picket*' ! -path '/proc/*' ! -path '/sys/*'; find /run -iname '*picket*'")?;
    ensure!(left.trim().is_empty(), "a purge left:\n{left}");
    let accounts = fs::read_to_string(stage.machine.root().join("etc/shadow"))?;
    for line in accounts.lines().filter(|line| line.starts_with("picket")) {
        ensure!(line.split(':').nth(1).is_some_and(|password| password.starts_with('!')), "not locked: {line}");
    }
    Ok(())
}
