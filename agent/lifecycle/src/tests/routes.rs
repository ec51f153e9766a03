//! Routes: which alerts go where, as activations come and go.

use core::time::Duration;
use std::vec::Vec;

use picket_protocol::documents::activation::{HubKind, ModeSettings};

use super::{
    fixtures::{cloud, deactivation, endpoint, file, file_of, local, local_with_console, owners, sensor},
    rig::Rig,
};
use crate::routes::{Route, RouteTo, Routes};

fn epochs(route: Option<Route>) -> Option<Vec<u64>> {
    route.map(|route| route.epochs.into_iter().map(|epoch| epoch.0).collect())
}

/// The epochs that go to the hub, and to the management console.
fn routed(rig: &Rig) -> (Option<Vec<u64>>, Option<Vec<u64>>) {
    let Routes { hub, console } = rig.state.routes();
    (epochs(hub), epochs(console))
}

/// Takes over and is proved, if it is of the cloud.
fn switch(rig: &mut Rig, accepted: crate::accepted::Accepted) {
    rig.offer(accepted).unwrap();
    rig.answer_all();
}

#[test]
fn an_unactivated_sensor_has_none_and_neither_has_one_without_identity() {
    let mut rig = Rig::new();
    assert_eq!(rig.state.routes(), Routes::default());
    rig.offer(file(1, 10, cloud())).unwrap();
    assert_eq!(rig.state.routes(), Routes::default(), "before its enrolment");
    rig.answer_all();
    let hub = rig.state.routes().hub.unwrap();
    assert_eq!((hub.to, hub.endpoint, hub.sensor), (RouteTo::Https, endpoint("hub.example"), sensor(1)));
    assert_eq!(hub.stamp.epoch.0, 1);
}

#[test]
fn a_candidate_changes_none() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    let before = rig.state.routes();
    rig.offer(file(1, 20, cloud())).unwrap();
    assert_eq!(rig.state.routes(), before);
}

#[test]
fn what_was_detected_while_local_never_goes_to_a_hub() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    switch(&mut rig, file(1, 20, local()));
    assert_eq!(rig.state.routes(), Routes::default());
    switch(&mut rig, file(1, 30, cloud()));
    assert_eq!(routed(&rig), (Some([1, 3].into()), None));
}

#[test]
fn what_was_not_delivered_goes_to_the_new_hub_of_the_same_owner_alone() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    switch(&mut rig, file(1, 20, cloud()));
    assert_eq!(routed(&rig), (Some([1, 2].into()), None));
    let other = &owners()[1];
    switch(&mut rig, file_of(other, other.standing, 1, 30, cloud()));
    assert_eq!(routed(&rig), (Some([3].into()), None));
}

#[test]
fn a_management_console_gets_what_was_detected_since_pairing_without_a_break() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    switch(&mut rig, file(1, 20, local()));
    switch(&mut rig, file(1, 30, local_with_console()));
    assert_eq!(routed(&rig), (None, Some([3].into())));
    switch(&mut rig, file(1, 40, local_with_console()));
    assert_eq!(routed(&rig), (None, Some([3, 4].into())));
    switch(&mut rig, file(1, 50, local()));
    assert_eq!(rig.state.routes(), Routes::default());
    switch(&mut rig, file(1, 60, local_with_console()));
    assert_eq!(routed(&rig), (None, Some([6].into())));
    let other = &owners()[1];
    switch(&mut rig, file_of(other, other.standing, 1, 70, local_with_console()));
    assert_eq!(routed(&rig), (None, Some([7].into())));
}

#[test]
fn a_deactivated_sensor_has_none_and_what_it_detects_then_stays() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    rig.answer_heartbeat(|answered| answered.deactivation = Some(Ok(deactivation(1, 20))));
    assert_eq!(rig.state.routes(), Routes::default());
    switch(&mut rig, file(1, 30, cloud()));
    assert_eq!(routed(&rig), (Some([1, 3].into()), None));
}

#[test]
fn an_offer_tells_beforehand_what_would_go_on() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    switch(&mut rig, file(1, 20, local_with_console()));
    let would = |accepted: &crate::accepted::Accepted| -> Vec<u64> {
        rig.state.epochs_for(accepted.activation()).into_iter().map(|epoch| epoch.0).collect()
    };
    assert_eq!(would(&file(1, 30, cloud())), [1]);
    assert_eq!(would(&file(1, 30, local_with_console())), [2]);
    assert!(would(&file(1, 30, local())).is_empty());
    let other = &owners()[1];
    assert!(would(&file_of(other, other.standing, 1, 30, cloud())).is_empty());
}

#[test]
fn a_broker_gets_the_sensors_own_topic() {
    let ModeSettings::CloudConnected(mut settings) = cloud() else { panic!("not of the cloud") };
    settings.hub.kind = HubKind::Mqtt;
    settings.hub.topic_template = Some("plant/{sensor_id}/alerts".into());
    let to = RouteTo::of(&settings.hub, sensor(1)).unwrap();
    assert_eq!(to, RouteTo::Mqtt { topic: std::format!("plant/{}/alerts", sensor(1)) });
}
