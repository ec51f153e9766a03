//! The agent starts with a stored state: new settings, perhaps a new boot, and nothing under way any more.

use crate::{
    effect::Durability,
    epochs::{self, Routing},
    moment::BootId,
    phase::{Active, Deactivated, Phase, Whose},
    settings::Settings,
    setup,
    turn::Turn,
};

pub(crate) fn started(mut phase: Phase, turn: &mut Turn<'_>, boot: BootId, settings: Settings) -> Phase {
    let same_boot = turn.appliance.boot == boot && turn.appliance.started_at <= turn.now.boot;
    turn.appliance.boot = boot;
    turn.appliance.started_at = turn.now.boot;
    turn.appliance.settings = settings;
    turn.appliance.clock.restarted(same_boot);
    setup::begin(turn);
    if let Some(connection) = phase.connection_of(Whose::Active) {
        connection.restarted(turn, same_boot);
    }
    if let Some(succession) = phase.succession_mut() {
        succession.restarted(turn, same_boot);
        if succession.candidate.is_some() && !same_boot {
            // Else boots in quick succession would each begin with the same remaining probation.
            turn.store(Durability::BestEffort);
        }
    }
    if turn.appliance.epochs.all().is_empty() {
        record_epoch(&phase, turn);
    }
    if turn.appliance.erasing {
        // A reset was cut short: it goes on.
        turn.erase_all();
    }
    phase
}

/// A state of the first release says nothing of its epoch: its alerts begin here.
fn record_epoch(phase: &Phase, turn: &mut Turn<'_>) {
    let (accepted, routing) = match phase {
        Phase::Unactivated(_) => return,
        Phase::Active(Active { accepted, .. }) => (accepted, Routing::of(&accepted.activation().mode)),
        Phase::Deactivated(Deactivated { accepted, .. }) => (accepted, Routing::Deactivated),
    };
    epochs::begin(turn, accepted.activation(), routing);
    turn.store(Durability::BestEffort);
}
