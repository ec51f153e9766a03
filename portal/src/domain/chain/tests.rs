//! One sensor under every weather raises nothing; two sensors with one key are shown by the third heartbeat.

use picket_protocol::{heartbeat::Chain, ids::HeartbeatDigest, time::UnixSeconds};

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// A sensor's side of the chain.
#[derive(Clone)]
struct Sensor {
    counter: u64,
    answered: Option<HeartbeatDigest>,
    salt: u8,
}

impl Sensor {
    fn new(salt: u8) -> Self {
        Self { counter: 0, answered: None, salt }
    }

    fn speak(&mut self) -> (Chain, HeartbeatDigest) {
        self.counter += 1;
        let mut nonce = [self.salt; 16];
        nonce[..8].copy_from_slice(&self.counter.to_be_bytes());
        let said = Chain { counter: self.counter, nonce, previous: self.answered };
        let mut digest = [self.salt; 32];
        digest[..8].copy_from_slice(&self.counter.to_be_bytes());
        digest[8..16].copy_from_slice(&self.answered.map_or([0; 8], |d| d.as_bytes()[..8].try_into().unwrap()));
        (said, HeartbeatDigest::from_bytes(digest))
    }

    /// Speaks, is heard, and keeps the answer.
    fn beat(&mut self, portal: &mut HeartbeatChain, now: UnixSeconds) -> (Fit, Option<News>) {
        let (said, digest) = self.speak();
        let heard = portal.hear(&said, digest, now);
        self.answered = Some(digest);
        heard
    }
}

fn running(beats: u64) -> (Sensor, HeartbeatChain) {
    let (mut sensor, mut portal) = (Sensor::new(1), HeartbeatChain::default());
    for _ in 0..beats {
        assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    }
    (sensor, portal)
}

fn copy_of(sensor: &Sensor) -> Sensor {
    Sensor { salt: sensor.salt + 1, ..sensor.clone() }
}

#[test]
fn lost_heartbeats_and_lost_answers_raise_nothing() {
    let (mut sensor, mut portal) = running(5);
    for _ in 0..20 {
        sensor.speak(); // lost on the way there
        let (said, digest) = sensor.speak();
        assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None)); // its answer lost on the way back
    }
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    assert_eq!(portal.suspicion(), Suspicion::None);
}

#[test]
fn a_repeated_heartbeat_answered_twice_raises_nothing() {
    let (mut sensor, mut portal) = running(3);
    let (said, digest) = sensor.speak();
    assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None));
    assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None));
    sensor.answered = Some(digest);
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    assert_eq!(portal.suspicion(), Suspicion::None);
}

#[test]
fn a_straggler_overtaken_by_its_successor_raises_nothing() {
    let (mut sensor, mut portal) = running(3);
    let (slow, slow_digest) = sensor.speak();
    let (said, digest) = sensor.speak();
    assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None));
    assert_eq!(portal.hear(&slow, slow_digest, NOW), (Fit::InOrder, None));
    sensor.answered = Some(digest);
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    assert_eq!(portal.suspicion(), Suspicion::None);
}

#[test]
fn a_crash_that_forgets_the_counter_raises_nothing() {
    let (mut sensor, mut portal) = running(3);
    let kept = sensor.clone();
    sensor.speak();
    let (said, digest) = sensor.speak();
    assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None));
    let mut after_crash = Sensor { salt: 9, ..kept };
    for _ in 0..3 {
        assert_eq!(after_crash.beat(&mut portal, NOW), (Fit::InOrder, None));
    }
    assert_eq!(portal.suspicion(), Suspicion::None);
}

#[test]
fn a_copied_disk_is_a_possible_clone_by_the_third_heartbeat() {
    let (mut sensor, mut portal) = running(5);
    let mut copy = copy_of(&sensor);
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None));
    assert_eq!(copy.beat(&mut portal, NOW).1, None);
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::Forked, Some(News::PossibleClone)));
    assert_eq!(portal.suspicion(), Suspicion::PossibleClone { since: NOW });
    assert_eq!(copy.beat(&mut portal, NOW).1, None, "it is told once");
    assert_eq!(sensor.beat(&mut portal, NOW).1, None, "it is told once");
    assert_eq!(portal.suspicion(), Suspicion::PossibleClone { since: NOW });
}

#[test]
fn an_old_copy_that_wakes_late_is_a_possible_clone_by_the_third_heartbeat() {
    let (mut sensor, mut portal) = running(5);
    let mut copy = copy_of(&sensor);
    for _ in 0..50 {
        sensor.beat(&mut portal, NOW);
    }
    assert_eq!(copy.beat(&mut portal, NOW), (Fit::Forked, None));
    assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, Some(News::PossibleClone)));
}

#[test]
fn a_restored_disk_is_restored_after_a_day_alone() {
    let (mut sensor, mut portal) = running(5);
    let mut restored = copy_of(&sensor);
    for _ in 0..50 {
        sensor.beat(&mut portal, NOW);
    }
    assert_eq!(restored.beat(&mut portal, NOW), (Fit::Forked, None));
    assert_eq!(restored.beat(&mut portal, NOW.plus(ALONE_SECONDS - 1)).1, None);
    assert_eq!(restored.beat(&mut portal, NOW.plus(ALONE_SECONDS)).1, Some(News::Restored));
    assert_eq!(restored.beat(&mut portal, NOW.plus(ALONE_SECONDS + 60)), (Fit::InOrder, None));
    assert_eq!(portal.suspicion(), Suspicion::Restored { at: NOW.plus(ALONE_SECONDS) });
    portal.clear(NOW);
    assert_eq!(portal.suspicion(), Suspicion::None);
}

#[test]
fn a_portal_restored_from_a_backup_is_behind_and_raises_nothing() {
    let (mut sensor, backup) = running(5);
    let mut portal = backup.clone();
    for _ in 0..50 {
        sensor.beat(&mut portal, NOW);
    }
    let mut restored = backup;
    assert_eq!(sensor.beat(&mut restored, NOW), (Fit::PortalBehind, None));
    assert_eq!(sensor.beat(&mut restored, NOW), (Fit::InOrder, None));
    assert_eq!(restored.suspicion(), Suspicion::None);
}

#[test]
fn a_clone_is_still_seen_after_the_portal_was_restored() {
    let (mut sensor, backup) = running(5);
    let mut portal = backup.clone();
    for _ in 0..50 {
        sensor.beat(&mut portal, NOW);
    }
    let (mut copy, mut restored) = (copy_of(&sensor), backup);
    assert_eq!(sensor.beat(&mut restored, NOW), (Fit::PortalBehind, None));
    assert_eq!(copy.beat(&mut restored, NOW).1, None);
    assert_eq!(sensor.beat(&mut restored, NOW).1, Some(News::PossibleClone));
}

#[test]
fn after_clearing_only_two_that_still_speak_are_shown_again() {
    let (mut sensor, mut portal) = running(5);
    let mut copy = copy_of(&sensor);
    for speaker in [0, 1, 0] {
        if speaker == 0 {
            sensor.beat(&mut portal, NOW)
        } else {
            copy.beat(&mut portal, NOW)
        };
    }
    portal.clear(NOW);
    for _ in 0..10 {
        assert_eq!(sensor.beat(&mut portal, NOW.plus(60)).1, None);
    }
    assert_eq!(portal.suspicion(), Suspicion::None);
    assert_eq!(copy.beat(&mut portal, NOW.plus(120)).1, Some(News::PossibleClone));
}

#[test]
fn a_stored_chain_reloads_to_itself() {
    let (mut sensor, mut portal) = running(5);
    let mut copy = copy_of(&sensor);
    for _ in 0..3 {
        sensor.beat(&mut portal, NOW);
        copy.beat(&mut portal, NOW);
        let text = serde_json::to_string(&portal).unwrap();
        assert_eq!(serde_json::from_str::<HeartbeatChain>(&text).unwrap(), portal);
    }
}

#[test]
fn a_sensor_whose_disk_takes_nothing_and_whose_power_is_cut_raises_nothing() {
    let (mut sensor, mut portal) = running(5);
    for cut in 0..20 {
        let before = sensor.clone();
        for _ in 0..15 {
            // It is answered, and cannot store that: the next one builds on what it could.
            let (said, digest) = sensor.speak();
            assert_eq!(portal.hear(&said, digest, NOW), (Fit::InOrder, None));
        }
        sensor = Sensor { salt: 100 + cut, ..before };
        assert_eq!(sensor.beat(&mut portal, NOW), (Fit::InOrder, None), "after cut {cut}");
    }
    assert_eq!(portal.suspicion(), Suspicion::None);
}
