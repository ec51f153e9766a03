//! The commit: an activation comes into force. One transaction, epoch + 1; old connections end before it, new ones open
//! after it.

use alloc::{collections::BTreeSet, string::String};

use picket_protocol::{ids::Cti, refusal::Refusal};

use crate::{
    accepted::{Accepted, Ended},
    audit::{Action, Actor},
    candidate::past,
    connection::Connection,
    effect::Durability,
    epochs::{self, Routing},
    filing::Filing,
    outcome::PastResult,
    phase::{Active, Deactivated, Phase, Whose},
    turn::Turn,
    words::describe,
};

/// Brings an activation into force in place of whatever is. `actor` is who made it so, `by` who offered it.
pub(crate) fn commit(
    phase: Phase,
    turn: &mut Turn<'_>,
    accepted: Accepted,
    connection: Option<Connection>,
    by: &Actor,
    actor: &Actor,
) -> Phase {
    // 1. What is in force ends: its connections first.
    let [active, _] = phase.stamps(turn);
    active.into_iter().for_each(|stamp| turn.abort(stamp));
    let before = in_force_words(&phase);
    let mut succession = phase.into_succession();
    let serial = accepted.activation().serial;
    succession.end_candidate(turn, actor, Refusal::Superseded { by: serial });

    // 2. Roots, epoch with its routing and boundary, floors, time: what the new activation stands on.
    let issuer = accepted.activation().issuer;
    turn.appliance.trust = turn.appliance.trust_with(issuer, accepted.roots());
    turn.appliance.epoch = turn.appliance.epoch.next();
    epochs::begin(turn, accepted.activation(), Routing::of(&accepted.activation().mode));
    turn.appliance.floors.raise(accepted.in_force());
    turn.appliance.clock.committed(accepted.activation().issued_at);
    turn.appliance.forget_links();
    turn.appliance.refused_document = None;
    turn.appliance.erasing = false;

    // 3. What can still be tried again, and which keys that needs.
    succession.outrank(accepted.activation());
    succession.prune(&turn.appliance);
    let mut keep: BTreeSet<Cti> = succession.wanted();
    keep.insert(accepted.activation().cti);
    turn.keep_identities(keep);

    // 4. The record of it.
    let epoch = turn.appliance.epoch;
    turn.appliance.remember(past(turn, &accepted, by, PastResult::Committed { epoch }));
    turn.audit(actor, Action::ActivationCommitted, before, Some(describe(accepted.activation())));
    turn.store(Durability::Required);

    // 5. Its connection speaks as one in force from now on.
    let mut connection = connection;
    if let Some(connection) = &mut connection {
        connection.committed(turn.now.boot);
    }
    let (committed_at, filing) = (turn.effective(), Filing::of(accepted.activation()));
    let accepted = accepted.without_roots();
    Phase::Active(Active { accepted, committed_at, filing, connection, succession })
}

/// Commits the candidate, if there is one.
pub(crate) fn commit_candidate(mut phase: Phase, turn: &mut Turn<'_>, actor: &Actor) -> Phase {
    let taken = phase.succession_mut().and_then(|succession| succession.candidate.take());
    let Some(candidate) = taken else { return phase };
    let crate::candidate::Candidate { accepted, by, connection, .. } = candidate;
    commit(phase, turn, accepted, Some(connection), &by, actor)
}

/// A verified deactivation ends what it names: the activation in force, the candidate, both, or (a replay) nothing.
pub(crate) fn deactivate(mut phase: Phase, turn: &mut Turn<'_>, ended: Ended, whose: Whose) -> Phase {
    let ends = |accepted: Option<&Accepted>| accepted.is_some_and(|accepted| ended.ends(accepted.activation()));
    let ends_active = ends(phase.accepted_of(Whose::Active));
    let ends_candidate = ends(phase.accepted_of(Whose::Candidate));
    let actor = match whose {
        Whose::Active | Whose::Candidate => Actor::Portal,
        Whose::Nobody => Actor::Sensor,
    };
    if ends_candidate && let Some(succession) = phase.succession_mut() {
        succession.end_candidate(turn, &actor, ended.reason());
    }
    if !ends_active && !ends_candidate {
        return phase;
    }
    turn.store(Durability::Required);
    if ends_active {
        phase.stamps(turn).into_iter().flatten().for_each(|stamp| turn.abort(stamp));
        // A candidate of another registration goes on, under the next epoch.
        if let Some(connection) = phase.connection_of(Whose::Candidate) {
            connection.reconnect(turn.now.boot);
        }
    }
    let in_force = turn.appliance.floors.active().copied();
    turn.appliance.floors.end(ended.in_force());
    match phase {
        Phase::Active(active) if ends_active => deactivated(active, turn, ended, &actor),
        mut phase @ (Phase::Unactivated(_) | Phase::Active(_) | Phase::Deactivated(_)) => {
            // Only the candidate ended: what is in force still is.
            in_force.into_iter().for_each(|in_force| turn.appliance.floors.raise(in_force));
            if let Some(succession) = phase.succession_mut() {
                succession.prune(&turn.appliance);
            }
            phase
        }
    }
}

fn deactivated(active: Active, turn: &mut Turn<'_>, ended: Ended, actor: &Actor) -> Phase {
    let Active { accepted, filing, mut succession, .. } = active;
    turn.appliance.epoch = turn.appliance.epoch.next();
    epochs::begin(turn, accepted.activation(), Routing::Deactivated);
    turn.appliance.forget_links();
    turn.appliance.refused_document = None;
    succession.prune(&turn.appliance);
    let result = PastResult::Deactivated { epoch: turn.appliance.epoch, why: ended.reason() };
    turn.appliance.remember(past(turn, &accepted, actor, result));
    let after = alloc::format!("{}", ended.reason());
    turn.audit(actor, Action::Deactivated, Some(describe(accepted.activation())), Some(after));
    Phase::Deactivated(Deactivated { accepted, filing, ended, succession })
}

fn in_force_words(phase: &Phase) -> Option<String> {
    match phase {
        Phase::Unactivated(_) => None,
        Phase::Active(active) => Some(describe(active.accepted.activation())),
        Phase::Deactivated(deactivated) => {
            Some(alloc::format!("deactivated, before that {}", describe(deactivated.accepted.activation())))
        }
    }
}
