//! Wrong clocks: a boot in 1970 or 2099, later corrected, loses no activation, window or certificate.

use core::time::Duration;

use picket_protocol::{
    heartbeat::{Answer, Component},
    local_api::Link,
    refusal::Refusal,
    time::UnixSeconds,
};

use super::{
    fixtures::{TODAY, cloud, file},
    rig::{Rig, call_of, kinds, unreachable},
};
use crate::{effect::Effect, identity::Slot};

const Y1970: UnixSeconds = UnixSeconds(1_000);
const Y2099: UnixSeconds = UnixSeconds(4_080_000_000);

fn expired() -> Refusal {
    Refusal::TlsExpired { host: "portal.example".into(), not_after: TODAY.plus(365 * 86_400) }
}

/// Runs for an hour at a wrong clock, with every call failing in this way, then at the right one.
fn lives_through(wrong: UnixSeconds, why: &Refusal) -> Rig {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let before = (rig.serial_in_force(), rig.epoch());
    rig.wall = wrong;
    rig.reboot();
    for _ in 0..12 {
        rig.pass(Duration::from_secs(300));
        rig.fail_all(why);
    }
    assert_eq!((rig.serial_in_force(), rig.epoch()), before);
    rig.wall = TODAY.plus(7_200);
    rig.pass(Duration::from_secs(400));
    rig.answer_all();
    assert_eq!(rig.status().upstream.unwrap().link, Link::Connected);
    rig
}

#[test]
fn a_boot_in_1970_loses_nothing() {
    let mut rig = lives_through(Y1970, &unreachable());
    assert_eq!(rig.status().health[&Component::Clock].code, "ok");
}

#[test]
fn a_boot_in_2099_loses_nothing() {
    let mut rig = lives_through(Y2099, &expired());
    rig.pass(Duration::from_secs(70));
    let slots = rig.calls.iter().find_map(|call| match call {
        Effect::SendHeartbeat(order) => Some(order.with),
        _ => None,
    });
    assert_eq!(slots, Some(Slot::A), "the certificate was given up for a wrong clock");
    assert!(!kinds(&rig.calls).contains(&"renew"), "still renewing for a clock that was corrected");
}

#[test]
fn at_1970_certificates_are_judged_by_the_floor_and_not_before_is_not_enforced() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let floor = rig.status().clock.floor;
    assert!(floor >= TODAY);
    rig.wall = Y1970;
    rig.reboot();
    rig.pass(Duration::from_secs(10));
    let time = call_of(&rig.calls[0]).tls_time;
    assert_eq!((time.at, time.enforce_not_before), (floor, false));
    rig.wall = TODAY.plus(86_400);
    rig.answer_all();
    rig.pass(Duration::from_secs(70));
    let time = call_of(&rig.calls[0]).tls_time;
    assert!(time.enforce_not_before && time.at >= TODAY.plus(86_400));
}

#[test]
fn this_sensors_clock_is_told_from_an_unreachable_portal() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.wall = Y2099;
    rig.pass(Duration::from_secs(70));
    rig.fail_all(&expired());
    let status = rig.status();
    assert_eq!(status.upstream.unwrap().link, Link::ClockWrong);
    assert_eq!(status.health[&Component::Clock].code, "endpoint.clock-drift");
    rig.pass(Duration::from_secs(300));
    rig.fail_all(&unreachable());
    assert_ne!(rig.status().upstream.unwrap().link, Link::ClockWrong);
}

#[test]
fn an_expired_certificate_by_a_right_clock_is_the_portals_fault() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    let not_after = rig.wall.plus(-86_400);
    rig.fail_all(&Refusal::TlsExpired { host: "portal.example".into(), not_after });
    assert_ne!(rig.status().upstream.unwrap().link, Link::ClockWrong);
    // Two minutes of drift do not explain a day.
    rig.wall = rig.wall.plus(120);
    assert_ne!(rig.status().upstream.unwrap().link, Link::ClockWrong);
}

#[test]
fn after_a_boot_in_2099_the_clock_is_blamed_before_any_answer() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.wall = Y2099;
    rig.reboot();
    rig.pass(Duration::from_secs(10));
    rig.fail_all(&expired());
    assert_eq!(rig.status().upstream.unwrap().link, Link::ClockWrong);
}

#[test]
fn drift_is_told_from_the_last_answer_on() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    let wall = rig.wall;
    rig.answer_heartbeat(|answered| answered.answer.time = wall.plus(-300));
    assert_eq!(rig.status().clock.drift_seconds, Some(300));
    rig.wall = rig.wall.plus(-300);
    assert_eq!(rig.status().clock.drift_seconds, None, "the clock was corrected");
    rig.wall = rig.wall.plus(86_400);
    assert_eq!(rig.status().clock.drift_seconds, Some(86_400), "the clock jumped");
}

#[test]
fn a_portal_with_a_wrong_clock_does_not_shut_itself_out() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    let certificate_until = rig.wall.plus(90 * 86_400);
    rig.answer_heartbeat(|answered| {
        answered.answer.time = Y2099;
        answered.server_not_after = Some(certificate_until);
    });
    assert!(rig.status().clock.floor < certificate_until);
}

#[test]
fn a_candidates_portal_has_no_say_about_the_time() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let floor = rig.status().clock.floor;
    rig.offer(file(2, 20, cloud())).unwrap();
    let enrol = rig.calls.remove(0);
    rig.answer(&enrol, Answer::default());
    rig.answer_heartbeat(|answered| answered.answer.time = Y2099);
    assert_eq!((rig.status().clock.floor, rig.candidate()), (floor, Some(20)));
}

#[test]
fn probation_and_back_off_do_not_follow_the_wall_clock() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(2, 20, cloud())).unwrap();
    rig.fail_all(&unreachable());
    rig.wall = Y2099;
    rig.pass(Duration::from_secs(600));
    rig.wall = Y1970;
    assert_eq!(rig.candidate(), Some(20));
    assert_eq!(rig.status().candidate.unwrap().remaining_seconds, 300);
}
