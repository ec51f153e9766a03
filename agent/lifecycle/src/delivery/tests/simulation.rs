//! The delivery in bad weather, by seed: whatever happens, each number comes to the portal, in order, and none too often.

use std::{println, vec::Vec};

use proptest::prelude::*;

use super::super::Limits;
use super::world::{Chance, HubIs, MINUTE, Weather, World};

/// How many seeds each test by seed takes, unless `PICKET_SEEDS` says otherwise: `cargo xtask campaign simulation` does.
const SEEDS: u64 = 200;

fn https() -> Limits {
    Limits { batch_items: 8, batch_bytes: 4_000, ..Limits::HTTPS }
}

fn mqtt() -> Limits {
    Limits { in_flight: 16, batch_bytes: 20_000, in_flight_bytes: 20_000, ..Limits::MQTT }
}

/// One thing that the world does, and how long it then goes on.
fn step(world: &mut World, what: u64, pause: u64) {
    match what {
        0..=8 => {
            let count = 1 + world.chance.below(30);
            world.detect(count);
        }
        9 => world.kill(true),
        10 => world.kill(false),
        11 => world.commit(),
        12 => world.broker_forgets(),
        13 => world.portal_is_restored(),
        14 => world.drop_some(),
        15 => world.hub = HubIs::Away,
        16 => world.hub = HubIs::RefusingAll,
        17 | 18 => world.hub = HubIs::Well,
        19..=21 => world.portal_reads(),
        _ => world.confirm(),
    }
    world.pass([10, 300, 5_000, MINUTE, 20 * MINUTE][usize::try_from(pause).unwrap()]);
}

/// The weather clears; the portal reads and confirms every minute. Two days are enough for every back-off.
fn clear_up(world: &mut World) -> bool {
    world.hub = HubIs::Well;
    world.weather = Weather::default();
    // What is left may be alerts that the hub will not take: only others can show that it is well.
    world.detect(1);
    for _ in 0..2 * 24 * 60 {
        world.portal_reads();
        world.confirm();
        world.pass(MINUTE);
        world.portal_reads();
        if world.lacking().is_empty() {
            return true;
        }
    }
    false
}

fn run(seed: u64, limits: Limits) -> World {
    let mut chance = Chance(seed);
    let mut percent = |most: u64| chance.below(most + 1);
    let weather = Weather {
        lost: percent(30),
        answer_lost: percent(20),
        log_fails: percent(10),
        poison: percent(2) * percent(3),
    };
    let mut world = World::new(seed, limits, weather);
    for _ in 0..60 {
        let (what, pause) = (world.chance.below(24), world.chance.below(5));
        step(&mut world, what, pause);
    }
    assert!(clear_up(&mut world), "seed {seed}: lacking {:?}", world.lacking());
    world
}

/// Each seed in a world of its own; how many alerts were detected, and how many the portal lacked and read again.
fn run_all(hub: &str, limits: Limits) -> (usize, u64) {
    let seeds = option_env!("PICKET_SEEDS").map_or(SEEDS, |count| count.parse().expect("PICKET_SEEDS is a number"));
    let worlds = (0..seeds).map(|seed| run(seed, limits));
    let counts: Vec<_> = worlds.map(|world| (world.detected(), world.read_again)).collect();
    let (detected, again) = counts.iter().fold((0, 0_u64), |sum, world| (sum.0 + world.0, sum.1 + world.1));
    println!("{{\"hub\":\"{hub}\",\"seeds\":{seeds},\"detected\":{detected},\"sent_again\":{again}}}");
    assert!(detected as u64 > 50 * seeds, "{detected}");
    (detected, again)
}

#[test]
fn everything_comes_to_the_portal_over_https() {
    run_all("https", https());
}

#[test]
fn everything_comes_to_the_portal_over_mqtt() {
    let (_, again) = run_all("mqtt", mqtt());
    assert!(again > 0, "no seed sends anything again");
}

#[test]
fn confirmations_that_lag_an_hour_bring_no_storm() {
    let mut world = World::new(1, mqtt(), Weather::default());
    for _ in 0..60 {
        world.detect(100);
        world.confirm();
        world.pass(MINUTE);
    }
    assert_eq!(world.sendings, 6_000 + world.read_again);
    assert!(world.read_again <= 2, "{}", world.read_again);
    world.portal_reads();
    world.confirm();
    world.pass(10 * 60 * MINUTE);
    assert!(world.lacking().is_empty());
    assert!(world.read_again <= 2, "{}", world.read_again);
}

#[test]
fn a_broker_that_forgets_is_made_good() {
    for silent in [false, true] {
        let mut world = World::new(2, mqtt(), Weather::default());
        world.detect(500);
        world.pass(MINUTE);
        world.broker_forgets();
        // With no later alert, the very last number alone goes again, and brings the word that the rest is lacking.
        world.detect(u64::from(!silent));
        for _ in 0..60 {
            world.portal_reads();
            world.confirm();
            world.pass(MINUTE);
        }
        world.portal_reads();
        assert!(world.lacking().is_empty(), "silent: {silent}");
        assert!(world.read_again <= 501, "{}", world.read_again);
    }
}

#[test]
fn a_hub_that_refuses_everything_puts_nothing_aside() {
    let mut world = World::new(3, https(), Weather::default());
    world.detect(50);
    world.pass(MINUTE);
    world.hub = HubIs::RefusingAll;
    world.detect(50);
    // The world panics should a good alert be put aside.
    world.pass(24 * 60 * MINUTE);
    assert!(world.delivery.as_ref().unwrap().view().last_failure.is_some());
    assert!(world.sendings < 1_000, "{} sendings to a hub that refuses", world.sendings);
    world.hub = HubIs::Well;
    world.pass(10 * MINUTE);
    world.portal_reads();
    assert!(world.lacking().is_empty());
}

#[test]
fn records_in_a_row_that_no_hub_takes_go_aside_and_the_rest_arrives() {
    for limits in [https(), mqtt()] {
        let mut world = World::new(4, limits, Weather { poison: 100, ..Weather::default() });
        world.detect(5);
        world.weather.poison = 0;
        world.detect(40);
        world.pass(60 * MINUTE);
        world.portal_reads();
        assert!(world.lacking().is_empty(), "{:?}", world.lacking());
        assert_eq!(world.delivery.as_ref().unwrap().view().counts.set_aside, 5);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// As by seed, but what fails shrinks to the few steps that it takes.
    #[test]
    fn no_history_loses_anything(
        steps in prop::collection::vec((0_u64..24, 0_u64..5), 0..40),
        (lost, answer_lost, log_fails, poison) in (0_u64..40, 0_u64..40, 0_u64..20, 0_u64..20),
        in_order in any::<bool>(),
    ) {
        let weather = Weather { lost, answer_lost, log_fails, poison };
        let mut world = World::new(7, if in_order { https() } else { mqtt() }, weather);
        for (what, pause) in steps {
            step(&mut world, what, pause);
        }
        prop_assert!(clear_up(&mut world), "lacking {:?}", world.lacking());
    }
}
