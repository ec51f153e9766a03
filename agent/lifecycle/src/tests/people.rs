//! Names and the proxy.

use core::time::Duration;
use std::string::String;

use picket_protocol::{
    local_api::{PeopleDeed, PeopleRecord, ProxySettings, SensorState},
    refusal::Refusal,
};

use super::{
    fixtures::{cloud, deactivation, file, local},
    rig::{PERSON, Rig, call_of, kinds},
};
use crate::{event::Event, outcome::Outcome, proxy::ProxyChoice};

fn name(rig: &mut Rig, name: &str) -> Result<Outcome, Refusal> {
    rig.happen(Event::NameAsked { name: name.into(), by: PERSON }).unwrap()
}

fn named(rig: &mut Rig) -> String {
    match rig.status().state {
        SensorState::Active { active } => active.activation.name.into(),
        other => panic!("not active: {other:?}"),
    }
}

#[test]
fn a_locally_managed_sensor_is_named_by_people() {
    let mut rig = Rig::active(file(1, 10, local()));
    assert_eq!(named(&mut rig), "sensor 1 of 10");
    assert_eq!(name(&mut rig, "Pump house 3"), Ok(Outcome::Done));
    rig.restart();
    assert_eq!(named(&mut rig), "Pump house 3");
    assert!(matches!(name(&mut rig, "-"), Err(Refusal::InvalidName { .. })));
    assert_eq!(named(&mut rig), "Pump house 3");
}

#[test]
fn a_new_commit_brings_its_own_name() {
    let mut rig = Rig::active(file(1, 10, local()));
    name(&mut rig, "Pump house 3").unwrap();
    rig.offer(file(1, 20, local())).unwrap();
    assert_eq!(named(&mut rig), "sensor 1 of 20");
}

#[test]
fn a_cloud_connected_sensor_is_named_by_its_portal() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    assert_eq!(name(&mut rig, "Pump house 3"), Err(Refusal::NameFixed));
}

#[test]
fn where_no_activation_is_in_force_there_is_nothing_to_name() {
    let mut rig = Rig::new();
    assert!(matches!(name(&mut rig, "Pump house 3"), Err(Refusal::InvalidRequest { .. })));
    rig.offer(file(1, 10, cloud())).unwrap();
    rig.answer_all();
    rig.pass(Duration::from_secs(70));
    rig.answer_heartbeat(|answered| answered.deactivation = Some(Ok(deactivation(1, 20))));
    assert!(matches!(name(&mut rig, "Pump house 3"), Err(Refusal::InvalidRequest { .. })));
}

#[test]
fn another_proxy_ends_what_is_open_and_tries_anew_through_it() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.pass(Duration::from_secs(70));
    assert_eq!(call_of(&rig.calls[0]).proxy, None);
    let settings = ProxySettings {
        url: "http://proxy.example:3128".into(),
        user: Some("ot".into()),
        password: Some(String::from("hunter2").into()),
    };
    let choice = ProxyChoice::Through(settings.clone());
    assert_eq!(rig.happen(Event::ProxyAsked { choice, by: PERSON }), Some(Ok(Outcome::Done)));
    assert!(kinds(&rig.calls).contains(&"heartbeat") && !rig.ended.is_empty());
    assert!(rig.calls.iter().all(|call| call_of(call).proxy.as_ref() == Some(&settings)));
    let said = serde_json::to_string(&rig.audit).unwrap();
    assert!(said.contains("proxy.example") && !said.contains("hunter2"));
    assert!(!std::format!("{:?}", rig.state).contains("hunter2"));
}

#[test]
fn a_check_is_recorded_and_changes_nothing() {
    let mut rig = Rig::active(file(1, 10, local()));
    let before = rig.state.clone();
    assert_eq!(rig.happen(Event::CheckAsked { by: PERSON }), Some(Ok(Outcome::Done)));
    assert_eq!(rig.state.phase(), before.phase());
    assert_eq!(rig.audit.last().map(|record| record.action), Some(crate::audit::Action::EndpointsChecked));
}

#[test]
fn what_people_do_at_the_console_is_recorded_and_changes_nothing() {
    let mut rig = Rig::active(file(1, 10, local()));
    let before = rig.state.clone();
    let record = PeopleRecord { what: PeopleDeed::PersonAdded, before: None, after: Some("jon, viewer".into()) };
    assert_eq!(rig.happen(Event::PeopleActed { record, by: PERSON }), Some(Ok(Outcome::Done)));
    assert_eq!(rig.state.phase(), before.phase());
    let last = rig.audit.last().map(|record| (record.action, record.after.as_deref()));
    assert_eq!(last, Some((crate::audit::Action::PersonAdded, Some("jon, viewer"))));
}
