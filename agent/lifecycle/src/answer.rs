//! What a heartbeat's answer brings: newer roots, a deactivation, the time, confirmations, the owner's wishes, a reissue.

use core::time::Duration;

use picket_protocol::{
    documents::activation::{Mode, ModeSettings},
    heartbeat::DesiredState,
    local_api::UpstreamKind,
    refusal::Refusal,
};

use crate::{
    accepted::Accepted,
    audit::{Action, Actor},
    commit::deactivate,
    connection::Upstream,
    effect::{Confirmed, Durability, Effect},
    event::Answered,
    offer::{Verdict, again, judge, prove},
    phase::{Active, Phase, Whose},
    turn::Turn,
};

/// A reissue that fell back is tried again when the portal still answers with it after this long: a person may be far.
const REISSUE_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// Takes an answer to the active activation's heartbeat or to the candidate's.
pub(crate) fn answered(mut phase: Phase, turn: &mut Turn<'_>, whose: Whose, answered: Answered) -> Phase {
    turn.store(Durability::BestEffort);
    let Answered { answer, reissue, deactivation, server_not_after, .. } = answered;
    let Some(accepted) = phase.accepted_of(whose) else { return phase };
    let actor = actor(&accepted.activation().mode);
    let issuer = accepted.activation().issuer;

    // 1. Newer roots: what follows is judged by them.
    let trust = turn.appliance.trust_with(issuer, &answer.roots);
    if trust != turn.appliance.trust {
        let version = trust.get(&issuer).map(|chain| chain.newest().version);
        turn.appliance.trust = trust;
        let after = version.map(|version| alloc::format!("{issuer} version {version}"));
        turn.audit(&actor, Action::TrustRootUpdated, None, after);
        phase = drop_withdrawn(phase, turn);
    }

    // 2. A deactivation ends what it names. Such an answer says nothing else, not even the time.
    let says_more = deactivation.is_none();
    match deactivation {
        Some(Ok(ended)) => phase = deactivate(phase, turn, ended, whose),
        Some(Err(why)) => refuse(turn, &actor, "deactivation", why),
        None => {}
    }

    // 3. The rest concerns the activation in force alone.
    if whose == Whose::Active
        && says_more
        && let Phase::Active(active) = &mut phase
    {
        turn.appliance.clock.told(answer.time, server_not_after, turn.now);
        if !answer.confirmations.is_empty() {
            let (stamp, confirmations) = (active.stamp(turn), answer.confirmations);
            turn.call(Effect::Confirm(Confirmed { stamp, confirmations }));
        }
        file(active, turn, &actor, &answer.desired);
        if let Some(reissue) = reissue {
            phase = reissued(phase, turn, &actor, reissue);
        }
    }
    phase
}

fn actor(mode: &ModeSettings) -> Actor {
    match Upstream::of(mode).map(|upstream| upstream.kind) {
        Some(UpstreamKind::Portal) => Actor::Portal,
        Some(UpstreamKind::ManagementConsole) => Actor::ManagementConsole,
        None => Actor::Sensor,
    }
}

/// A candidate whose signer was withdrawn in the meantime ends; an activation in force never does.
pub(crate) fn drop_withdrawn(mut phase: Phase, turn: &mut Turn<'_>) -> Phase {
    let objection = phase.accepted_of(Whose::Candidate).and_then(|accepted| turn.appliance.objection(accepted));
    if let Some(why @ Refusal::SignerWithdrawn { .. }) = objection
        && let Some(succession) = phase.succession_mut()
    {
        succession.end_candidate(turn, &Actor::Sensor, why);
    }
    if let Some(succession) = phase.succession_mut() {
        succession.prune(&turn.appliance);
    }
    phase
}

/// The portal files its cloud-connected sensors; a management console files none.
fn file(active: &mut Active, turn: &mut Turn<'_>, actor: &Actor, desired: &DesiredState) {
    if active.accepted.mode() != Mode::CloudConnected {
        return;
    }
    let wished = active.filing.wished(desired);
    if wished.name != active.filing.name {
        let (before, after) = (active.filing.name.clone().into(), wished.name.clone().into());
        turn.audit(actor, Action::Named, Some(before), Some(after));
    }
    if wished.words() != active.filing.words() {
        turn.audit(actor, Action::Filed, Some(active.filing.words()), Some(wished.words()));
    }
    active.filing = wished;
}

/// Cloud to cloud, same registration: a candidate as by upload. Anything else is refused and audited.
fn reissued(phase: Phase, turn: &mut Turn<'_>, actor: &Actor, reissue: Result<Accepted, Refusal>) -> Phase {
    let accepted = match reissue {
        Ok(accepted) => accepted,
        Err(why) => {
            refuse(turn, actor, "reissue", why);
            return phase;
        }
    };
    let Some(present) = phase.in_force().map(|active| active.accepted.activation()) else { return phase };
    let offered = accepted.activation();
    let both_cloud = actor == &Actor::Portal && accepted.mode() == Mode::CloudConnected;
    if !both_cloud || (present.issuer, present.sensor) != (offered.issuer, offered.sensor) {
        let what = "a reissue of another mode or registration, which takes a file and a person".into();
        refuse(turn, actor, "reissue", Refusal::Unsupported { what });
        return phase;
    }
    match judge(&phase, turn, &accepted) {
        Verdict::InForce | Verdict::BeingProved | Verdict::Refuse(Refusal::Busy { .. }) => phase,
        Verdict::Refuse(why) => {
            refuse(turn, actor, "reissue", why);
            phase
        }
        Verdict::Take => take(phase, turn, accepted),
    }
}

fn take(mut phase: Phase, turn: &mut Turn<'_>, accepted: Accepted) -> Phase {
    let Some(succession) = phase.succession_mut() else { return phase };
    let other = succession.candidate.as_ref().map(|candidate| candidate.accepted.activation().sensor);
    if other.is_some_and(|sensor| sensor != accepted.activation().sensor) {
        // A person is moving this sensor elsewhere; the portal's answer will come again.
        return phase;
    }
    let cti = accepted.activation().cti;
    match &succession.fallen {
        Some(fallen) if fallen.accepted.activation().cti == cti => {
            if turn.now.boot.since(fallen.at_boot) < REISSUE_AGAIN_AFTER {
                return phase;
            }
            turn.audit(&Actor::Portal, Action::CandidateRetried, Some(alloc::format!("{}", fallen.why)), None);
            again(phase, turn, accepted, Actor::Portal)
        }
        Some(_) | None => prove(phase, turn, accepted, &Actor::Portal),
    }
}

/// A portal that repeats what is refused fills no audit.
fn refuse(turn: &mut Turn<'_>, actor: &Actor, what: &str, why: Refusal) {
    if turn.appliance.refused_document.as_ref() == Some(&why) {
        return;
    }
    turn.audit(actor, Action::ActivationRefused, Some(what.into()), Some(alloc::format!("{why}")));
    turn.appliance.refused_document = Some(why);
}
