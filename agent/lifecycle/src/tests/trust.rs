//! Trust roots come in, and a withdrawn signer ends nothing that is in force.

use std::vec;

use picket_protocol::{
    local_api::{SensorState, TrustConfirmation},
    refusal::Refusal,
    trust::encode_roots,
};

use super::{
    fixtures::{cloud, file_of, local, owners, root_file},
    rig::{PERSON, Rig},
};
use crate::{
    State,
    audit::{Action, Actor},
    event::Event,
    outcome::Outcome,
};

fn confirm(rig: &mut Rig, characters: &str) -> Result<Outcome, Refusal> {
    let confirmation = TrustConfirmation { file: "".into(), characters: characters.into() };
    let roots = vec![owners()[0].first.clone()];
    rig.happen(Event::TrustConfirmed { roots, confirmation, by: PERSON }).unwrap()
}

#[test]
fn the_console_adds_the_first_by_its_typed_fingerprint() {
    let mut rig = Rig::with(State::default());
    let fingerprint = owners()[0].issuer;
    assert_eq!(confirm(&mut rig, "0000000000000000"), Err(Refusal::ConfirmationMismatch));
    assert!(!rig.status().trusted);
    assert_eq!(confirm(&mut rig, &fingerprint.confirmation()), Ok(Outcome::Trusted { fingerprint }));
    assert!(rig.status().trusted);
    let again = confirm(&mut rig, &fingerprint.confirmation());
    assert_eq!(again, Err(Refusal::AlreadyPinned { fingerprint }));
}

#[test]
fn pinning_the_same_again_is_no_change() {
    let mut rig = Rig::new();
    let records = rig.audit.len();
    let event = Event::TrustOffered { file: root_file(&owners()[0]), by: Actor::Configuration };
    assert!(matches!(rig.happen(event), Some(Ok(Outcome::Trusted { .. }))));
    assert_eq!(rig.audit.len(), records);
}

#[test]
fn a_file_that_does_not_hold_is_refused() {
    let mut rig = Rig::new();
    let before = rig.state.clone();
    let mut file = root_file(&owners()[0]);
    *file.last_mut().unwrap() ^= 1;
    let refused = rig.happen(Event::TrustOffered { file, by: PERSON });
    assert!(matches!(refused, Some(Err(_))), "{refused:?}");
    assert_eq!(rig.state.appliance().trust(), before.appliance().trust());
}

#[test]
fn a_withdrawn_signer_is_shown_and_ends_nothing_in_force() {
    let owner = &owners()[0];
    let mut rig = Rig::active(file_of(owner, owner.withdrawn, 1, 10, cloud()));
    let newer = encode_roots(&[owner.first.clone(), owner.second.clone()]);
    rig.happen(Event::TrustOffered { file: newer, by: PERSON });
    let SensorState::Active { active } = rig.status().state else { panic!("it ended") };
    assert!(active.signer_withdrawn);
    assert_eq!(rig.serial_in_force(), Some(10));
    assert!(rig.audit.iter().any(|record| record.action == Action::TrustRootUpdated));
}

#[test]
fn a_withdrawn_keys_floor_no_longer_counts() {
    let owner = &owners()[0];
    let mut rig = Rig::active(file_of(owner, owner.withdrawn, 1, 1_000, local()));
    let lower = file_of(owner, owner.standing, 1, 500, local());
    assert!(matches!(rig.offer(lower.clone()), Err(Refusal::OlderThanActive { .. })));
    let newer = encode_roots(&[owner.first.clone(), owner.second.clone()]);
    rig.happen(Event::TrustOffered { file: newer, by: PERSON });
    assert!(matches!(rig.offer(lower), Ok(Outcome::Committed { .. })));
}

#[test]
fn roots_that_came_with_a_file_are_stored_with_its_commit() {
    let owner = &owners()[0];
    let mut accepted = serde_json::to_value(file_of(owner, owner.standing, 1, 10, local())).unwrap();
    accepted["roots"] = serde_json::to_value([&owner.second]).unwrap();
    let mut rig = Rig::new();
    rig.offer(serde_json::from_value(accepted).unwrap()).unwrap();
    assert_eq!(rig.state.appliance().trust().get(&owner.issuer).unwrap().newest().version, 2);
}

#[test]
fn a_signer_withdrawn_by_the_files_own_roots_is_refused() {
    let owner = &owners()[0];
    let mut accepted = serde_json::to_value(file_of(owner, owner.withdrawn, 1, 10, local())).unwrap();
    accepted["roots"] = serde_json::to_value([&owner.second]).unwrap();
    let mut rig = Rig::new();
    let refused = rig.offer(serde_json::from_value(accepted).unwrap());
    assert!(matches!(refused, Err(Refusal::SignerWithdrawn { .. })), "{refused:?}");
}
