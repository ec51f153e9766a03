//! Epochs: what each commit leaves for the alerts detected under it.

use core::time::Duration;
use std::vec::Vec;

use super::{
    fixtures::{cloud, deactivation, file, local, local_with_console, owners, root_file, sensor},
    rig::{PERSON, Rig},
};
use crate::{
    State,
    epochs::{EngineMark, MAX_EPOCHS, Routing},
    event::Event,
};

fn file_of_length(length: u64) -> EngineMark {
    EngineMark::File { device: 1, inode: 2, length }
}

fn routings(rig: &Rig) -> Vec<(u64, Routing)> {
    rig.state.epochs().iter().map(|record| (record.epoch.0, record.routing)).collect()
}

#[test]
fn each_commit_and_each_deactivation_begins_one() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.offer(file(1, 20, local())).unwrap();
    rig.offer(file(1, 30, local_with_console())).unwrap();
    rig.offer(file(2, 40, cloud())).unwrap();
    rig.answer_all();
    rig.pass(Duration::from_secs(70));
    rig.answer_heartbeat(|answered| answered.deactivation = Some(Ok(deactivation(2, 50))));
    let expected = [
        (1, Routing::CloudConnected),
        (2, Routing::LocallyManaged { paired: false }),
        (3, Routing::LocallyManaged { paired: true }),
        (4, Routing::CloudConnected),
        (5, Routing::Deactivated),
    ];
    assert_eq!(routings(&rig), expected);
    let sensors: Vec<_> = rig.state.epochs().iter().map(|record| record.sensor).collect();
    assert_eq!(sensors, [1, 1, 1, 2, 2].map(sensor));
}

#[test]
fn it_begins_where_the_engines_output_stood_at_its_commit() {
    let mut rig = Rig::new();
    rig.engine = file_of_length(100);
    rig.offer(file(1, 10, cloud())).unwrap();
    rig.engine = file_of_length(200);
    rig.answer_all();
    rig.offer(file(1, 20, cloud())).unwrap();
    rig.engine = file_of_length(300);
    rig.answer_all();
    let boundaries: Vec<_> = rig.state.epochs().iter().map(|record| record.boundary).collect();
    assert_eq!(boundaries, [100, 300].map(file_of_length));
}

#[test]
fn a_commit_that_cannot_be_stored_begins_none() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.stores_fail = true;
    assert!(rig.offer(file(1, 20, local())).is_err());
    assert_eq!(rig.state.epochs().len(), 1);
}

#[test]
fn only_the_last_are_remembered() {
    let mut rig = Rig::new();
    for serial in 1..=40 {
        rig.offer(file(1, serial, local())).unwrap();
    }
    let epochs: Vec<u64> = rig.state.epochs().iter().map(|record| record.epoch.0).collect();
    assert_eq!(epochs, (9..=40).collect::<Vec<u64>>());
    assert_eq!(epochs.len(), MAX_EPOCHS);
}

#[test]
fn a_reset_forgets_them_and_the_next_one_is_higher() {
    let mut rig = Rig::active(file(1, 10, cloud()));
    rig.happen(Event::ResetAsked { by: PERSON });
    assert!(rig.state.epochs().is_empty());
    rig.happen(Event::TrustOffered { file: root_file(&owners()[0]), by: PERSON });
    rig.offer(file(1, 10, cloud())).unwrap();
    assert_eq!(routings(&rig), [(3, Routing::CloudConnected)]);
}

#[test]
fn a_state_of_the_first_release_begins_one_where_it_is_read() {
    let rig = Rig::active(file(1, 10, cloud()));
    let mut stored = serde_json::to_value(&rig.state).unwrap();
    stored["appliance"].as_object_mut().unwrap().remove("epochs").unwrap();
    let mut rig = Rig::with(serde_json::from_value::<State>(stored).unwrap());
    assert_eq!(routings(&rig), [(1, Routing::CloudConnected)]);
    let first = rig.state.epochs().to_vec();
    rig.restart();
    assert_eq!(rig.state.epochs(), first);
}
