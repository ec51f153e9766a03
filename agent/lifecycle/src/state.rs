//! The whole state, and the one way to change it: [`State::on`].

use alloc::vec::Vec;

use picket_protocol::{heartbeat::Component, refusal::Refusal};
use serde::{Deserialize, Serialize};

use crate::{
    answer::{answered, drop_withdrawn},
    appliance::Appliance,
    audit::Actor,
    commit::commit_candidate,
    connection::is_final,
    effect::{Durability, Effect},
    event::{CallEnded, Event},
    identity::Identity,
    links,
    moment::{BootMillis, Moment},
    offer, pairing, people,
    phase::{Active, Phase, Unactivated, Whose},
    recovery, setup,
    stamp::Stamp,
    start, trust,
    turn::Turn,
};

/// All that the sensor knows and is. One JSON value in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub(crate) appliance: Appliance,
    pub(crate) phase: Phase,
}

impl Default for State {
    /// An appliance that was never anybody's.
    fn default() -> Self {
        Self { appliance: Appliance::default(), phase: Phase::Unactivated(Unactivated {}) }
    }
}

impl State {
    /// Takes what happened; gives the state after it and what is to be done, in order. Total: an event that does not
    /// fit the state changes nothing.
    #[must_use]
    pub fn on(self, now: &Moment, event: Event) -> (Self, Vec<Effect>) {
        let mut turn = Turn::new(now, self.appliance);
        let mut phase = take(self.phase, &mut turn, event);
        phase = expire_candidate(phase, &mut turn);
        links::report(&phase, &mut turn);
        phase.drive(&mut turn);
        if let Some(succession) = phase.succession_mut() {
            succession.settle(now.boot);
        }
        let (appliance, effects) = turn.finish();
        (Self { appliance, phase }, effects)
    }

    /// To be adopted though it could not be stored: `before` is what was in force. Nothing is told that a power cut would
    /// have the sensor forget and contradict.
    #[must_use]
    pub fn unstored(mut self, before: &Self) -> Self {
        for whose in [Whose::Active, Whose::Candidate] {
            let cti = self.phase.accepted_of(whose).map(|accepted| accepted.activation().cti);
            let mut known = before.activations().filter(|(activation, ..)| Some(activation.cti) == cti);
            let stored = known.find_map(|(_, connection, _)| connection);
            if let (Some(connection), Some(stored)) = (self.phase.connection_of(whose), stored) {
                connection.unstored(stored);
            }
        }
        self
    }

    /// When [`Event::Woke`] is wanted, if nothing else happens before.
    #[must_use]
    pub fn next_wake(&self) -> Option<BootMillis> {
        self.phase.next_wake()
    }

    /// What outlives every activation.
    #[must_use]
    pub const fn appliance(&self) -> &Appliance {
        &self.appliance
    }

    /// What the sensor is at present.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }
}

fn take(mut phase: Phase, turn: &mut Turn<'_>, event: Event) -> Phase {
    match event {
        Event::Started { boot, settings } => start::started(phase, turn, boot, settings),
        Event::Woke => phase,
        Event::FileOffered { accepted, start, by } => offer::offered(phase, turn, accepted, start, &by),
        Event::SwitchAsked { by } => offer::switch_asked(phase, turn, &by),
        Event::KeepAsked { by } => offer::keep_asked(phase, turn, &by),
        Event::RetryAsked { by } => offer::retry_asked(phase, turn, &by),
        Event::NameAsked { name, by } => people::name_asked(phase, turn, &name, &by),
        Event::ConsoleAsked { console, by } => pairing::asked(phase, turn, console, &by),
        Event::ProxyAsked { choice, by } => people::proxy_asked(phase, turn, choice, &by),
        Event::CheckAsked { by } => {
            people::check_asked(turn, &by);
            phase
        }
        Event::PeopleActed { record, by } => {
            people::acted(turn, record, &by);
            phase
        }
        Event::ResetAsked { by } => people::reset_asked(&phase, turn, &by),
        Event::SetupCodeTried { code, by } => {
            setup::tried(turn, &code, &by);
            phase
        }
        Event::SetupDone { by } => {
            setup::done(turn, &by);
            phase
        }
        Event::RecoveryAsked { by } => {
            recovery::asked(turn, &by);
            phase
        }
        Event::RecoveryOffered { recovered, by } => {
            recovery::offered(&phase, turn, &recovered, &by);
            phase
        }
        Event::TrustOffered { file, by } => drop_withdrawn(trust::offered(phase, turn, &file, &by), turn),
        Event::TrustConfirmed { roots, confirmation, by } => {
            trust::confirmed(&phase, turn, &roots, &confirmation, &by);
            phase
        }
        Event::Erased => {
            turn.appliance.erasing = false;
            turn.store(Durability::BestEffort);
            phase
        }
        Event::HealthReported { component, code } => {
            if component == Component::Hub {
                // The link's own health comes first: see `links`.
                turn.appliance.hub_takes = code;
            } else {
                turn.report_health(component, &code);
            }
            phase
        }
        Event::StoreFailed { why } => {
            turn.report_health(Component::ControlState, why.code());
            phase.each_connection(|connection| connection.dropped(turn));
            phase
        }
        Event::Enrolled(ended) => {
            note_candidates_failure(&phase, turn, ended.stamp, ended.result.is_err());
            enrolled(phase, turn, ended)
        }
        Event::Renewed(ended) => {
            let whose = phase.whose(turn, ended.stamp);
            if phase.connection_of(whose).is_some_and(|connection| connection.renewal_ended(turn, ended)) {
                turn.store(Durability::BestEffort);
            }
            phase
        }
        Event::HeartbeatAnswered(ended) => {
            note_candidates_failure(&phase, turn, ended.stamp, ended.result.is_err());
            let whose = phase.whose(turn, ended.stamp);
            let heard = phase.connection_of(whose).and_then(|connection| connection.heartbeat_ended(turn, ended));
            let Some(heard) = heard else { return phase };
            commit_if_proved(answered(phase, turn, whose, heard), turn)
        }
        Event::HubProbed(ended) => {
            note_candidates_failure(&phase, turn, ended.stamp, ended.result.is_err());
            let whose = phase.whose(turn, ended.stamp);
            let accepted = phase.connection_of(whose).is_some_and(|connection| connection.probe_ended(turn, ended));
            if accepted {
                turn.store(Durability::BestEffort);
            }
            commit_if_proved(phase, turn)
        }
    }
}

/// A failed try of a candidate is stored with what remains of its probation, so that restarts do not prolong it.
fn note_candidates_failure(phase: &Phase, turn: &mut Turn<'_>, stamp: Stamp, failed: bool) {
    if failed && phase.whose(turn, stamp) == Whose::Candidate {
        turn.store(Durability::BestEffort);
    }
}

fn enrolled(mut phase: Phase, turn: &mut Turn<'_>, ended: CallEnded<Identity>) -> Phase {
    let whose = phase.whose(turn, ended.stamp);
    let Some(accepted) = phase.accepted_of(whose) else { return phase };
    let has_hub = Active::has_hub(&accepted.activation().mode);
    let result = phase.connection_of(whose).and_then(|connection| connection.enrolment_ended(turn, ended, has_hub));
    match result {
        Some(Ok(())) => turn.store(Durability::BestEffort),
        // The token is gone: waiting longer proves nothing.
        Some(Err(why)) if whose == Whose::Candidate && is_final(&why) => end_unproved(&mut phase, turn, Some(why)),
        Some(Err(_)) | None => {}
    }
    phase
}

fn commit_if_proved(phase: Phase, turn: &mut Turn<'_>) -> Phase {
    let candidate = phase.succession().and_then(|succession| succession.candidate.as_ref());
    if candidate.is_some_and(|candidate| candidate.connection.is_proved()) {
        return commit_candidate(phase, turn, &Actor::Sensor);
    }
    phase
}

fn expire_candidate(mut phase: Phase, turn: &mut Turn<'_>) -> Phase {
    let candidate = phase.succession().and_then(|succession| succession.candidate.as_ref());
    if let Some(candidate) = candidate
        && candidate.probation.remaining(turn.now.boot).is_zero()
    {
        let last = candidate.connection.last_failure().map(|failure| failure.why.clone());
        end_unproved(&mut phase, turn, last);
    }
    phase
}

fn end_unproved(phase: &mut Phase, turn: &mut Turn<'_>, last: Option<Refusal>) {
    let Some(succession) = phase.succession_mut() else { return };
    let Some(candidate) = &succession.candidate else { return };
    let tried = candidate.whole.saturating_sub(candidate.probation.remaining(turn.now.boot));
    let why = Refusal::NotProved { after_seconds: tried.as_secs(), last: last.map(alloc::boxed::Box::new) };
    succession.end_candidate(turn, &Actor::Sensor, why);
    turn.health_changed = true;
}
