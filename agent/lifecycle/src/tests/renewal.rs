//! Renewal: from two thirds of the lifetime, into the other slot, promoted by a real connection only.

use core::time::Duration;
use std::vec::Vec;

use picket_protocol::{heartbeat::Answer, refusal::Refusal, time::UnixSeconds};

use super::{
    fixtures::{cloud, file},
    rig::{NINETY_DAYS, Rig, kinds, unreachable},
};
use crate::{effect::Effect, identity::Slot};

/// Lets the wall clock run ahead and the heartbeats be answered, until a renewal is under way.
fn aged(days: i64) -> Rig {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.wall = UnixSeconds(rig.wall.0 + days * 86_400);
    rig
}

fn calls_of(rig: &mut Rig, minutes: u64) -> bool {
    for _ in 0..minutes {
        rig.pass(Duration::from_secs(60));
        let keep: Vec<Effect> = rig.calls.iter().filter(|call| matches!(call, Effect::Renew(_))).cloned().collect();
        if !keep.is_empty() {
            return true;
        }
        rig.answer_all();
    }
    false
}

fn renewal(rig: &mut Rig) -> Effect {
    assert!(calls_of(rig, 5), "no renewal");
    let position = rig.calls.iter().position(|call| matches!(call, Effect::Renew(_))).unwrap();
    rig.calls.remove(position)
}

#[test]
fn begins_at_two_thirds_of_the_lifetime() {
    assert!(!calls_of(&mut aged(59), 5), "too early");
    assert!(calls_of(&mut aged(60), 5), "too late");
}

#[test]
fn a_new_certificate_is_promoted_by_a_connection_and_not_before() {
    let mut rig = aged(61);
    let call = renewal(&mut rig);
    let Effect::Renew(order) = &call else { unreachable!() };
    assert_eq!((order.with, order.into), (Slot::A, Slot::B));
    let until = rig.status().upstream.unwrap().certificate_until;
    rig.answer_all();
    rig.answer(&call, Answer::default());
    assert_eq!(rig.status().upstream.unwrap().certificate_until, until, "promoted without a connection");
    assert_eq!(slot_under_way(&mut rig), Slot::B);
    assert_eq!(rig.status().upstream.unwrap().certificate_until, until, "promoted without an answer");
    rig.answer_all();
    assert_ne!(rig.status().upstream.unwrap().certificate_until, until);
    assert_eq!(slot_under_way(&mut rig), Slot::B);
}

#[test]
fn a_new_certificate_that_is_turned_away_gives_the_old_one_back() {
    let mut rig = aged(61);
    let call = renewal(&mut rig);
    rig.answer_all();
    rig.answer(&call, Answer::default());
    for _ in 0..3 {
        assert_eq!(slot_under_way(&mut rig), Slot::B);
        rig.fail_all(&Refusal::Rejected { status: 403 });
    }
    assert_eq!(slot_under_way(&mut rig), Slot::A);
}

#[test]
fn an_outage_says_nothing_about_the_new_certificate() {
    let mut rig = aged(61);
    let call = renewal(&mut rig);
    rig.answer_all();
    rig.answer(&call, Answer::default());
    for _ in 0..6 {
        assert_eq!(slot_under_way(&mut rig), Slot::B);
        rig.fail_all(&unreachable());
    }
}

#[test]
fn failing_renewal_stops_nothing_and_goes_on() {
    let mut rig = aged(61);
    for _ in 0..10 {
        let call = renewal(&mut rig);
        rig.answer_all();
        rig.fail(&call, &unreachable());
        rig.pass(Duration::from_secs(300));
    }
    assert!(kinds(&rig.calls).contains(&"heartbeat"));
    let call = renewal(&mut rig);
    rig.answer_all();
    rig.answer(&call, Answer::default());
    assert_eq!(slot_under_way(&mut rig), Slot::B);
}

#[test]
fn an_expired_certificate_is_still_renewed() {
    let mut rig = aged(NINETY_DAYS / 86_400 + 30);
    rig.pass(Duration::from_secs(120));
    for _ in 0..3 {
        let (renewals, others): (Vec<_>, Vec<_>) =
            core::mem::take(&mut rig.calls).into_iter().partition(|call| matches!(call, Effect::Renew(_)));
        others.iter().for_each(|call| rig.fail(call, &Refusal::Rejected { status: 403 }));
        if let Some(call) = renewals.first() {
            rig.answer(call, Answer::default());
            assert_eq!(slot_under_way(&mut rig), Slot::B);
            return;
        }
        rig.pass(Duration::from_secs(60));
    }
    panic!("no renewal of an expired certificate");
}

fn slot_under_way(rig: &mut Rig) -> Slot {
    for _ in 0..100 {
        let with = rig.calls.iter().find_map(|call| match call {
            Effect::SendHeartbeat(order) => Some(order.with),
            _ => None,
        });
        if let Some(with) = with {
            return with;
        }
        rig.pass(Duration::from_secs(10));
    }
    panic!("no heartbeat")
}
