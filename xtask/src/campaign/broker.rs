//! A broker between sensor and portal that forgets: killed right after its acknowledgements, restarted empty. What it lost
//! the portal does not confirm, and the sensor sends it again, once its patience is over.

use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;
use picket_lab::Mosquitto;

use super::{
    hub,
    place::{Place, Setting},
    sabotage::Sabotage::{AcknowledgedBeforeCommit, NeverSentAgain},
    scene::Scene,
    sheet::Outcome,
};

/// Alerts a second.
const RATE: u32 = 500;
/// Alerts that the broker alone holds when it is killed, at least.
const HELD: u64 = 50;
/// The sensor's patience until it sends again, and a little: `FIRST_PATIENCE` in `agent/lifecycle/src/delivery/resend.rs`.
const PATIENCE_OF_SENSOR: Duration = Duration::from_secs(16 * 60);
/// The same at its longest.
const LONGEST_PATIENCE_OF_SENSOR: Duration = Duration::from_secs(6 * 60 * 60 + 60);
/// In how many waits of the longest patience everything has arrived.
const WAITS: u32 = 4;

pub(super) const PLACES: &[Place] = &[
    Place { name: "broker, after its acknowledgements", faults: 50, finds: &[NeverSentAgain], act: forgetting_broker },
    Place { name: "portal, reading a broker", faults: 50, finds: &[AcknowledgedBeforeCommit], act: reading_portal },
];

fn forgetting_broker(setting: &Setting<'_>) -> Result<Outcome> {
    let (mut scene, mut broker) = set_up(setting)?;
    let load = scene.generator()?.in_background(RATE, None);
    for _ in 0..setting.faults {
        // The portal stands still, so what is acknowledged now the broker alone has.
        scene.portal.program()?.signal(Signal::SIGSTOP)?;
        let before = scene.until_delivered(0)?;
        scene.until_delivered(before + HELD)?;
        broker.kill();
        scene.portal.program()?.signal(Signal::SIGCONT)?;
        broker.start()?;
        scene.pass(Duration::ZERO, Duration::from_secs(1));
        scene.advance(PATIENCE_OF_SENSOR)?;
    }
    let generator = load.stop()?;
    let mut tally = scene.judge(&generator)?;
    for _ in 0..WAITS {
        if tally.lacking.is_empty() {
            break;
        }
        scene.advance(LONGEST_PATIENCE_OF_SENSOR)?;
        tally = scene.judge(&generator)?;
    }
    let (taken, written) = (hub::taken(&broker, &scene.sensor)?, generator.written().len() as u64);
    let mut outcome = Outcome { tally, recovery: scene.recovery, ..Outcome::default() };
    outcome.remarks.push(format!("the broker took {taken} messages for {written} alerts"));
    outcome.must(taken >= written + HELD, || "nothing had to be sent again: the broker lost nothing".into());
    Ok(outcome)
}

fn reading_portal(setting: &Setting<'_>) -> Result<Outcome> {
    let (mut scene, _broker) = set_up(setting)?;
    let load = scene.generator()?.in_background(RATE, None);
    for _ in 0..setting.faults {
        let received = scene.received()?;
        scene.until_received(received + 1)?;
        scene.pass(Duration::ZERO, Duration::from_millis(100));
        scene.kill_portal()?;
    }
    let generator = load.stop()?;
    Ok(Outcome { tally: scene.judge(&generator)?, recovery: scene.recovery, ..Outcome::default() })
}

/// A sensor that delivers to its portal by a broker.
fn set_up(setting: &Setting<'_>) -> Result<(Scene, Mosquitto)> {
    let mut scene = Scene::set_up(setting)?;
    let broker = hub::start_broker(&scene.portal, "broker")?;
    hub::register(&scene.portal, hub::NAME, broker.port())?;
    scene.move_to_hub(hub::NAME)?;
    Ok((scene, broker))
}
