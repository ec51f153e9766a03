//! The console's first sign-in, and the recovery of its password.

use core::time::Duration;
use std::string::{String, ToString as _};

use picket_protocol::{
    documents::recovery::Recovery,
    ids::{ApplianceId, Cti, TrustRootId},
    local_api::SetupState,
    refusal::Refusal,
    typed_code::TypedCode,
};

use super::{
    fixtures::{TODAY, file, local, owners},
    rig::{PERSON, Rig},
};
use crate::{
    State, accepted::Recovered, audit::Action, event::Event, moment::BootId, outcome::Outcome, settings::Settings,
};

fn give(rig: &mut Rig, code: &TypedCode) -> Result<Outcome, Refusal> {
    rig.happen(Event::SetupCodeTried { code: code.clone(), by: PERSON }).unwrap()
}

fn done(rig: &mut Rig) -> Result<Outcome, Refusal> {
    rig.happen(Event::SetupDone { by: PERSON }).unwrap()
}

fn code(rig: &Rig) -> TypedCode {
    rig.state.appliance().setup_code().expect("a setup code").clone()
}

fn wrong() -> TypedCode {
    "WRONG-CODE".parse().unwrap()
}

fn actions(rig: &Rig, action: Action) -> usize {
    rig.audit.iter().filter(|record| record.action == action).count()
}

#[test]
fn each_appliance_draws_its_own_code_and_keeps_it_over_restarts() {
    let mut rig = Rig::with(State::default());
    let drawn = code(&rig);
    rig.reboot();
    assert_eq!(code(&rig), drawn);
    let mut another = Rig::with(State::default());
    another.happen(Event::ResetAsked { by: PERSON });
    assert_ne!(code(&another), drawn);
}

#[test]
fn the_right_code_is_taken_again_until_the_admin_exists() {
    let mut rig = Rig::with(State::default());
    let right = code(&rig);
    assert_eq!(rig.status().setup, SetupState::Waiting);
    assert_eq!(give(&mut rig, &right), Ok(Outcome::Done));
    // The console crashed before it made its admin, and so did the agent.
    rig.restart();
    assert_eq!(rig.status().setup, SetupState::Granted);
    assert_eq!(give(&mut rig, &right), Ok(Outcome::Done));
    assert_eq!(give(&mut rig, &wrong()), Err(Refusal::WrongSetupCode));
    assert_eq!(done(&mut rig), Ok(Outcome::Done));
    assert_eq!(done(&mut rig), Ok(Outcome::Done));
    rig.restart();
    assert_eq!(rig.status().setup, SetupState::Done);
    assert_eq!(give(&mut rig, &right), Err(Refusal::SetupDone));
    assert_eq!((actions(&rig, Action::SetupCodeGiven), actions(&rig, Action::SetupDone)), (1, 1));
}

#[test]
fn a_grant_that_could_not_be_stored_is_none() {
    let mut rig = Rig::with(State::default());
    let right = code(&rig);
    rig.stores_fail = true;
    assert!(matches!(give(&mut rig, &right), Err(Refusal::StorageFailed { .. })));
    assert_eq!(rig.status().setup, SetupState::Waiting);
}

#[test]
fn wrong_codes_slow_down_and_never_lock_out() {
    let mut rig = Rig::with(State::default());
    let right = code(&rig);
    for _ in 0..5 {
        assert_eq!(give(&mut rig, &wrong()), Err(Refusal::WrongSetupCode));
    }
    for _ in 0..1_000 {
        let _ = give(&mut rig, &wrong());
    }
    assert!(matches!(give(&mut rig, &right), Err(Refusal::SetupWait { seconds: 1..=3 })));
    rig.pass(Duration::from_secs(3));
    assert_eq!(give(&mut rig, &right), Ok(Outcome::Done));
    assert_eq!(actions(&rig, Action::SetupCodeRefused), 5);
}

#[test]
fn at_most_one_wrong_code_in_two_seconds_is_looked_at_in_the_long_run() {
    let mut rig = Rig::with(State::default());
    let mut looked_at = 0;
    for _ in 0..600 {
        looked_at += usize::from(give(&mut rig, &wrong()) == Err(Refusal::WrongSetupCode));
        rig.pass(Duration::from_millis(100));
    }
    assert!((30..=45).contains(&looked_at), "{looked_at} in a minute");
}

#[test]
fn the_vendors_code_is_taken_in_place_of_a_drawn_one() {
    let mut rig = Rig::with(State::default());
    let vendors: TypedCode = "LABEL-0042".parse().unwrap();
    let settings = Settings { setup_code: Some(vendors.clone()), ..Settings::default() };
    rig.happen(Event::Started { boot: BootId([9; 16]), settings });
    assert_eq!(code(&rig), vendors);
    assert_eq!(give(&mut rig, &vendors), Ok(Outcome::Done));
    done(&mut rig).unwrap();
    // After a reset, the label on the machine holds again.
    rig.happen(Event::ResetAsked { by: PERSON });
    assert_eq!(code(&rig), vendors);
}

#[test]
fn a_setup_code_is_never_in_audit_or_debug() {
    let mut rig = Rig::with(State::default());
    let right = code(&rig);
    give(&mut rig, &right).unwrap();
    let said = std::format!("{:?} {}", rig.state, serde_json::to_string(&rig.audit).unwrap());
    assert!(!said.contains(right.as_str()) && !said.contains(&right.to_string()));
}

fn start(rig: &mut Rig) -> TypedCode {
    match rig.happen(Event::RecoveryAsked { by: PERSON }) {
        Some(Ok(Outcome::RecoveryOpen { nonce })) => nonce,
        other => panic!("{other:?}"),
    }
}

fn redeem(rig: &mut Rig, issuer: TrustRootId, nonce: &TypedCode) -> Result<Outcome, Refusal> {
    let recovered = Recovered::unread(Recovery {
        issuer,
        issued_at: TODAY,
        cti: Cti::from_bytes([1; 16]),
        appliance: ApplianceId::from_digest(&[3; 32]),
        nonce: nonce.clone(),
        decided_by: String::from("m.kovac"),
    });
    rig.happen(Event::RecoveryOffered { recovered, by: PERSON }).unwrap()
}

#[test]
fn a_recovery_document_serves_once() {
    let issuer = owners()[0].issuer;
    let mut rig = Rig::active(file(1, 10, local()));
    let nonce = start(&mut rig);
    assert_eq!(start(&mut rig), nonce, "asking again voids nothing");
    rig.reboot();
    assert_eq!(start(&mut rig), nonce);
    assert_eq!(redeem(&mut rig, issuer, &nonce), Ok(Outcome::Done));
    rig.restart();
    assert_eq!(redeem(&mut rig, issuer, &nonce), Err(Refusal::NoRecovery));
    assert_ne!(start(&mut rig), nonce);
    assert_eq!(redeem(&mut rig, issuer, &nonce), Err(Refusal::WrongNonce));
    assert_eq!(actions(&rig, Action::PasswordRecovered), 1);
}

#[test]
fn a_recovery_that_could_not_be_stored_is_none_and_its_document_still_serves() {
    let issuer = owners()[0].issuer;
    let mut rig = Rig::active(file(1, 10, local()));
    let nonce = start(&mut rig);
    rig.stores_fail = true;
    assert!(matches!(redeem(&mut rig, issuer, &nonce), Err(Refusal::StorageFailed { .. })));
    rig.stores_fail = false;
    assert_eq!(redeem(&mut rig, issuer, &nonce), Ok(Outcome::Done));
}

#[test]
fn only_the_owner_of_an_activated_sensor_recovers_it() {
    let [ours, other] = owners();
    let mut rig = Rig::active(file(1, 10, local()));
    let nonce = start(&mut rig);
    let refused = redeem(&mut rig, other.issuer, &nonce);
    assert_eq!(refused, Err(Refusal::NotByOwner { issuer: other.issuer, owner: ours.issuer }));
    assert_eq!(redeem(&mut rig, ours.issuer, &nonce), Ok(Outcome::Done));
    let mut unactivated = Rig::new();
    let nonce = start(&mut unactivated);
    assert_eq!(redeem(&mut unactivated, other.issuer, &nonce), Ok(Outcome::Done));
}
