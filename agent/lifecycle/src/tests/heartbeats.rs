//! When heartbeats go out, what chain they carry, and what an answer changes.

use core::time::Duration;
use std::vec::Vec;

use picket_protocol::{
    heartbeat::{Chain, Component, Confirmation},
    local_api::{Link, SensorState},
};

use super::{
    fixtures::{cloud, file, local_with_console},
    rig::{PERSON, Rig, kinds, unreachable},
};
use crate::{audit::Action, effect::Effect, event::Event, identity::Slot};

fn heartbeat(rig: &Rig) -> &crate::effect::SendHeartbeat {
    let found = rig.calls.iter().find_map(|call| match call {
        Effect::SendHeartbeat(order) => Some(order),
        _ => None,
    });
    found.expect("a heartbeat is under way")
}

fn chain(rig: &Rig) -> Chain {
    heartbeat(rig).draft.chain.clone()
}

/// Cloud-connected, and the news of the first connection are told.
fn settled() -> Rig {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for _ in 0..3 {
        wait(&mut rig);
        rig.answer_all();
    }
    rig
}

/// How long until the next heartbeat goes out.
fn wait(rig: &mut Rig) -> Duration {
    let begun = rig.boot;
    for _ in 0..20_000 {
        if rig.calls.iter().any(|call| matches!(call, Effect::SendHeartbeat(_))) {
            return rig.boot.since(begun);
        }
        rig.pass(Duration::from_millis(100));
    }
    panic!("no heartbeat goes out");
}

#[test]
fn come_at_the_interval_give_or_take_a_tenth() {
    let mut rig = settled();
    let mut waits: Vec<Duration> = Vec::new();
    for _ in 0..40 {
        waits.push(wait(&mut rig));
        rig.answer_all();
    }
    let (low, high) = (Duration::from_secs(54), Duration::from_millis(66_100));
    assert!(waits.iter().all(|wait| (low..=high).contains(wait)), "{waits:?}");
    let spread = *waits.iter().max().unwrap() - *waits.iter().min().unwrap();
    assert!(spread > Duration::from_secs(4), "no jitter: {spread:?}");
}

#[test]
fn an_answer_sets_the_interval_within_its_bounds() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for (asked, kept) in [(10, 10), (900, 900), (9, 900), (901, 900), (0, 900)] {
        wait(&mut rig);
        rig.answer_heartbeat(|answered| answered.answer.desired.interval_seconds = Some(asked));
        assert_eq!(rig.status().upstream.unwrap().interval_seconds, kept, "asked for {asked}");
    }
    wait(&mut rig);
    assert_eq!(heartbeat(&rig).draft.status.as_ref().unwrap().interval, Duration::from_secs(900));
}

#[test]
fn a_change_of_health_brings_the_next_forward_but_not_closer_than_five_seconds() {
    let mut rig = settled();
    let report = |rig: &mut Rig, code: &str| {
        rig.happen(Event::HealthReported { component: Component::Disk, code: code.into() });
    };
    rig.pass(Duration::from_secs(20));
    report(&mut rig, "disk.full");
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
    assert_eq!(heartbeat(&rig).draft.status.as_ref().unwrap().health[&Component::Disk].code, "disk.full");
    rig.answer_all();
    report(&mut rig, "ok");
    assert!(rig.calls.is_empty());
    let waited = wait(&mut rig);
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(6), "{waited:?}");
    rig.answer_all();
    report(&mut rig, "ok");
    assert!(wait(&mut rig) > Duration::from_secs(50), "no change, yet it hurried");
}

#[test]
fn a_change_of_health_does_not_cut_a_back_off_short() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    for _ in 0..12 {
        rig.fail_all(&unreachable());
        rig.pass(Duration::from_secs(300));
    }
    rig.fail_all(&unreachable());
    let due = rig.state.next_wake();
    rig.happen(Event::HealthReported { component: Component::Disk, code: "disk.full".into() });
    assert_eq!((kinds(&rig.calls), rig.state.next_wake()), (Vec::new(), due));
}

#[test]
fn the_first_after_a_start_comes_within_a_tenth_of_the_interval() {
    for boots in [false, true] {
        let mut rig = Rig::active(file(1, 10, cloud()));
        if boots {
            rig.reboot();
        } else {
            rig.restart();
        }
        let waited = wait(&mut rig);
        assert!(waited <= Duration::from_millis(6_100), "{waited:?}");
    }
}

#[test]
fn chain_on_the_last_answered_one() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    let first = chain(&rig);
    assert!(first.previous.is_some(), "the first heartbeat was answered");
    rig.fail_all(&unreachable());
    wait(&mut rig);
    let second = chain(&rig);
    assert_eq!((second.counter, second.previous), (first.counter + 1, first.previous));
    assert_ne!(second.nonce, first.nonce);
    rig.answer_all();
    wait(&mut rig);
    assert_ne!(chain(&rig).previous, second.previous);
}

#[test]
fn the_chain_is_durable_with_the_answer() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    rig.answer_all();
    wait(&mut rig);
    let before = chain(&rig);
    rig.restart();
    wait(&mut rig);
    assert_eq!(chain(&rig).previous, before.previous);
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    let call = rig.calls[0].clone();
    rig.answer_all();
    let before = rig.state.clone();
    rig.answer(&call, picket_protocol::heartbeat::Answer::default());
    assert_eq!(rig.state.phase(), before.phase());
}

#[test]
fn an_answer_to_an_attempt_that_was_given_up_is_ignored_while_another_is_under_way() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    rig.happen(Event::ProxyAsked { choice: crate::proxy::ProxyChoice::Direct, by: PERSON });
    let before = rig.state.clone();
    let late = rig.ended.pop().unwrap();
    rig.answer(&late, picket_protocol::heartbeat::Answer::default());
    assert_eq!(rig.state.phase(), before.phase());
    assert!(kinds(&rig.calls).contains(&"heartbeat"));
}

#[test]
fn a_change_of_health_at_a_start_keeps_the_starts_own_instant() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.restart();
    let due = rig.state.next_wake();
    rig.happen(Event::HealthReported { component: Component::Disk, code: "disk.full".into() });
    assert_eq!((kinds(&rig.calls), rig.state.next_wake()), (Vec::new(), due));
}

#[test]
fn disconnected_after_five_minutes_or_three_intervals() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for (passed, link) in [(60, Link::Retrying), (200, Link::Retrying), (100, Link::Disconnected)] {
        rig.pass(Duration::from_secs(passed));
        rig.fail_all(&unreachable());
        assert_eq!(rig.status().upstream.unwrap().link, link, "after {passed} s more");
    }
}

#[test]
fn the_portal_names_and_files_its_sensor_and_it_is_audited() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    rig.answer_heartbeat(|answered| {
        answered.answer.desired.name = Some("boiler house".parse().unwrap());
        answered.answer.desired.zone = Some("dmz".parse().unwrap());
    });
    let SensorState::Active { active } = rig.status().state else { panic!("not active") };
    assert_eq!(active.activation.name.as_str(), "boiler house");
    assert_eq!((active.activation.site, active.activation.zone), (None, Some("dmz".parse().unwrap())));
    assert_eq!(rig.audit.iter().filter(|record| record.action == Action::Named).count(), 1);
    wait(&mut rig);
    rig.answer_all();
    assert!(matches!(rig.status().state, SensorState::Active { active } if active.activation.zone.is_some()));
}

#[test]
fn a_management_console_names_nobody() {
    let mut rig = Rig::active(file(1, 10, local_with_console()));
    wait(&mut rig);
    rig.answer_heartbeat(|answered| answered.answer.desired.name = Some("boiler house".parse().unwrap()));
    assert!(
        matches!(rig.status().state, SensorState::Active { active } if active.activation.name.as_str() != "boiler house")
    );
}

#[test]
fn a_dead_hub_shows_within_a_quarter_of_an_hour() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    for _ in 0..17 {
        rig.pass(Duration::from_secs(60));
        for call in core::mem::take(&mut rig.calls) {
            match &call {
                Effect::ProbeHub(_) => rig.fail(&call, &unreachable()),
                _ => rig.answer(&call, picket_protocol::heartbeat::Answer { time: rig.wall, ..Default::default() }),
            }
        }
    }
    assert_eq!(rig.status().hub.unwrap().problem.unwrap().code, "endpoint.refused");
    assert_eq!(rig.status().upstream.unwrap().link, Link::Connected);
    assert_eq!(rig.status().health[&Component::Hub].code, "endpoint.refused");
}

#[test]
fn the_certificate_in_use_is_named() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    wait(&mut rig);
    assert_eq!(heartbeat(&rig).with, Slot::A);
    assert!(rig.status().upstream.unwrap().certificate_until.is_some());
}

#[test]
fn what_the_upstream_in_force_has_stored_is_passed_on_and_a_candidates_word_is_not() {
    let stored = || {
        let stream = picket_protocol::ids::StreamId::from_bytes([4; 16]);
        [(stream, Confirmation { up_to: 7, lacks: Vec::from([(2, 3)]) })].into()
    };
    let mut rig = settled();
    wait(&mut rig);
    rig.answer_heartbeat(|answered| answered.answer.confirmations = stored());
    let [confirmed] = &rig.confirmed[..] else { panic!("{:?}", rig.confirmed) };
    assert_eq!((confirmed.stamp.epoch.0, &confirmed.confirmations), (1, &stored()));
    rig.offer(file(1, 20, cloud())).unwrap();
    let enrol = rig.calls.remove(0);
    rig.answer(&enrol, Default::default());
    rig.answer_heartbeat(|answered| answered.answer.confirmations = stored());
    assert_eq!((rig.candidate(), rig.confirmed.len()), (Some(20), 1));
}

#[test]
fn a_hub_that_takes_probes_and_no_alerts_is_not_well() {
    let mut rig = settled();
    let says = |rig: &mut Rig, code: &str| {
        rig.happen(Event::HealthReported { component: Component::Hub, code: code.into() });
        rig.status().health[&Component::Hub].code.clone()
    };
    assert_eq!(says(&mut rig, "endpoint.http"), "endpoint.http");
    assert_eq!(says(&mut rig, "ok"), "ok");
}

#[test]
fn build_on_the_last_answer_that_is_stored_so_that_no_power_cut_leads_behind_it() {
    let mut rig = settled();
    wait(&mut rig);
    let kept = chain(&rig).previous;
    rig.stores_fail = true;
    for _ in 0..5 {
        wait(&mut rig);
        assert_eq!(chain(&rig).previous, kept);
        rig.answer_all();
    }
    rig.reboot();
    wait(&mut rig);
    assert_eq!(chain(&rig).previous, kept, "what was said before the cut is not contradicted");
    rig.stores_fail = false;
    rig.answer_all();
    wait(&mut rig);
    assert_ne!(chain(&rig).previous, kept, "it goes on once it can be stored");
}
