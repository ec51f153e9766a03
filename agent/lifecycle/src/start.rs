//! The agent starts with a stored state: new settings, perhaps a new boot, and nothing under way any more.

use crate::{
    effect::Durability,
    moment::BootId,
    phase::{Phase, Whose},
    settings::Settings,
    turn::Turn,
};

pub(crate) fn started(mut phase: Phase, turn: &mut Turn<'_>, boot: BootId, settings: Settings) -> Phase {
    let same_boot = turn.appliance.boot == boot && turn.appliance.started_at <= turn.now.boot;
    turn.appliance.boot = boot;
    turn.appliance.started_at = turn.now.boot;
    turn.appliance.settings = settings;
    turn.appliance.clock.restarted(same_boot);
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
    if turn.appliance.erasing {
        // A reset was cut short: it goes on.
        turn.erase_all();
    }
    phase
}
