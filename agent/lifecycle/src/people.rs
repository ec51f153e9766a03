//! What people decide apart from activations: name, proxy, check, reset.

use alloc::string::{String, ToString as _};

use picket_protocol::{documents::activation::Mode, local_api::PeopleRecord, refusal::Refusal};

use crate::{
    appliance::Appliance,
    audit::{Action, Actor},
    effect::Durability,
    filing::typed_name,
    outcome::Outcome,
    phase::{Phase, Unactivated},
    proxy::ProxyChoice,
    setup,
    turn::Turn,
};

/// Names a locally managed sensor.
pub(crate) fn name_asked(mut phase: Phase, turn: &mut Turn<'_>, typed: &str, by: &Actor) -> Phase {
    let answer = match &mut phase {
        Phase::Unactivated(_) | Phase::Deactivated(_) => {
            Err(Refusal::InvalidRequest { why: "no activation is in force, so there is nothing to name".to_string() })
        }
        Phase::Active(active) if active.accepted.mode() == Mode::CloudConnected => Err(Refusal::NameFixed),
        Phase::Active(active) => typed_name(typed).map(|name| {
            let before = String::from(active.filing.name.clone());
            active.filing.name = name.clone();
            turn.audit(by, Action::Named, Some(before), Some(name.into()));
            turn.store(Durability::Required);
            turn.health_changed = true;
            Outcome::Done
        }),
    };
    turn.answer(answer);
    phase
}

/// Chooses the proxy: what is open goes the old way, so it ends and is tried anew.
pub(crate) fn proxy_asked(mut phase: Phase, turn: &mut Turn<'_>, choice: ProxyChoice, by: &Actor) -> Phase {
    let before = words(turn);
    turn.appliance.proxy = choice;
    let after = words(turn);
    turn.audit(by, Action::ProxyChosen, Some(before), Some(after));
    turn.store(Durability::Required);
    phase.stamps(turn).into_iter().flatten().for_each(|stamp| turn.abort(stamp));
    let now = turn.now.boot;
    phase.each_connection(|connection| connection.reconnect(now));
    turn.answer(Ok(Outcome::Done));
    phase
}

/// The proxy that holds, for the audit: never user or password.
fn words(turn: &Turn<'_>) -> String {
    let configured = turn.appliance.settings.proxy.as_ref();
    turn.appliance.proxy.resolve(configured).map_or_else(|| "none".into(), |proxy| proxy.url.clone())
}

/// The check itself is the shell's; that somebody began one is recorded.
pub(crate) fn check_asked(turn: &mut Turn<'_>, by: &Actor) {
    turn.audit(by, Action::EndpointsChecked, None, None);
    turn.answer(Ok(Outcome::Done));
}

/// What people do at the console changes nothing here; that they did it is durable before the console goes on.
pub(crate) fn acted(turn: &mut Turn<'_>, record: PeopleRecord, by: &Actor) {
    turn.audit(by, record.what.into(), record.before, record.after);
    turn.store(Durability::Required);
    turn.answer(Ok(Outcome::Done));
}

/// Erases everything but the counters that tell old effects from new ones.
pub(crate) fn reset_asked(phase: &Phase, turn: &mut Turn<'_>, by: &Actor) -> Phase {
    phase.stamps(turn).into_iter().flatten().for_each(|stamp| turn.abort(stamp));
    let old = &turn.appliance;
    turn.appliance = Appliance {
        epoch: old.epoch.next(),
        tickets: old.tickets,
        settings: old.settings.clone(),
        boot: old.boot,
        started_at: old.started_at,
        erasing: true,
        ..Appliance::default()
    };
    setup::begin(turn);
    turn.audit(by, Action::Reset, None, None);
    turn.store(Durability::Required);
    turn.erase_all();
    turn.answer(Ok(Outcome::Done));
    Phase::Unactivated(Unactivated {})
}
