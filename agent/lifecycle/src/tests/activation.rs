//! What becomes of an upload: first activations, local ones, repeats, refusals, failures to store.

use core::time::Duration;
use std::vec;

use picket_protocol::{
    documents::activation::{HubKind, ModeSettings},
    local_api::{Link, Proof, SensorState, Start},
    refusal::Refusal,
};

use super::{
    fixtures::{cloud, file, file_of, local, local_with_console, owners, sensor},
    rig::{Rig, kinds, unreachable},
};
use crate::{accepted::Accepted, audit::Action, effect::Effect, outcome::Outcome, routes::RouteTo};

#[test]
fn first_activation_takes_effect_on_verification_and_shows_pending() {
    let mut rig = Rig::new();
    let outcome = rig.offer(file(1, 10, cloud()));
    assert!(matches!(outcome, Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(10), 1));
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    assert_eq!(rig.status().upstream.unwrap().link, Link::Pending);
    rig.answer_all();
    let status = rig.status();
    let SensorState::Active { active } = status.state else { panic!("not active") };
    assert_eq!(active.proof, Proof::COMPLETE);
    assert_eq!(status.upstream.unwrap().link, Link::Connected);
    assert_eq!(status.hub.unwrap().link, Link::Connected);
}

#[test]
fn first_activation_keeps_trying_for_ever() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, cloud())).unwrap();
    let hour = Duration::from_secs(3_600);
    for _ in 0..48 {
        rig.fail_all(&unreachable());
        rig.pass(hour);
        assert_eq!((rig.serial_in_force(), kinds(&rig.calls)), (Some(10), vec!["enrol"]));
    }
    rig.answer_all();
    assert_eq!(rig.status().upstream.unwrap().link, Link::Connected);
}

#[test]
fn locally_managed_without_a_console_asks_for_nothing_ever() {
    let mut rig = Rig::active(file(1, 10, local()));
    for _ in 0..5 {
        rig.pass(Duration::from_secs(86_400));
        assert!(rig.calls.is_empty());
    }
    rig.restart();
    assert!(rig.calls.is_empty());
    assert_eq!(rig.state.next_wake(), None);
    assert_eq!(rig.status().upstream, None);
}

#[test]
fn locally_managed_with_a_console_pairs_and_reports_and_probes_no_hub() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, local_with_console())).unwrap();
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    rig.answer_all();
    let status = rig.status();
    assert_eq!((status.upstream.unwrap().link, status.hub), (Link::Connected, None));
    rig.pass(Duration::from_secs(70));
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
}

#[test]
fn locally_managed_commits_at_once_from_cloud_and_ends_its_connections_first() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
    let outcome = rig.offer(file(1, 20, local()));
    assert!(matches!(outcome, Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(20), 2));
    assert!(rig.calls.is_empty(), "an old call lives on");
    let late = rig.ended.pop().unwrap();
    rig.answer(&late, picket_protocol::heartbeat::Answer::default());
    assert!(rig.calls.is_empty(), "a late answer woke the old activation");
}

#[test]
fn the_same_file_again_changes_nothing() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let before = rig.state.clone();
    assert_eq!(rig.offer(file(1, 10, cloud())), Ok(Outcome::AlreadyActive));
    assert_eq!(rig.state.phase(), before.phase());
}

#[test]
fn an_older_serial_is_refused() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(1, 20, local())).unwrap();
    let refused = rig.offer(file(1, 15, local()));
    assert!(matches!(refused, Err(Refusal::OlderThanActive { .. })), "{refused:?}");
    assert_eq!(rig.serial_in_force(), Some(20));
}

#[test]
fn an_older_serial_of_a_sensor_held_before_is_refused() {
    let mut rig = Rig::active(file(1, 10, local()));
    rig.offer(file(2, 20, local())).unwrap();
    let refused = rig.offer(file(1, 15, local()));
    assert!(matches!(refused, Err(Refusal::OlderThanActive { .. })), "{refused:?}");
}

#[test]
fn a_file_of_another_owner_does_not_compare() {
    let mut rig = Rig::active(file(1, 10, local()));
    let other = &owners()[1];
    let outcome = rig.offer(file_of(other, other.standing, 1, 5, local()));
    assert!(matches!(outcome, Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(5), 2));
}

#[test]
fn a_broker_is_asked_on_the_topic_that_alerts_take() {
    let ModeSettings::CloudConnected(mut settings) = cloud() else { panic!("not cloud") };
    settings.hub.kind = HubKind::Mqtt;
    settings.hub.topic_template = Some("plant/{sensor_id}/alerts".into());
    let mut rig = Rig::new();
    rig.offer(file(1, 10, ModeSettings::CloudConnected(settings))).unwrap();
    let enrol = rig.calls.remove(0);
    rig.answer(&enrol, Default::default());
    let heartbeat = rig.calls.remove(0);
    rig.answer(&heartbeat, Default::default());
    let to = RouteTo::Mqtt { topic: std::format!("plant/{}/alerts", sensor(1)) };
    assert!(matches!(&rig.calls[..], [Effect::ProbeHub(probe)] if probe.to == to), "{:?}", rig.calls);
    assert_eq!(rig.state.routes().hub.map(|route| route.to), Some(to));
}

#[test]
fn a_commit_that_cannot_be_stored_changes_nothing_and_can_be_repeated() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    rig.stores_fail = true;
    let refused = rig.offer(file(1, 20, local()));
    assert!(matches!(refused, Err(Refusal::StorageFailed { .. })), "{refused:?}");
    assert_eq!((rig.serial_in_force(), rig.epoch()), (Some(10), 1));
    // Its connections were ended for the commit: they come back.
    rig.pass(Duration::from_secs(15));
    assert_eq!(kinds(&rig.calls), ["heartbeat"]);
    rig.stores_fail = false;
    assert!(matches!(rig.offer(file(1, 20, local())), Ok(Outcome::Committed { .. })));
}

#[test]
fn an_overridden_window_is_audited() {
    let accepted = serde_json::to_value(file(1, 10, local())).unwrap();
    let mut overridden = accepted;
    overridden["window_overridden"] = true.into();
    let overridden: Accepted = serde_json::from_value(overridden).unwrap();
    let mut rig = Rig::new();
    rig.offer(overridden).unwrap();
    assert!(rig.audit.iter().any(|record| record.action == Action::UploadWindowOverridden));
}

#[test]
fn a_switch_without_waiting_commits_at_once_and_goes_on_trying() {
    let mut rig = Rig::active(file(1, 10, local()));
    let outcome = rig.offer_with(file(2, 20, cloud()), Start::Now);
    assert!(matches!(outcome, Ok(Outcome::Committed { .. })));
    assert_eq!((rig.serial_in_force(), kinds(&rig.calls)), (Some(20), vec!["enrol"]));
}
