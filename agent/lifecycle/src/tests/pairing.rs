//! A management console by a person's word.

use core::time::Duration;
use std::{string::String, vec::Vec};

use picket_protocol::{local_api::SensorState, refusal::Refusal};

use super::{
    fixtures::{cloud, console, file, local, local_with_console},
    rig::{PERSON, Rig, call_of, kinds},
};
use crate::{
    audit::Action,
    epochs::Routing,
    event::{Event, Failure},
    outcome::Outcome,
};

fn connect(rig: &mut Rig, host: Option<&str>) -> Result<Outcome, Refusal> {
    rig.happen(Event::ConsoleAsked { console: host.map(console), by: PERSON }).unwrap()
}

fn epoch_of(outcome: Result<Outcome, Refusal>) -> u64 {
    match outcome {
        Ok(Outcome::Committed { epoch }) => epoch.0,
        other => panic!("not committed: {other:?}"),
    }
}

fn routings(rig: &Rig) -> Vec<Routing> {
    rig.state.epochs().iter().map(|record| record.routing).collect()
}

#[test]
fn a_silent_sensor_is_connected_and_taken_off_again() {
    let mut rig = Rig::active(file(1, 10, local()));
    rig.happen(Event::NameAsked { name: "Pump house 3".into(), by: PERSON });
    let before = rig.epoch();
    assert_eq!(epoch_of(connect(&mut rig, Some("console.example"))), before + 1);
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    rig.restart();
    rig.pass(Duration::from_secs(10));
    rig.answer_all();
    rig.pass(Duration::from_secs(70));
    assert_eq!(call_of(&rig.calls[0]).endpoint.url, "https://console.example");
    let routes = rig.state.routes();
    let epochs: Vec<u64> = routes.console.unwrap().epochs.iter().map(|epoch| epoch.0).collect();
    assert_eq!(epochs, [before + 1], "what was detected before the pairing goes nowhere");

    assert_eq!(epoch_of(connect(&mut rig, None)), before + 2);
    assert!(rig.calls.is_empty() && rig.state.next_wake().is_none(), "it asks for a packet");
    assert!(rig.state.routes().console.is_none());
    let paired = |paired| Routing::LocallyManaged { paired };
    assert_eq!(routings(&rig), [paired(false), paired(true), paired(false)]);
    let SensorState::Active { active } = rig.status().state else { panic!("not active") };
    assert_eq!(String::from(active.activation.name), "Pump house 3", "a pairing is no new activation");
    assert_eq!(rig.serial_in_force(), Some(10));
}

#[test]
fn another_console_ends_what_is_open_to_the_one_before() {
    let mut rig = Rig::active(file(1, 10, local_with_console()));
    rig.pass(Duration::from_secs(70));
    let old = rig.calls[0].clone();
    epoch_of(connect(&mut rig, Some("other.example")));
    assert_eq!(rig.ended.last(), Some(&old));
    assert_eq!(kinds(&rig.calls), ["enrol"]);
    assert_eq!(call_of(&rig.calls[0]).endpoint.url, "https://other.example");
    let record = rig.audit.last().unwrap();
    let words = |text: &Option<String>| text.clone().unwrap();
    assert_eq!(record.action, Action::ConsoleConnected);
    assert_eq!(
        (words(&record.before), words(&record.after)),
        ("https://console.example".into(), "https://other.example".into())
    );
}

#[test]
fn a_token_that_is_spent_is_mended_by_another() {
    let mut rig = Rig::new();
    rig.offer(file(1, 10, local_with_console())).unwrap();
    let call = rig.calls.remove(0);
    let spent = Refusal::AlreadyUsed { sensor: super::fixtures::sensor(2) };
    rig.happen(Event::Enrolled(super::rig::ended(&call, Err(Failure::from(spent)))));
    assert!(rig.calls.is_empty());
    epoch_of(connect(&mut rig, Some("console.example")));
    assert_eq!(kinds(&rig.calls), ["enrol"]);
}

#[test]
fn only_a_locally_managed_sensor_that_proves_nothing_is_paired() {
    let refused = |rig: &mut Rig| {
        let before = rig.state.clone();
        let why = connect(rig, Some("console.example")).unwrap_err();
        assert_eq!(rig.state, before);
        why
    };
    assert!(matches!(refused(&mut Rig::new()), Refusal::InvalidRequest { .. }));
    assert!(matches!(refused(&mut Rig::active(file(1, 10, cloud()))), Refusal::InvalidRequest { .. }));
    let mut rig = Rig::active(file(1, 10, local()));
    rig.offer(file(1, 20, cloud())).unwrap();
    assert!(matches!(refused(&mut rig), Refusal::Busy { .. }));
}

#[test]
fn a_full_disk_pairs_nobody() {
    let mut rig = Rig::active(file(1, 10, local()));
    let before = rig.state.clone();
    rig.stores_fail = true;
    assert!(matches!(connect(&mut rig, Some("console.example")), Err(Refusal::StorageFailed { .. })));
    assert_eq!(rig.state.phase(), before.phase());
    assert!(rig.calls.is_empty());
}
