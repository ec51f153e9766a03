//! The three conditions of a sensor, each a struct with what exists only there.

use picket_protocol::{documents::activation::ModeSettings, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::{
    accepted::{Accepted, Ended},
    candidate::Succession,
    connection::{Connection, Role, Speaker, Upstream},
    filing::Filing,
    moment::BootMillis,
    stamp::Stamp,
    turn::Turn,
};

/// What a sensor is at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
#[expect(clippy::large_enum_variant, reason = "one exists; a box would only add a pointer")]
pub enum Phase {
    /// Nobody's sensor: only the activation flow, nothing ingested, nothing sent.
    Unactivated(Unactivated),
    /// An activation is in force.
    Active(Active),
    /// A signed deactivation ended the last activation: detects, stores, sends nothing.
    Deactivated(Deactivated),
}

/// Nobody's sensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unactivated {}

/// An activation is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    pub(crate) accepted: Accepted,
    pub(crate) committed_at: UnixSeconds,
    pub(crate) filing: Filing,
    /// None exactly when locally managed without a management console.
    pub(crate) connection: Option<Connection>,
    pub(crate) succession: Succession,
}

/// Ended by its portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deactivated {
    pub(crate) accepted: Accepted,
    pub(crate) filing: Filing,
    pub(crate) ended: Ended,
    pub(crate) succession: Succession,
}

/// Whose call it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Active,
    Candidate,
    /// Of an activation that is neither: ignored.
    Nobody,
}

impl Phase {
    pub(crate) const fn succession(&self) -> Option<&Succession> {
        match self {
            Self::Unactivated(Unactivated {}) => None,
            Self::Active(active) => Some(&active.succession),
            Self::Deactivated(deactivated) => Some(&deactivated.succession),
        }
    }

    pub(crate) const fn succession_mut(&mut self) -> Option<&mut Succession> {
        match self {
            Self::Unactivated(Unactivated {}) => None,
            Self::Active(active) => Some(&mut active.succession),
            Self::Deactivated(deactivated) => Some(&mut deactivated.succession),
        }
    }

    pub(crate) fn into_succession(self) -> Succession {
        match self {
            Self::Unactivated(Unactivated {}) => Succession::default(),
            Self::Active(active) => active.succession,
            Self::Deactivated(deactivated) => deactivated.succession,
        }
    }

    /// The activation in force.
    pub(crate) const fn in_force(&self) -> Option<&Active> {
        match self {
            Self::Active(active) => Some(active),
            Self::Unactivated(_) | Self::Deactivated(_) => None,
        }
    }

    /// Every stamp under which connections may be open.
    pub(crate) fn stamps(&self, turn: &Turn<'_>) -> [Option<Stamp>; 2] {
        let epoch = turn.appliance.epoch;
        let active = self.in_force().filter(|active| active.connection.is_some()).map(|active| active.stamp(turn));
        let candidate = self.succession().and_then(|succession| succession.candidate.as_ref());
        [active, candidate.map(|candidate| candidate.stamp(epoch))]
    }

    pub(crate) fn whose(&self, turn: &Turn<'_>, stamp: Stamp) -> Whose {
        match self.stamps(turn) {
            [Some(active), _] if active == stamp => Whose::Active,
            [_, Some(candidate)] if candidate == stamp => Whose::Candidate,
            _ => Whose::Nobody,
        }
    }

    /// The connection of the active activation or the candidate.
    pub(crate) fn connection_of(&mut self, whose: Whose) -> Option<&mut Connection> {
        match whose {
            Whose::Nobody => None,
            Whose::Candidate => Some(&mut self.succession_mut()?.candidate.as_mut()?.connection),
            Whose::Active => match self {
                Self::Active(active) => active.connection.as_mut(),
                Self::Unactivated(_) | Self::Deactivated(_) => None,
            },
        }
    }

    /// Both connections.
    pub(crate) fn each_connection(&mut self, mut each: impl FnMut(&mut Connection)) {
        for whose in [Whose::Active, Whose::Candidate] {
            if let Some(connection) = self.connection_of(whose) {
                each(connection);
            }
        }
    }

    /// The activation of the active one or the candidate.
    pub(crate) fn accepted_of(&self, whose: Whose) -> Option<&Accepted> {
        match whose {
            Whose::Nobody => None,
            Whose::Active => self.in_force().map(|active| &active.accepted),
            Whose::Candidate => self.succession()?.candidate.as_ref().map(|candidate| &candidate.accepted),
        }
    }

    /// Starts every call that is due.
    pub(crate) fn drive(&mut self, turn: &mut Turn<'_>) {
        if let Self::Active(active) = self {
            active.drive(turn);
        }
        if let Some(candidate) = self.succession_mut().and_then(|succession| succession.candidate.as_mut()) {
            candidate.drive(turn);
        }
    }

    pub(crate) fn next_wake(&self) -> Option<BootMillis> {
        let active = self.in_force().and_then(|active| active.connection.as_ref()?.next_wake());
        let candidate = self.succession().and_then(|succession| succession.candidate.as_ref()?.next_wake());
        [active, candidate].into_iter().flatten().min()
    }
}

impl Active {
    pub(crate) fn stamp(&self, turn: &Turn<'_>) -> Stamp {
        Stamp { epoch: turn.appliance.epoch, cti: self.accepted.activation().cti }
    }

    fn drive(&mut self, turn: &mut Turn<'_>) {
        let stamp = self.stamp(turn);
        let Some(connection) = &mut self.connection else { return };
        if turn.health_changed {
            connection.hasten_heartbeat(turn.now.boot);
        }
        let last_candidate = self.succession.fallen.as_ref().map(|fallen| &fallen.why);
        let role = Role::InForce { epoch: turn.appliance.epoch, filing: &self.filing, last_candidate };
        connection.drive(turn, Speaker { stamp, activation: self.accepted.activation(), role });
    }

    /// The hub of the mode in force, if it has one.
    pub(crate) fn has_hub(mode: &ModeSettings) -> bool {
        Upstream::of(mode).is_some_and(|upstream| upstream.hub.is_some())
    }
}
