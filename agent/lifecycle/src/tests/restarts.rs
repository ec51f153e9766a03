//! Restarts and reboots: what is durable comes back, what was under way is tried again, probation goes on.

use core::time::Duration;

use super::{
    fixtures::{cloud, file, local},
    rig::{PERSON, Rig, kinds, unreachable},
};
use crate::{State, event::Event, outcome::Outcome};

fn reloaded(state: &State) -> State {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

fn remaining(rig: &mut Rig) -> u64 {
    rig.status().candidate.expect("a candidate").remaining_seconds
}

#[test]
fn every_kind_of_state_reloads_to_itself() {
    let mut rig = Rig::new();
    let check = |rig: &Rig| assert_eq!(reloaded(&rig.state), rig.state);
    check(&rig);
    rig.offer(file(1, 10, cloud())).unwrap();
    check(&rig);
    rig.answer_all();
    rig.offer(file(2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    check(&rig);
    rig.happen(Event::KeepAsked { by: PERSON });
    check(&rig);
    rig.offer(file(1, 30, local())).unwrap();
    check(&rig);
}

#[test]
fn a_candidate_and_its_remaining_probation_survive_a_restart() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    rig.pass(Duration::from_secs(300));
    rig.restart();
    assert_eq!((rig.candidate(), remaining(&mut rig)), (Some(20), 600));
    rig.pass(Duration::from_secs(30));
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(20), None));
}

#[test]
fn the_time_that_the_machine_was_off_does_not_count_against_a_candidate() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    rig.pass(Duration::from_secs(300));
    rig.happen(Event::HealthReported { component: picket_protocol::heartbeat::Component::Disk, code: "ok".into() });
    rig.durable = rig.state.clone();
    rig.wall = rig.wall.plus(7 * 86_400);
    rig.reboot();
    assert_eq!((rig.candidate(), remaining(&mut rig)), (Some(20), 600));
}

#[test]
fn boots_in_quick_succession_do_not_prolong_probation() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 20, cloud())).unwrap();
    for _ in 0..5 {
        rig.reboot();
        rig.pass(Duration::from_secs(100));
        rig.fail_all(&unreachable());
    }
    assert!(remaining(&mut rig) <= 400, "{} s remain", remaining(&mut rig));
}

#[test]
fn a_call_under_way_at_a_kill_is_made_again() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, cloud())).unwrap();
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    rig.restart();
    rig.pass(Duration::from_secs(10));
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    rig.answer_all();
    rig.pass(Duration::from_secs(70));
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
}

#[test]
fn a_result_of_before_the_restart_is_ignored() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, cloud())).unwrap();
    rig.restart();
    let before = rig.state.clone();
    let late = rig.ended.pop().unwrap();
    rig.answer(&late, Default::default());
    assert_eq!(rig.state.phase(), before.phase());
}

#[test]
fn a_reset_that_was_cut_short_goes_on_and_one_that_was_not_does_not() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let now = rig.moment();
    let (reset, _) = rig.state.clone().on(&now, Event::ResetAsked { by: PERSON });
    let started = || Event::Started { boot: crate::moment::BootId([9; 16]), settings: Default::default() };
    let (_, effects) = reset.clone().on(&now, started());
    assert!(effects.contains(&crate::effect::Effect::EraseAll), "keys are left behind");
    let (done, _) = reset.on(&now, Event::Erased);
    let (_, effects) = done.on(&now, started());
    assert!(!effects.contains(&crate::effect::Effect::EraseAll), "new keys are erased");
}

#[test]
fn a_reset_leaves_an_unactivated_sensor_in_a_later_epoch() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    assert_eq!(rig.happen(Event::ResetAsked { by: PERSON }), Some(Ok(Outcome::Done)));
    assert_eq!((rig.serial_in_force(), rig.epoch(), rig.calls.len()), (None, 2, 0));
    assert!(!rig.status().trusted);
    assert_eq!(rig.status().epoch.0, 2);
}
