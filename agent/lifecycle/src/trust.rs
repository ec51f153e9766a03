//! Trust roots come in: from the image, from root, or from a person at the console who typed the fingerprint.

use alloc::{format, string::String, vec::Vec};

use picket_protocol::{ids::TrustRootId, local_api::TrustConfirmation, refusal::Refusal, trust::TrustStore};

use crate::{
    audit::{Action, Actor},
    effect::Durability,
    outcome::Outcome,
    phase::Phase,
    turn::Turn,
};

/// A trust root file from the image or from root.
pub(crate) fn offered(phase: Phase, turn: &mut Turn<'_>, file: &[u8], by: &Actor) -> Phase {
    let mut trust = turn.appliance.trust.clone();
    let pinned = trust.pin(file).map(|id| pinned(turn, trust, id, by));
    turn.answer(pinned);
    phase
}

/// The first trust root, by a person at the console: only an unactivated sensor that trusts nobody takes one so.
pub(crate) fn confirmed(
    phase: &Phase,
    turn: &mut Turn<'_>,
    roots: &[Vec<u8>],
    confirmation: &TrustConfirmation,
    by: &Actor,
) {
    let answer = first(phase, turn, roots, confirmation).map(|(trust, id)| pinned(turn, trust, id, by));
    turn.answer(answer);
}

fn first(
    phase: &Phase,
    turn: &Turn<'_>,
    roots: &[Vec<u8>],
    confirmation: &TrustConfirmation,
) -> Result<(TrustStore, TrustRootId), Refusal> {
    let known = turn.appliance.trust.chains().next().map(|chain| *chain.id());
    let mut trust = TrustStore::default();
    let id = trust.pin_roots(roots)?;
    if let Some(fingerprint) = known {
        return Err(Refusal::AlreadyPinned { fingerprint });
    }
    if !matches!(phase, Phase::Unactivated(_)) {
        return Err(Refusal::Forbidden { needs: "root: this sensor has been activated before".into() });
    }
    if !confirmation.matches(&id) {
        return Err(Refusal::ConfirmationMismatch);
    }
    Ok((trust, id))
}

fn pinned(turn: &mut Turn<'_>, trust: TrustStore, id: TrustRootId, by: &Actor) -> Outcome {
    if trust != turn.appliance.trust {
        let before = version(&turn.appliance.trust, &id);
        let after = version(&trust, &id);
        let action = if before.is_some() { Action::TrustRootUpdated } else { Action::TrustRootAdded };
        turn.appliance.trust = trust;
        turn.audit(by, action, before, after);
        turn.store(Durability::Required);
    }
    Outcome::Trusted { fingerprint: id }
}

fn version(trust: &TrustStore, id: &TrustRootId) -> Option<String> {
    trust.get(id).map(|chain| format!("{id} version {}", chain.newest().version))
}
