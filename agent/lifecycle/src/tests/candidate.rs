//! Candidates: proved, not proved in time, kept back, tried again, replaced.

use core::time::Duration;
use std::vec;

use picket_protocol::{
    heartbeat::{Answer, Standing},
    ids::SensorId,
    local_api::{OutcomeResult, Start},
    refusal::Refusal,
};

use super::{
    fixtures::{cloud, file, file_of, local, owners},
    rig::{PERSON, Rig, call_of, kinds, unreachable},
};
use crate::{effect::Effect, event::Event, outcome::Outcome};

const PROBATION: Duration = Duration::from_secs(900);

/// Cloud-connected with serial 10, and serial 20 of another registration being proved.
fn proving() -> Rig {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let outcome = rig.offer(file(2, 20, cloud()));
    assert!(matches!(outcome, Ok(Outcome::Candidate { .. })), "{outcome:?}");
    rig
}

fn take(rig: &mut Rig, kind: &str) -> Effect {
    let position = kinds(&rig.calls).iter().position(|found| *found == kind);
    rig.calls.remove(position.unwrap_or_else(|| panic!("no {kind} under way: {:?}", kinds(&rig.calls))))
}

#[test]
fn commits_only_after_identity_heartbeat_and_probe() {
    let mut rig = proving();
    for step in ["enrol", "heartbeat", "probe"] {
        assert_eq!((rig.serial_in_force(), rig.epoch(), rig.candidate()), (Some(10), 1, Some(20)), "before {step}");
        let call = take(&mut rig, step);
        let time = rig.wall;
        rig.answer(&call, Answer { time, ..Answer::default() });
    }
    assert_eq!((rig.serial_in_force(), rig.epoch(), rig.candidate()), (Some(20), 2, None));
    let heartbeat = take(&mut rig, "heartbeat");
    let Effect::SendHeartbeat(order) = heartbeat else { panic!("no heartbeat") };
    assert_eq!((order.draft.standing, order.draft.serial.0), (Standing::Committed, 20));
}

#[test]
fn a_candidates_heartbeat_says_so_and_carries_no_status() {
    let mut rig = proving();
    let call = take(&mut rig, "enrol");
    rig.answer(&call, Answer::default());
    let Effect::SendHeartbeat(order) = take(&mut rig, "heartbeat") else { panic!("no heartbeat") };
    assert_eq!((order.draft.standing, order.draft.status), (Standing::Candidate, None));
}

#[test]
fn the_old_identity_keeps_reporting_meanwhile() {
    let mut rig = proving();
    rig.fail_all(&unreachable());
    rig.pass(Duration::from_secs(70));
    let old = rig.calls.iter().filter(|call| matches!(call, Effect::SendHeartbeat(_)));
    assert!(old.into_iter().any(|call| call_of(call).sensor == SensorId::from_bytes([1; 16])));
}

#[test]
fn falls_back_after_probation_with_the_reason_and_offers_another_try() {
    let mut rig = proving();
    let mut passed = Duration::ZERO;
    while passed < PROBATION {
        let calls = rig.calls.drain(..).collect::<vec::Vec<_>>();
        for call in calls {
            if call_of(&call).sensor == SensorId::from_bytes([2; 16]) {
                rig.fail(&call, &unreachable());
            } else {
                let time = rig.wall;
                rig.answer(&call, Answer { time, ..Answer::default() });
            }
        }
        rig.pass(Duration::from_secs(10));
        passed += Duration::from_secs(10);
    }
    assert_eq!((rig.serial_in_force(), rig.epoch(), rig.candidate()), (Some(10), 1, None));
    let retry = rig.status().retry.expect("another try is offered");
    let OutcomeResult::NotCommitted { problem } = retry.result else { panic!("it committed") };
    assert_eq!(problem.code, "activation.not-proved");
    assert!(problem.detail.contains("endpoint.refused"), "{}", problem.detail);
}

#[test]
fn another_try_uses_the_same_document_and_identity() {
    let mut rig = proving();
    let call = take(&mut rig, "enrol");
    rig.answer(&call, Answer::default());
    rig.happen(Event::KeepAsked { by: PERSON });
    assert_eq!(rig.candidate(), None);
    assert_eq!(rig.happen(Event::RetryAsked { by: PERSON }).unwrap().map(|_| ()), Ok(()));
    assert_eq!(rig.candidate(), Some(20));
    // Enrolled already: it goes on with a heartbeat, under its identity.
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(20), 2));
}

#[test]
fn the_same_file_can_be_uploaded_again_after_a_fall() {
    let mut rig = proving();
    rig.happen(Event::KeepAsked { by: PERSON });
    assert!(matches!(rig.offer(file(2, 20, cloud())), Ok(Outcome::Candidate { .. })));
    rig.answer_all();
    assert_eq!(rig.serial_in_force(), Some(20));
}

#[test]
fn a_spent_voided_or_deleted_token_ends_the_candidate_at_once() {
    let sensor = SensorId::from_bytes([2; 16]);
    for why in [Refusal::AlreadyUsed { sensor }, Refusal::Voided { sensor }, Refusal::Deleted { sensor }] {
        let mut rig = proving();
        let call = take(&mut rig, "enrol");
        rig.fail(&call, &why);
        assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(10), None));
        let OutcomeResult::NotCommitted { problem } = rig.status().retry.unwrap().result else { panic!("committed") };
        assert!(problem.detail.contains(why.code()), "{}", problem.detail);
    }
}

#[test]
fn a_refused_claim_ends_no_first_activation() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, cloud())).unwrap();
    let call = take(&mut rig, "enrol");
    rig.fail(&call, &Refusal::AlreadyUsed { sensor: SensorId::from_bytes([1; 16]) });
    assert_eq!(rig.serial_in_force(), Some(10));
    assert_eq!(rig.status().upstream.unwrap().problem.unwrap().code, "portal.already-used");
    assert!(rig.state.next_wake().is_some(), "it stopped trying");
}

#[test]
fn a_higher_serial_replaces_the_candidate_and_a_lower_one_is_busy() {
    let mut rig = proving();
    let busy = rig.offer(file(2, 15, cloud()));
    assert!(matches!(busy, Err(Refusal::Busy { .. })), "{busy:?}");
    assert_eq!(rig.candidate(), Some(20));
    assert!(matches!(rig.offer(file(2, 30, cloud())), Ok(Outcome::Candidate { .. })));
    assert_eq!(rig.candidate(), Some(30));
    assert_eq!(rig.calls.len(), 1, "the replaced candidate still calls");
    rig.answer_all();
    assert_eq!(rig.serial_in_force(), Some(30));
}

#[test]
fn uploading_the_candidate_again_is_no_error_and_may_hurry_it() {
    let mut rig = proving();
    assert!(matches!(rig.offer(file(2, 20, cloud())), Ok(Outcome::Candidate { .. })));
    assert!(matches!(rig.offer_with(file(2, 20, cloud()), Start::Now), Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(20), None));
}

#[test]
fn a_local_activation_supersedes_the_candidate() {
    let mut rig = proving();
    assert!(matches!(rig.offer(file(1, 30, local())), Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(30), None));
    assert!(rig.calls.is_empty());
    assert!(rig.status().retry.is_none(), "a voided candidate is offered again");
}

#[test]
fn people_decide_only_about_a_candidate_that_is_there() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for event in [Event::SwitchAsked { by: PERSON }, Event::KeepAsked { by: PERSON }, Event::RetryAsked { by: PERSON }]
    {
        assert_eq!(rig.happen(event), Some(Err(Refusal::NoCandidate)));
    }
    rig.offer(file(2, 20, cloud())).unwrap();
    let busy = rig.happen(Event::RetryAsked { by: PERSON });
    assert!(matches!(busy, Some(Err(Refusal::Busy { .. }))), "{busy:?}");
}

#[test]
fn a_proof_that_cannot_be_committed_for_want_of_disk_is_committed_later() {
    let mut rig = proving();
    rig.stores_fail = true;
    rig.answer_all();
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(10), Some(20)));
    rig.stores_fail = false;
    for _ in 0..20 {
        rig.pass(Duration::from_secs(10));
        rig.answer_all();
    }
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(20), None));
}

#[test]
fn a_candidate_whose_signer_is_withdrawn_meanwhile_ends() {
    let owner = &owners()[0];
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file_of(owner, owner.withdrawn, 2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    rig.pass(Duration::from_secs(70));
    let of_active = |call: &Effect| call_of(call).sensor == SensorId::from_bytes([1; 16]);
    rig.calls.retain(of_active);
    rig.answer_heartbeat(|answered| answered.answer.roots = vec![owner.second.clone()]);
    assert_eq!((rig.serial_in_force(), rig.candidate()), (Some(10), None));
    let code = rig.state.outcomes()[0].result.clone();
    let OutcomeResult::NotCommitted { problem } = code else { panic!("committed") };
    assert_eq!(problem.code, "activation.signer-withdrawn");
    assert_eq!(rig.happen(Event::RetryAsked { by: PERSON }), Some(Err(Refusal::NoCandidate)));
}
