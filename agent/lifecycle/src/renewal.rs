//! The certificate in use, its renewal from two thirds of its lifetime, and the new one on trial until a real connection.
//! Failing to renew stops nothing.

use core::time::Duration;

use picket_protocol::refusal::Refusal;
use serde::{Deserialize, Serialize};

use crate::{
    connection::{Speaker, Upstream, is_rejection},
    effect::{Effect, Renew},
    event::{CallEnded, Failure},
    identity::{Identity, Slot},
    moment::BootMillis,
    pursuit::{FailedTry, Pursuit},
    turn::Turn,
};

/// A new certificate that is turned away this often goes; the old one stays and a further one is asked for.
const TRIALS: u32 = 3;
/// Sensors that were enrolled together do not renew together.
const SPREAD: Duration = Duration::from_secs(60);

/// The certificate in use and its renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    identity: Identity,
    trial: Option<Trial>,
    pursuit: Pursuit,
}

/// A certificate in the other slot that no connection was made with yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Trial {
    identity: Identity,
    turned_away: u32,
}

impl Renewal {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, trial: None, pursuit: Pursuit::default() }
    }

    /// The certificate in use.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The last failure to renew.
    #[must_use]
    pub const fn last_failure(&self) -> Option<&FailedTry> {
        self.pursuit.last_failure()
    }

    /// The slot that the next heartbeat authenticates with: the one on trial, if there is one.
    pub(crate) fn slot_to_use(&self) -> Slot {
        self.trial.as_ref().map_or(self.identity.slot, |trial| trial.identity.slot)
    }

    pub(crate) fn drive(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>, upstream: &Upstream<'_>) {
        if self.trial.is_none() && self.pursuit.is_resting() && turn.effective() >= self.identity.renew_from() {
            let wait = turn.dice.between(Duration::ZERO, SPREAD);
            self.pursuit.set_due(turn.now.boot.plus(wait));
        }
        if !self.pursuit.is_due(turn.now.boot) {
            return;
        }
        if turn.effective() < self.identity.renew_from() {
            // The clock had run ahead and was corrected.
            self.afresh();
            return;
        }
        let ticket = turn.ticket();
        self.pursuit.begin(ticket);
        let call = turn.call_to(speaker.stamp, ticket, speaker.activation.sensor, upstream.endpoint);
        let with = self.identity.slot;
        turn.call(Effect::Renew(Renew { call, with, into: with.other() }));
    }

    /// A renewal ended. False if it is not the one under way.
    pub(crate) fn ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<Identity>) -> bool {
        if !self.pursuit.is_under_way(ended.ticket) {
            return false;
        }
        match ended.result {
            Ok(identity) => {
                self.pursuit.succeeded(turn.effective(), turn.now.boot);
                self.trial = Some(Trial { identity, turned_away: 0 });
            }
            Err(failure) => self.pursuit.failed(failure, turn.effective(), turn.now.boot, &mut turn.dice),
        }
        true
    }

    /// A real connection was made: the certificate it was made with is the one in use.
    pub(crate) fn connected(&mut self) {
        if let Some(trial) = self.trial.take() {
            self.identity = trial.identity;
        }
    }

    /// No connection was made. An outage says nothing about a certificate; being turned away does.
    pub(crate) fn failed_to_connect(&mut self, turn: &mut Turn<'_>, why: &Refusal) {
        let turned_away = is_rejection(why) || matches!(why, Refusal::TlsFailed { .. });
        let Some(trial) = self.trial.as_mut().filter(|_| turned_away) else { return };
        trial.turned_away += 1;
        if trial.turned_away >= TRIALS {
            self.trial = None;
            let failure = Failure::from(why.clone());
            self.pursuit.failed(failure, turn.effective(), turn.now.boot, &mut turn.dice);
        }
    }

    pub(crate) fn afresh(&mut self) {
        self.pursuit = Pursuit::default();
    }

    pub(crate) const fn next_wake(&self) -> Option<BootMillis> {
        self.pursuit.next()
    }

    pub(crate) const fn pursuit_mut(&mut self) -> &mut Pursuit {
        &mut self.pursuit
    }
}
