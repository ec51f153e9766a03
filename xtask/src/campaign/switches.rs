//! Switches of the mode under load: what was detected while locally managed is never at the hub, the rest is there once.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result};
use picket_lab::{Tally, generator::id_of};

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::{DeduplicationOff, EpochAtRead},
    scene::Scene,
    sheet::Outcome,
};

pub(super) const PLACES: &[Place] =
    &[Place { name: "mode switches under load", faults: 100, finds: &[EpochAtRead, DeduplicationOff], act: run }];

/// Alerts a second.
const RATE: u32 = 1_000;
/// How long a mode lasts.
const LEAST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_millis(250);

/// What the portal must have, and what it may have: also what was written while a switch was going on.
#[derive(Default)]
struct Expected {
    required: BTreeSet<u64>,
    allowed: BTreeSet<u64>,
}

fn run(setting: &Setting<'_>) -> Result<Outcome> {
    let switches = setting.faults;
    let mut scene = Scene::set_up(setting)?;
    let load = scene.generator()?.in_background(RATE, None);
    let mut expected = Expected::default();
    let mut cloud = (0, 0);
    for number in 1..=switches {
        // Alerts of this mode.
        scene.pass(LEAST, MOST);
        let until = load.last();
        scene.switch("locally-managed")?;
        expected.add(cloud, (until, load.last()));
        if number < switches {
            scene.pass(LEAST, MOST);
            let before = load.last();
            scene.switch("cloud-connected")?;
            cloud = (before, load.last());
        }
    }
    let mut generator = load.stop()?;
    scene.until_logged(generator.written().len() as u64)?;
    // Delivery is in order: once the last is there, an earlier one that was ever to come would be too.
    scene.switch("cloud-connected")?;
    generator.alerts(1)?;
    let last = *generator.written().last().context("nothing was written")?;
    expected.add((last - 1, last - 1), (last, last));
    Ok(Outcome { tally: expected.judge(&scene, last)?, recovery: scene.recovery, ..Outcome::default() })
}

impl Expected {
    /// A time in the cloud mode: the last id before the switch to it began and the last before that was done, and the same
    /// of the switch away from it.
    fn add(&mut self, to: (u64, u64), away: (u64, u64)) {
        self.required.extend(to.1 + 1..=away.0);
        self.allowed.extend(to.0 + 1..=away.1);
    }

    fn judge(&self, scene: &Scene, last: u64) -> Result<Tally> {
        let stored = scene.until_stored(last)?;
        let mut tally = Tally::of(&self.required, &stored);
        let all: BTreeSet<_> = stored.iter().filter_map(|alert| id_of(&alert["record"])).collect();
        tally.foreign = all.difference(&self.allowed).copied().collect();
        Ok(tally)
    }
}
