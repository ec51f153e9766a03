//! The portal's confirmations lag: it reads the broker an hour late, and answers heartbeats meanwhile with what it had. The
//! sensor must not send again what the broker still holds.

use std::time::Duration;

use anyhow::Result;

use super::{
    hub,
    place::{Place, Setting},
    relay::Relay,
    sabotage::Sabotage::SentAgainWithoutSign,
    scene::Scene,
    sheet::Outcome,
};

/// Alerts before, and in each part of the hour.
const ALERTS: usize = 500;
/// How long confirmations lag, and in how many parts the sensor's boot clock goes through it.
const LAG: Duration = Duration::from_secs(60 * 60);
const PARTS: u32 = 12;

pub(super) const PLACES: &[Place] =
    &[Place { name: "confirmations, an hour late", faults: 2, finds: &[SentAgainWithoutSign], act: hours_of_silence }];

fn hours_of_silence(setting: &Setting<'_>) -> Result<Outcome> {
    let mut scene = Scene::set_up(setting)?;
    let broker = hub::start_broker(&scene.portal, "broker")?;
    let relay = Relay::start(broker.port())?;
    hub::register(&scene.portal, hub::NAME, relay.port())?;
    scene.move_to_hub(hub::NAME)?;
    let probes = hub::taken(&broker, &scene.sensor)?;
    let mut generator = scene.generator()?;
    let mut outcome = Outcome::default();
    for hour in 1..=setting.faults {
        generator.alerts(ALERTS)?;
        scene.until_received(generator.written().len() as u64)?;
        relay.keep_out(scene.portal.program()?.pid());
        for _ in 0..PARTS {
            generator.alerts(ALERTS)?;
            scene.until_delivered(generator.written().len() as u64)?;
            scene.heard_again()?;
            // Stopped, not killed: what a kill makes it send again is no answer to a lag.
            scene.advance_orderly(LAG / PARTS)?;
        }
        let behind = generator.written().len() as u64 - scene.received()?;
        outcome.must(behind >= ALERTS as u64 * u64::from(PARTS), || {
            format!("in hour {hour} the portal was only {behind} behind")
        });
        relay.let_in();
        scene.until_received(generator.written().len() as u64)?;
    }
    let taken = hub::taken(&broker, &scene.sensor)? - probes;
    let again = taken.saturating_sub(generator.written().len() as u64);
    let bound = u64::from(setting.faults * PARTS);
    outcome.remarks.push(format!("sent again over {} h: {again}", setting.faults));
    outcome.must(again <= bound, || format!("{again} were sent again, more than the newest at each of {bound} times"));
    outcome.tally = scene.judge(&generator)?;
    outcome.recovery = scene.recovery;
    Ok(outcome)
}
