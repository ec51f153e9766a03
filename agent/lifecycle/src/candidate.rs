//! What may follow the activation in force: the candidate being proved, the last one that fell back, and the connections
//! kept so that the same file can be tried again with the same key.

use alloc::{collections::BTreeSet, vec::Vec};
use core::time::Duration;

use picket_protocol::{
    documents::activation::Activation,
    ids::{Cti, Epoch},
    refusal::Refusal,
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use crate::{
    accepted::Accepted,
    appliance::Appliance,
    audit::{Action, Actor},
    connection::{Connection, Role, Speaker},
    moment::BootMillis,
    outcome::{PastOutcome, PastResult},
    probation::Probation,
    stamp::Stamp,
    turn::Turn,
    words::describe,
};

/// Connections kept for a further try. A candidate beyond them can still be tried: its key is found by cti.
const MAX_KEPT: usize = 4;

/// What may follow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    pub(crate) candidate: Option<Candidate>,
    pub(crate) fallen: Option<Fallen>,
    kept: Vec<Kept>,
}

/// A verified cloud activation that is not yet proved, so not yet in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub(crate) accepted: Accepted,
    pub(crate) by: Actor,
    pub(crate) whole: Duration,
    pub(crate) probation: Probation,
    pub(crate) connection: Connection,
}

/// A candidate that did not come into force, and can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallen {
    pub(crate) accepted: Accepted,
    pub(crate) by: Actor,
    pub(crate) why: Refusal,
    pub(crate) at: UnixSeconds,
    pub(crate) at_boot: BootMillis,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    accepted: Accepted,
    connection: Connection,
}

impl Candidate {
    /// Its stamp: the epoch that its commit would have.
    pub(crate) fn stamp(&self, epoch: Epoch) -> Stamp {
        Stamp { epoch: epoch.next(), cti: self.accepted.activation().cti }
    }

    pub(crate) fn drive(&mut self, turn: &mut Turn<'_>) {
        let stamp = self.stamp(turn.appliance.epoch);
        let speaker = Speaker { stamp, activation: self.accepted.activation(), role: Role::Candidate };
        self.connection.drive(turn, speaker);
    }

    pub(crate) fn next_wake(&self) -> Option<BootMillis> {
        [Some(self.probation.ends()), self.connection.next_wake()].into_iter().flatten().min()
    }
}

impl Succession {
    /// Begins to prove an activation, with the connection kept from an earlier try if there is one.
    pub(crate) fn begin(&mut self, turn: &mut Turn<'_>, accepted: Accepted, connection: Connection, by: Actor) {
        let whole = turn.appliance.settings.probation;
        let probation = Probation::begun(whole, turn.now.boot);
        self.candidate = Some(Candidate { accepted, by, whole, probation, connection });
    }

    /// The connection kept for this document, to be proved afresh, or a new one.
    pub(crate) fn connection_for(&mut self, accepted: &Accepted, now: BootMillis) -> Option<Connection> {
        let cti = accepted.activation().cti;
        match self.kept.iter().position(|kept| kept.accepted.activation().cti == cti) {
            Some(position) => Some(self.kept.remove(position).connection.afresh(now)),
            None => Connection::new(&accepted.activation().mode, now),
        }
    }

    /// Ends the candidate, if there is one: what was in force stays.
    pub(crate) fn end_candidate(&mut self, turn: &mut Turn<'_>, actor: &Actor, why: Refusal) {
        let Some(candidate) = self.candidate.take() else { return };
        turn.abort(candidate.stamp(turn.appliance.epoch));
        let Candidate { accepted, by, connection, .. } = candidate;
        let at = turn.effective();
        turn.appliance.remember(past(turn, &accepted, &by, PastResult::NotCommitted { why: why.clone() }));
        turn.audit(actor, Action::CandidateEnded, Some(describe(accepted.activation())), Some(alloc::format!("{why}")));
        if self.kept.len() >= MAX_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Kept { accepted: accepted.clone(), connection });
        self.fallen = Some(Fallen { accepted, by, why, at, at_boot: turn.now.boot });
    }

    /// A commit or a withdrawn key may leave nothing to try again.
    pub(crate) fn prune(&mut self, appliance: &Appliance) {
        self.fallen = self.fallen.take().filter(|fallen| appliance.objection(&fallen.accepted).is_none());
        self.kept.retain(|kept| appliance.objection(&kept.accepted).is_none());
    }

    /// A higher serial of the same issuer was committed: what is below it is not tried again, and needs no key.
    pub(crate) fn outrank(&mut self, committed: &Activation) {
        let below = |accepted: &Accepted| {
            let other = accepted.activation();
            other.issuer == committed.issuer && other.serial < committed.serial
        };
        self.fallen = self.fallen.take().filter(|fallen| !below(&fallen.accepted));
        self.kept.retain(|kept| !below(&kept.accepted));
    }

    /// Every document here whose key is still wanted.
    pub(crate) fn wanted(&self) -> BTreeSet<Cti> {
        let candidate = self.candidate.iter().map(|candidate| &candidate.accepted);
        let fallen = self.fallen.iter().map(|fallen| &fallen.accepted);
        let kept = self.kept.iter().map(|kept| &kept.accepted);
        candidate.chain(fallen).chain(kept).map(|accepted| accepted.activation().cti).collect()
    }

    pub(crate) fn restarted(&mut self, turn: &mut Turn<'_>, same_boot: bool) {
        let now = turn.now.boot;
        if let Some(candidate) = &mut self.candidate {
            candidate.connection.restarted(turn, same_boot);
            if !same_boot {
                candidate.probation = candidate.probation.rebased(now);
            }
        }
        if let Some(fallen) = self.fallen.as_mut().filter(|_| !same_boot) {
            fallen.at_boot = now;
        }
    }

    /// Fixes what remains of probation, before it is stored.
    pub(crate) const fn settle(&mut self, now: BootMillis) {
        if let Some(candidate) = &mut self.candidate {
            candidate.probation = candidate.probation.settled(now);
        }
    }
}

/// A past outcome as of now.
pub(crate) fn past(turn: &Turn<'_>, accepted: &Accepted, by: &Actor, result: PastResult) -> PastOutcome {
    let activation = accepted.activation();
    PastOutcome {
        at: turn.effective(),
        by: by.clone(),
        cti: activation.cti,
        sensor: activation.sensor,
        serial: activation.serial,
        mode: accepted.mode(),
        name: activation.name.clone(),
        result,
    }
}
