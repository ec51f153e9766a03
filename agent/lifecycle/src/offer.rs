//! A verified activation is offered, by a person or by the portal: refused, committed at once, or taken as candidate.

use picket_protocol::{documents::activation::Mode, local_api::Start, refusal::Refusal};

use crate::{
    accepted::Accepted,
    audit::{Action, Actor},
    commit::{commit, commit_candidate},
    effect::Durability,
    outcome::Outcome,
    phase::{Phase, Unactivated, Whose},
    turn::Turn,
    words::describe,
};

/// A person offered it; the caller hears what became of it.
pub(crate) fn offered(phase: Phase, turn: &mut Turn<'_>, accepted: Accepted, start: Start, by: &Actor) -> Phase {
    match judge(&phase, turn, &accepted) {
        Verdict::Refuse(why) => {
            turn.answer(Err(why));
            phase
        }
        Verdict::InForce => {
            turn.answer(Ok(Outcome::AlreadyActive));
            phase
        }
        Verdict::BeingProved if start == Start::Now => {
            let phase = commit_candidate(phase, turn, by);
            turn.answer(Ok(Outcome::Committed { epoch: turn.appliance.epoch }));
            phase
        }
        Verdict::BeingProved => {
            turn.answer(Ok(Outcome::Candidate { serial: accepted.activation().serial }));
            phase
        }
        Verdict::Take => take(phase, turn, accepted, start, by),
    }
}

/// What is to become of an offer.
pub(crate) enum Verdict {
    Refuse(Refusal),
    InForce,
    BeingProved,
    Take,
}

/// Judges an offer against what is in force and what is being proved.
pub(crate) fn judge(phase: &Phase, turn: &Turn<'_>, accepted: &Accepted) -> Verdict {
    let offered = accepted.activation();
    let is = |whose: Whose| phase.accepted_of(whose).is_some_and(|known| known.activation().cti == offered.cti);
    if is(Whose::Active) {
        return Verdict::InForce;
    }
    if is(Whose::Candidate) {
        return Verdict::BeingProved;
    }
    if let Some(why) = turn.appliance.objection(accepted) {
        return Verdict::Refuse(why);
    }
    match phase.accepted_of(Whose::Candidate).map(Accepted::activation) {
        // Serials of different issuers do not compare; a person's newer word counts.
        Some(candidate) if candidate.issuer == offered.issuer && candidate.serial >= offered.serial => {
            Verdict::Refuse(Refusal::Busy { with: candidate.serial })
        }
        Some(_) | None => Verdict::Take,
    }
}

fn take(mut phase: Phase, turn: &mut Turn<'_>, accepted: Accepted, start: Start, by: &Actor) -> Phase {
    if accepted.window_overridden() {
        turn.audit(by, Action::UploadWindowOverridden, None, Some(describe(accepted.activation())));
    }
    let first = matches!(phase, Phase::Unactivated(Unactivated {}));
    let proved = accepted.mode() == Mode::LocallyManaged;
    if first || proved || start == Start::Now {
        let now = turn.now.boot;
        let kept = phase.succession_mut().and_then(|succession| succession.connection_for(&accepted, now));
        let connection = kept.or_else(|| crate::connection::Connection::new(&accepted.activation().mode, now));
        let phase = commit(phase, turn, accepted, connection, by, by);
        turn.answer(Ok(Outcome::Committed { epoch: turn.appliance.epoch }));
        return phase;
    }
    let serial = accepted.activation().serial;
    phase = prove(phase, turn, accepted, by);
    turn.store(Durability::Required);
    turn.answer(Ok(Outcome::Candidate { serial }));
    phase
}

/// Takes a cloud activation as candidate, in place of the one there may be.
pub(crate) fn prove(mut phase: Phase, turn: &mut Turn<'_>, accepted: Accepted, by: &Actor) -> Phase {
    let Some(succession) = phase.succession_mut() else { return phase };
    let Some(connection) = succession.connection_for(&accepted, turn.now.boot) else { return phase };
    succession.end_candidate(turn, by, Refusal::Superseded { by: accepted.activation().serial });
    turn.audit(by, Action::CandidateAccepted, None, Some(describe(accepted.activation())));
    succession.begin(turn, accepted, connection, by.clone());
    phase
}

/// "Switch without waiting."
pub(crate) fn switch_asked(phase: Phase, turn: &mut Turn<'_>, by: &Actor) -> Phase {
    if phase.accepted_of(Whose::Candidate).is_none() {
        turn.answer(Err(Refusal::NoCandidate));
        return phase;
    }
    let phase = commit_candidate(phase, turn, by);
    turn.answer(Ok(Outcome::Committed { epoch: turn.appliance.epoch }));
    phase
}

/// "Keep the present one."
pub(crate) fn keep_asked(mut phase: Phase, turn: &mut Turn<'_>, by: &Actor) -> Phase {
    match phase.succession_mut() {
        Some(succession) if succession.candidate.is_some() => {
            succession.end_candidate(turn, by, Refusal::ToldToKeep { by: alloc::format!("{by}") });
            turn.store(Durability::Required);
            turn.answer(Ok(Outcome::Kept));
        }
        Some(_) | None => turn.answer(Err(Refusal::NoCandidate)),
    }
    phase
}

/// "Try again", with the same document and the same key.
pub(crate) fn retry_asked(mut phase: Phase, turn: &mut Turn<'_>, by: &Actor) -> Phase {
    if let Some(candidate) = phase.accepted_of(Whose::Candidate) {
        turn.answer(Err(Refusal::Busy { with: candidate.activation().serial }));
        return phase;
    }
    let fallen = phase.succession_mut().and_then(|succession| succession.fallen.take());
    let Some(fallen) = fallen else {
        turn.answer(Err(Refusal::NoCandidate));
        return phase;
    };
    if let Some(why) = turn.appliance.objection(&fallen.accepted) {
        turn.store(Durability::BestEffort);
        turn.answer(Err(why));
        return phase;
    }
    let serial = fallen.accepted.activation().serial;
    turn.audit(by, Action::CandidateRetried, Some(alloc::format!("{}", fallen.why)), None);
    phase = again(phase, turn, fallen.accepted, fallen.by);
    turn.store(Durability::Required);
    turn.answer(Ok(Outcome::Candidate { serial }));
    phase
}

/// Proves a document anew that fell back before.
pub(crate) fn again(mut phase: Phase, turn: &mut Turn<'_>, accepted: Accepted, by: Actor) -> Phase {
    if let Some(succession) = phase.succession_mut()
        && let Some(connection) = succession.connection_for(&accepted, turn.now.boot)
    {
        succession.begin(turn, accepted, connection, by);
    }
    phase
}
