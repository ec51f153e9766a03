//! Recovery of the console's password: a nonce is drawn, and a document that names it is taken once.
//!
//! The nonce is used up durably before the console hears that it may set a new password.

use picket_protocol::{refusal::Refusal, typed_code::TypedCode};

use crate::{
    accepted::Recovered,
    audit::{Action, Actor},
    effect::Durability,
    outcome::Outcome,
    phase::Phase,
    turn::Turn,
};

/// Opens a recovery. One that is open stays: else whoever can reach the console could void the document that somebody
/// is just carrying here.
pub(crate) fn asked(turn: &mut Turn<'_>, by: &Actor) {
    let nonce = turn.appliance.recovery.clone().unwrap_or_else(|| open(turn, by));
    turn.answer(Ok(Outcome::RecoveryOpen { nonce }));
}

fn open(turn: &mut Turn<'_>, by: &Actor) -> TypedCode {
    let nonce = turn.dice.code();
    turn.appliance.recovery = Some(nonce.clone());
    turn.audit(by, Action::RecoveryStarted, None, None);
    turn.store(Durability::Required);
    nonce
}

/// Takes a document that was verified.
pub(crate) fn offered(phase: &Phase, turn: &mut Turn<'_>, recovered: &Recovered, by: &Actor) {
    let answer = judge(phase, turn, recovered).map(|()| {
        turn.appliance.recovery = None;
        let decided_by = recovered.recovery().decided_by.clone();
        turn.audit(by, Action::PasswordRecovered, None, Some(decided_by));
        turn.store(Durability::Required);
        Outcome::Done
    });
    turn.answer(answer);
}

fn judge(phase: &Phase, turn: &Turn<'_>, recovered: &Recovered) -> Result<(), Refusal> {
    let nonce = turn.appliance.recovery.as_ref().ok_or(Refusal::NoRecovery)?;
    let recovery = recovered.recovery();
    if !nonce.matches(&recovery.nonce) {
        return Err(Refusal::WrongNonce);
    }
    // A trust root that is pinned besides must not open the console of another owner's sensor.
    match phase.in_force().map(|active| active.accepted.activation().issuer) {
        Some(owner) if owner != recovery.issuer => Err(Refusal::NotByOwner { issuer: recovery.issuer, owner }),
        Some(_) | None => Ok(()),
    }
}
