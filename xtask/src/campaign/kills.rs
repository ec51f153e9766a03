//! `kill -9` in each place of the work: every alert that was written is at the portal in the end, once.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;
use picket_lab::Generator;

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::{AcknowledgedBeforeCommit, CursorAtSend, DeduplicationOff, PositionBeforeAlert},
    scene::Scene,
    sheet::Outcome,
};

/// Alerts a second, while they come steadily.
const RATE: u32 = 1_000;
/// Alerts that wait for delivery before each kill in it: several batches.
const BACKLOG: usize = 3_000;
/// The agent keeps how far it is a second after that moved.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

pub(super) const PLACES: &[Place] = &[
    Place {
        name: "agent, at intake",
        faults: 50,
        finds: &[PositionBeforeAlert, DeduplicationOff],
        act: |given| play(given, at_intake),
    },
    Place { name: "agent, at rotation", faults: 50, finds: &[], act: |given| play(given, at_rotation) },
    Place {
        name: "agent, in delivery",
        faults: 50,
        finds: &[CursorAtSend, DeduplicationOff],
        act: |given| play(given, in_delivery),
    },
    Place { name: "agent, at start", faults: 50, finds: &[], act: |given| play(given, at_start) },
    Place { name: "agent, at a switch of the hub", faults: 50, finds: &[], act: |given| play(given, at_switch) },
    Place {
        name: "portal, mid-batch",
        faults: 50,
        finds: &[AcknowledgedBeforeCommit, DeduplicationOff],
        act: |given| play(given, portal_mid_batch),
    },
];

fn play(setting: &Setting<'_>, faults: fn(&mut Scene, u32) -> Result<Generator>) -> Result<Outcome> {
    let mut scene = Scene::set_up(setting)?;
    let generator = faults(&mut scene, setting.faults)?;
    Ok(Outcome { tally: scene.judge(&generator)?, recovery: scene.recovery, ..Outcome::default() })
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn at_intake(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let load = scene.generator()?.in_background(RATE, None);
    for _ in 0..faults {
        scene.pass(ms(20), ms(200));
        scene.kill_agent()?;
    }
    load.stop()
}

/// The file is rotated after every 50 alerts, so a kill is never more than 25 ms from a rotation.
fn at_rotation(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let load = scene.generator()?.in_background(RATE, Some(50));
    for _ in 0..faults {
        scene.pass(ms(20), ms(200));
        scene.kill_agent()?;
    }
    load.stop()
}

/// The portal is halted while a backlog grows. By turns the agent is killed soon after the portal goes on, or with the
/// portal that never saw what was sent to it, when the agent may have kept how far it is.
fn in_delivery(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let mut generator = scene.generator()?;
    for fault in 0..faults {
        scene.portal.program()?.signal(Signal::SIGSTOP)?;
        generator.alerts(BACKLOG)?;
        scene.until_logged(generator.written().len() as u64)?;
        if fault % 2 == 0 {
            scene.portal.program()?.signal(Signal::SIGCONT)?;
            scene.pass(ms(0), ms(60));
            scene.kill_agent()?;
        } else {
            scene.pass(ms(0), KEPT_WITHIN);
            scene.kill_both()?;
        }
    }
    Ok(generator)
}

/// The agent is killed while it starts, before or after it answers; it always has something to read and to deliver.
fn at_start(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let mut generator = scene.generator()?;
    for _ in 0..faults {
        scene.agent.kill();
        generator.alerts(100)?;
        let command = scene.agent.command();
        scene.agent.start_as(command)?;
        scene.pass(ms(0), ms(60));
    }
    scene.kill_agent()?;
    Ok(generator)
}

/// The agent is killed while it goes over to a newly issued activation, by which the hub stays the same owner's.
fn at_switch(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let load = scene.generator()?.in_background(RATE / 4, Some(500));
    for _ in 0..faults {
        let file = scene.agent.folder().join("next.activation");
        let file = scene.portal.download(&scene.sensor, &file)?;
        scene.agent.activate(&file)?;
        scene.pass(ms(0), ms(150));
        scene.kill_agent()?;
    }
    load.stop()
}

fn portal_mid_batch(scene: &mut Scene, faults: u32) -> Result<Generator> {
    let load = scene.generator()?.in_background(RATE, None);
    for _ in 0..faults {
        // Killed while it takes alerts, so not before it takes them again.
        let received = scene.received()?;
        scene.until_received(received + 1)?;
        scene.pass(ms(0), ms(30));
        scene.kill_portal()?;
    }
    load.stop()
}
