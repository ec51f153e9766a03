//! Deactivations: what they end, what they do not, and what answers without one never end.

use core::time::Duration;
use std::vec::Vec;

use picket_protocol::{
    ids::SensorId,
    local_api::{Link, SensorState},
    refusal::Refusal,
};

use super::{
    fixtures::{cloud, deactivation, deactivation_of, file, file_of, local, owners},
    rig::{Rig, call_of, kinds, unreachable},
};
use crate::{accepted::Ended, effect::Effect, event::Event, outcome::Outcome};

/// Lets the next heartbeat of this sensor be answered with a deactivation.
fn deactivate(rig: &mut Rig, sensor: u8, ended: Ended) {
    rig.pass(Duration::from_secs(70));
    let of = SensorId::from_bytes([sensor; 16]);
    let is = |call: &Effect| matches!(call, Effect::SendHeartbeat(_)) && call_of(call).sensor == of;
    let position = rig.calls.iter().position(is).expect("its heartbeat is under way");
    let call = rig.calls.remove(position);
    rig.calls.insert(0, call);
    rig.answer_heartbeat(|answered| answered.deactivation = Some(Ok(ended)));
}

#[test]
fn ends_the_activation_and_everything_it_sends() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (None, 2));
    let SensorState::Deactivated { deactivated } = rig.status().state else { panic!("not deactivated") };
    assert_eq!((deactivated.reason.as_str(), deactivated.decided_by.as_str()), ("scrapped", "ada"));
    rig.pass(Duration::from_secs(86_400));
    assert!(rig.calls.is_empty());
    rig.restart();
    assert!(rig.calls.is_empty() && rig.state.next_wake().is_none());
}

#[test]
fn what_it_ended_cannot_come_back_and_something_newer_can() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    deactivate(&mut rig, 1, deactivation(1, 30));
    let refused = rig.offer(file(1, 25, cloud()));
    assert!(matches!(refused, Err(Refusal::OlderThanActive { .. })), "{refused:?}");
    assert!(matches!(rig.offer(file(1, 40, cloud())), Ok(Outcome::Candidate { .. })));
    let state = rig.status().state;
    assert!(matches!(state, SensorState::Deactivated { .. }), "a candidate is in force before its proof");
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(40), 3));
}

#[test]
fn a_local_activation_takes_over_from_a_deactivated_sensor_at_once() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert!(matches!(rig.offer(file(1, 40, local())), Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.epoch(), rig.calls.len()), (Some(40), 3, 0));
}

#[test]
fn an_answer_with_one_that_ends_nothing_tells_no_time() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    rig.answer_heartbeat(|answered| {
        answered.answer.time = picket_protocol::time::UnixSeconds(0);
        answered.deactivation = Some(Ok(deactivation(2, 30)));
    });
    assert_eq!(rig.status().clock.drift_seconds, None);
}

#[test]
fn a_replay_does_nothing() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    deactivate(&mut rig, 1, deactivation(1, 30));
    rig.offer(file(1, 40, cloud())).unwrap();
    rig.answer_all();
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(40), 3));
}

#[test]
fn one_for_another_sensor_or_of_another_issuer_does_nothing() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    deactivate(&mut rig, 1, deactivation(2, 30));
    deactivate(&mut rig, 1, deactivation_of(&owners()[1], 1, 30));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(10), 1));
}

#[test]
fn deleted_during_probation_ends_the_candidate_alone() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 20, cloud())).unwrap();
    let enrol = rig.calls.remove(0);
    rig.answer(&enrol, Default::default());
    deactivate(&mut rig, 2, deactivation(2, 30));
    assert_eq!((rig.serial_in_force(), rig.candidate(), rig.epoch()), (Some(10), None, 1));
    assert!(rig.status().retry.is_none(), "a deleted registration is offered again");
    // What is in force still is, to the floors too.
    assert_eq!(rig.state.appliance().floors().active().map(|active| active.serial.0), Some(10));
    assert_eq!(rig.offer(file(1, 10, cloud())), Ok(Outcome::AlreadyActive));
}

#[test]
fn one_for_the_registration_of_both_ends_both() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(1, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!((rig.serial_in_force(), rig.candidate(), rig.epoch()), (None, None, 2));
}

#[test]
fn a_candidate_of_another_registration_outlives_the_end_of_the_active_one() {
    let other = &owners()[1];
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file_of(other, other.standing, 2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!((rig.serial_in_force(), rig.candidate(), rig.epoch()), (None, Some(20), 2));
    rig.pass(Duration::from_secs(30));
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(20), 3));
}

#[test]
fn one_that_cannot_be_stored_comes_again() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.stores_fail = true;
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!(rig.serial_in_force(), Some(10));
    rig.stores_fail = false;
    deactivate(&mut rig, 1, deactivation(1, 30));
    assert_eq!(rig.serial_in_force(), None);
}

#[test]
fn one_that_does_not_verify_is_audited_once_and_ends_nothing() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let kid = owners()[0].withdrawn;
    for _ in 0..3 {
        rig.pass(Duration::from_secs(70));
        rig.answer_heartbeat(|answered| answered.deactivation = Some(Err(Refusal::BadSignature { kid })));
    }
    assert_eq!(rig.serial_in_force(), Some(10));
    let refused = rig.audit.iter().filter(|record| record.action == crate::audit::Action::ActivationRefused);
    assert_eq!(refused.count(), 1);
}

#[test]
fn rejections_without_one_end_nothing_and_are_told_from_unreachable() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for status in [401, 403, 404, 410] {
        rig.pass(Duration::from_secs(400));
        rig.fail_all(&Refusal::Rejected { status });
        assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(10), 1));
        assert_eq!(rig.status().upstream.unwrap().link, Link::Rejected);
    }
    rig.pass(Duration::from_secs(400));
    rig.fail_all(&unreachable());
    assert_eq!(rig.status().upstream.unwrap().link, Link::Disconnected);
    rig.pass(Duration::from_secs(400));
    rig.answer_all();
    assert_eq!(rig.status().upstream.unwrap().link, Link::Connected);
    assert_eq!(kinds(&rig.calls), Vec::<&str>::new());
}

#[test]
fn a_late_answer_of_the_ended_activation_is_ignored() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    let call = rig.calls[0].clone();
    deactivate(&mut rig, 1, deactivation(1, 30));
    let before = rig.state.clone();
    rig.answer(&call, Default::default());
    rig.happen(Event::Woke);
    assert_eq!(rig.state.phase(), before.phase());
}
