//! A reissued activation in a heartbeat's answer: cloud to cloud and the same registration, or refused.

use core::time::Duration;

use picket_protocol::refusal::Refusal;

use super::{
    fixtures::{cloud, file, local, local_with_console},
    rig::{PERSON, Rig, kinds, unreachable},
};
use crate::{
    accepted::Accepted,
    audit::{Action, Actor},
    effect::Effect,
    event::Event,
};

fn answer_with(rig: &mut Rig, reissue: &Result<Accepted, Refusal>) {
    let of_active = |call: &Effect| matches!(call, Effect::SendHeartbeat(order) if order.draft.status.is_some());
    for _ in 0..100 {
        if let Some(position) = rig.calls.iter().position(of_active) {
            rig.calls.swap(0, position);
            rig.answer_heartbeat(|answered| answered.reissue = Some(reissue.clone()));
            return;
        }
        rig.pass(Duration::from_secs(10));
    }
    panic!("the activation in force sends no heartbeat");
}

fn refusals(rig: &Rig) -> usize {
    rig.audit.iter().filter(|record| record.action == Action::ActivationRefused).count()
}

#[test]
fn becomes_a_candidate_by_the_portal_and_commits_when_proved() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    answer_with(&mut rig, &Ok(file(1, 20, cloud())));
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(10), Some(20)));
    let accepted = rig.audit.iter().find(|record| record.action == Action::CandidateAccepted).unwrap();
    assert_eq!(accepted.actor, Actor::Portal);
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(20), 2));
}

#[test]
fn of_another_mode_or_registration_is_refused_and_audited_once() {
    for reissue in [file(1, 20, local()), file(2, 20, cloud()), file(1, 20, local_with_console())] {
        let mut rig = Rig::active(file(1, 10, cloud()));
        for _ in 0..3 {
            answer_with(&mut rig, &Ok(reissue.clone()));
        }
        assert_eq!((rig.serial_in_force(), rig.candidate(), refusals(&rig)), (Some(10), None, 1));
    }
}

#[test]
fn that_does_not_verify_is_refused_and_audited_once() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for _ in 0..3 {
        answer_with(&mut rig, &Err(Refusal::Malformed { at: "file".into() }));
    }
    assert_eq!((rig.candidate(), refusals(&rig)), (None, 1));
}

#[test]
fn from_a_management_console_is_refused() {
    let mut rig = Rig::active(file(1, 10, local_with_console()));
    answer_with(&mut rig, &Ok(file(1, 20, cloud())));
    assert_eq!((rig.candidate(), refusals(&rig)), (None, 1));
}

#[test]
fn does_not_displace_the_candidate_of_a_person() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 15, cloud())).unwrap();
    rig.fail_all(&unreachable());
    answer_with(&mut rig, &Ok(file(1, 20, cloud())));
    assert_eq!(rig.candidate(), Some(15));
}

#[test]
fn that_fell_back_is_tried_again_after_an_hour_and_not_before() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let reissue = Ok(file(1, 20, cloud()));
    answer_with(&mut rig, &reissue);
    rig.happen(Event::KeepAsked { by: PERSON });
    answer_with(&mut rig, &reissue);
    assert_eq!(rig.candidate(), None);
    rig.pass(Duration::from_secs(3_600));
    answer_with(&mut rig, &reissue);
    assert_eq!(rig.candidate(), Some(20));
}

#[test]
fn that_is_in_force_already_is_nothing_new() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    answer_with(&mut rig, &Ok(file(1, 10, cloud())));
    assert_eq!((rig.epoch(), rig.candidate(), refusals(&rig), kinds(&rig.calls).len()), (1, None, 0, 0));
}
