//! Power cuts: the agent's state, or the portal's data, lies on a disk that drops what was not synced. What the agent
//! accepted, and what the portal acknowledged, is there after every cut.
//!
//! The engine's files lie elsewhere, but those of which the agent said that it has accepted everything are removed: from
//! then on it alone has them.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use picket_lab::Generator;
use picket_shim::Powered;

use super::{
    place::Place,
    sabotage::Sabotage::{
        AcknowledgedBeforeCommit, LogNotSynced, NamesNotSynced, PortalNotSynced, PositionBeforeAlert,
    },
    sheet::Outcome,
    stage::Stage,
};

/// Alerts a second, and in one of the engine's files.
const RATE: u32 = 500;
const IN_A_FILE: usize = 50;
/// In so many of each four rounds the portal stands still, so that what was accepted is in the agent's log alone.
const ALONE: u32 = 3;
/// How long a program works before a cut.
const LEAST: Duration = Duration::from_millis(20);
const MOST: Duration = Duration::from_millis(400);

pub(super) const PLACES: &[Place] = &[
    Place {
        name: "agent, power cut at intake",
        faults: 200,
        finds: &[PositionBeforeAlert, LogNotSynced],
        act: |given| play(Stage::of_agent(given, "", Powered::from)?, at_intake),
    },
    Place {
        name: "agent, power cut at a switch",
        faults: 100,
        finds: &[NamesNotSynced],
        act: |given| play(Stage::of_agent(given, "", Powered::from)?, at_switch),
    },
    Place {
        name: "portal, power cut",
        faults: 100,
        finds: &[AcknowledgedBeforeCommit, PortalNotSynced],
        act: |given| play(Stage::of_portal(given, Powered::from)?, portal_mid_batch),
    },
];

fn play(mut stage: Stage<Powered>, faults: fn(&mut Stage<Powered>) -> Result<Generator>) -> Result<Outcome> {
    let generator = faults(&mut stage)?;
    let mut outcome = stage.judge(&generator)?;
    let (dropped, syncs) = (stage.disk()?.dropped(), stage.disk()?.disk().syncs());
    outcome.remarks.push(format!("{} sectors and {} names dropped, {syncs} syncs", dropped.sectors, dropped.names));
    outcome.must(dropped.sectors > 0, || "no cut dropped anything".into());
    Ok(outcome)
}

fn at_intake(stage: &mut Stage<Powered>) -> Result<Generator> {
    let load = stage.scene.generator()?.in_background(RATE, Some(IN_A_FILE));
    let mut removed = 0;
    for round in 0..stage.faults {
        let signal = if round % 4 < ALONE { Signal::SIGSTOP } else { Signal::SIGCONT };
        stage.scene.portal.program()?.signal(signal)?;
        stage.scene.pass(LEAST, MOST);
        remove_accepted(stage, &mut removed)?;
        stage.scene.pass(Duration::ZERO, LEAST);
        if !stage.cut_agent()? {
            break;
        }
    }
    stage.scene.portal.program()?.signal(Signal::SIGCONT)?;
    load.stop()
}

/// Removes the engine's files of which the agent says that it has accepted every alert.
fn remove_accepted(stage: &Stage<Powered>, removed: &mut u64) -> Result<()> {
    let accepted = stage.accepted()?;
    while (*removed + 1) * IN_A_FILE as u64 <= accepted {
        *removed += 1;
        let file = rotated(stage.scene.agent.eve_file(), *removed);
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

/// The name that the generator gives to the file that it rotates away as the nth.
fn rotated(path: PathBuf, nth: u64) -> PathBuf {
    let mut name = path.into_os_string();
    name.push(format!("-20260105-{nth:06}"));
    name.into()
}

/// The power goes while the agent goes over to a newly issued activation, with keys and certificates of its own.
fn at_switch(stage: &mut Stage<Powered>) -> Result<Generator> {
    let load = stage.scene.generator()?.in_background(RATE / 2, None);
    for _ in 0..stage.faults {
        let file = stage.scene.agent.folder().join("next.activation");
        let file = stage.scene.portal.download(&stage.scene.sensor, &file)?;
        stage.scene.agent.activate(&file)?;
        stage.scene.pass(Duration::ZERO, MOST);
        // Each time, since the next activation brings a key of its own, and would hide that this one's is gone.
        if !stage.cut_agent()? || !stage.goes_on() {
            break;
        }
    }
    load.stop()
}

fn portal_mid_batch(stage: &mut Stage<Powered>) -> Result<Generator> {
    let load = stage.scene.generator()?.in_background(RATE, None);
    for _ in 0..stage.faults {
        // Cut while it takes alerts, so not before it takes them again.
        let received = stage.scene.received()?;
        stage.scene.until_received(received + 1)?;
        stage.scene.pass(Duration::ZERO, LEAST);
        if !stage.cut_portal()? {
            break;
        }
    }
    load.stop()
}
