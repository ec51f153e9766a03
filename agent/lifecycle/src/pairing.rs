//! A person connects a locally managed sensor to a management console, or takes it off: what else an activation file says
//! stays. It is a commit of its own, since alerts go elsewhere from then on: what was detected before stays where it was.

use alloc::string::{String, ToString as _};

use picket_protocol::{
    documents::activation::{LocallyManaged, ManagementConsole, Mode, ModeSettings},
    refusal::Refusal,
};

use crate::{
    audit::{Action, Actor},
    connection::Connection,
    effect::Durability,
    epochs::{self, Routing},
    outcome::Outcome,
    phase::{Active, Phase, Whose},
    turn::Turn,
};

/// `console`: none takes the sensor off.
pub(crate) fn asked(phase: Phase, turn: &mut Turn<'_>, console: Option<ManagementConsole>, by: &Actor) -> Phase {
    if let Some(candidate) = phase.accepted_of(Whose::Candidate) {
        turn.answer(Err(Refusal::Busy { with: candidate.activation().serial }));
        return phase;
    }
    match phase {
        Phase::Active(active) if active.accepted.mode() == Mode::LocallyManaged => {
            Phase::Active(pair(active, turn, console, by))
        }
        phase @ (Phase::Active(_) | Phase::Unactivated(_) | Phase::Deactivated(_)) => {
            let why = "only a locally managed sensor has a management console".to_string();
            turn.answer(Err(Refusal::InvalidRequest { why }));
            phase
        }
    }
}

fn pair(active: Active, turn: &mut Turn<'_>, console: Option<ManagementConsole>, by: &Actor) -> Active {
    // As every commit: what is open ends first, and what comes after bears the new epoch.
    if active.connection.is_some() {
        turn.abort(active.stamp(turn));
    }
    let action = if console.is_some() { Action::ConsoleConnected } else { Action::ConsoleDisconnected };
    let before = url(&active.accepted.activation().mode);
    let accepted = active.accepted.with_console(console);
    let mode = &accepted.activation().mode;
    turn.appliance.epoch = turn.appliance.epoch.next();
    epochs::begin(turn, accepted.activation(), Routing::of(mode));
    turn.appliance.forget_links();
    turn.audit(by, action, before, url(mode));
    turn.store(Durability::Required);
    turn.answer(Ok(Outcome::Committed { epoch: turn.appliance.epoch }));
    let connection = Connection::new(mode, turn.now.boot);
    Active { accepted, connection, ..active }
}

fn url(mode: &ModeSettings) -> Option<String> {
    match mode {
        ModeSettings::LocallyManaged(LocallyManaged { management_console: Some(console) }) => {
            Some(console.endpoint.url.clone())
        }
        ModeSettings::LocallyManaged(LocallyManaged { management_console: None }) | ModeSettings::CloudConnected(_) => {
            None
        }
    }
}
