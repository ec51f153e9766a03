//! Random walks: whatever a world does in whatever order, what must always hold does.

use std::{vec, vec::Vec};

use picket_protocol::local_api::Start;
use proptest::{collection, prelude::*, strategy::ValueTree as _};

use super::{
    fixtures::TODAY,
    walker::{How, Step, Walker},
};

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        12 => Just(How::Well),
        2 => Just(How::Unreachable),
        1 => Just(How::Rejected),
        1 => Just(How::AlreadyUsed),
        1 => any::<u32>().prop_map(How::RetryAfter),
        2 => (0..2usize, 1..=3u8, 1..=50u64)
            .prop_map(|(owner, sensor, serial)| How::Deactivated { owner, sensor, serial }),
        2 => (0..2usize, 1..=40u64).prop_map(|(owner, serial)| How::Reissued { owner, serial }),
        1 => (0..2usize).prop_map(|owner| How::Roots { owner }),
        1 => any::<u32>().prop_map(|interval| How::Wishes { interval }),
        1 => any::<i64>().prop_map(How::Time),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let start = prop_oneof![4 => Just(Start::Proved), 1 => Just(Start::Now)];
    let wall = prop_oneof![Just(0), Just(4_080_000_000), Just(TODAY.0), any::<i64>()];
    let seconds = prop_oneof![3 => 1..20u64, 3 => 50..400u64, 1 => 800..5_000u64];
    prop_oneof![
        6 => (0..2usize, 1..=40u64, start)
            .prop_map(|(owner, serial, start)| Step::Offer { owner, serial, start }),
        1 => Just(Step::Switch),
        1 => Just(Step::Keep),
        2 => Just(Step::Retry),
        20 => (any::<usize>(), how()).prop_map(|(call, how)| Step::End { call, how }),
        2 => any::<usize>().prop_map(|call| Step::EndLate { call }),
        8 => seconds.prop_map(|seconds| Step::Pass { seconds }),
        1 => wall.prop_map(|wall| Step::Clock { wall }),
        1 => Just(Step::Restart),
        1 => Just(Step::Reboot),
        1 => any::<bool>().prop_map(|full| Step::Disk { full }),
        1 => any::<bool>().prop_map(|code| Step::Health { code }),
        1 => Just(Step::Name),
        1 => Just(Step::Proxy),
        1 => any::<bool>().prop_map(|connect| Step::Console { connect }),
    ]
}

fn walk(steps: &[Step]) {
    let mut walker = Walker::new();
    steps.iter().for_each(|step| walker.step(step));
    walker.recovers();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_must_always_hold_does(steps in collection::vec(step(), 1..80)) {
        walk(&steps);
    }
}

/// The walks are worth nothing if they never get anywhere.
#[test]
fn walks_reach_every_kind_of_state() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut committed, mut deactivated, mut proving, mut fallen, mut outlived) = (0, 0, 0, 0, 0);
    for _ in 0..60 {
        let steps: Vec<Step> = collection::vec(step(), 60..80).new_tree(&mut runner).unwrap().current();
        let mut walker = Walker::new();
        for step in &steps {
            let epoch = walker.rig.epoch();
            walker.step(step);
            let state = &walker.rig.state;
            let succession = state.phase().succession();
            let ended = matches!(state.phase(), crate::phase::Phase::Deactivated(_));
            committed += usize::from(walker.rig.epoch() > epoch && matches!(step, Step::End { .. }) && !ended);
            deactivated += usize::from(ended);
            proving += usize::from(succession.is_some_and(|succession| succession.candidate.is_some()));
            fallen += usize::from(succession.is_some_and(|succession| succession.fallen.is_some()));
            outlived += usize::from(ended && succession.is_some_and(|succession| succession.candidate.is_some()));
        }
    }
    for (what, times) in [
        ("a proof that commits", committed),
        ("deactivated", deactivated),
        ("proving", proving),
        ("fallen", fallen),
        ("deactivated with a candidate", outlived),
    ] {
        assert!(times >= 3, "{what}: {times} times in 60 walks");
    }
}

#[test]
fn a_candidate_whose_end_was_not_stored_comes_back_with_what_was_proved_of_it() {
    // Of two calls the second is the candidate's.
    let candidates = |how| Step::End { call: 1, how };
    walk(&[
        Step::Pass { seconds: 1 },
        Step::Offer { owner: 0, serial: 6, start: Start::Proved },
        Step::Restart,
        Step::EndLate { call: 0 },
        Step::Pass { seconds: 3 },
        Step::Health { code: false },
        Step::Offer { owner: 0, serial: 17, start: Start::Proved },
        candidates(How::Well),
        candidates(How::Well),
        Step::Disk { full: true },
        Step::Pass { seconds: 881 },
        Step::Pass { seconds: 19 },
        Step::Switch,
        Step::Switch,
        Step::Offer { owner: 0, serial: 1, start: Start::Proved },
        Step::Name,
        Step::Retry,
        Step::EndLate { call: 2 },
        Step::Pass { seconds: 5 },
        Step::Reboot,
        Step::Disk { full: false },
        Step::Pass { seconds: 3 },
        candidates(How::Well),
    ]);
}
