//! A connection with an identity: heartbeats at their interval, hub probes, and renewal of the certificate.

use core::time::Duration;

use picket_protocol::heartbeat::{DesiredState, Standing};
use serde::{Deserialize, Serialize};

use crate::{
    chain::Chain,
    connection::{Role, Speaker, Upstream},
    effect::{Effect, HeartbeatDraft, ProbeHub, SendHeartbeat, StatusDraft},
    event::{Answered, CallEnded},
    identity::Identity,
    moment::BootMillis,
    pursuit::Pursuit,
    renewal::Renewal,
    routes::RouteTo,
    turn::Turn,
};

/// Heartbeats that a change of health brings forward are at least this far apart.
pub const SOONEST: Duration = Duration::from_secs(5);
/// An accepted hub is probed again after this long, so that a dead one shows even when nothing is detected.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// A connection with an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    pub(crate) renewal: Renewal,
    pub(crate) chain: Chain,
    pub(crate) heartbeat: Pursuit,
    /// When the last heartbeat went out.
    pub(crate) sent: Option<BootMillis>,
    /// The interval that the upstream set.
    pub(crate) interval: Option<Duration>,
    /// Whether the upstream has accepted a heartbeat of this activation.
    pub(crate) heard: bool,
    pub(crate) hub: Option<HubLink>,
    /// Tries that enrolment took.
    pub(crate) enrolment_attempts: u64,
}

/// The link to the IoT hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubLink {
    pub(crate) pursuit: Pursuit,
    /// Whether the hub has accepted a probe of this activation.
    pub(crate) accepted: bool,
}

impl Enrolled {
    pub(crate) fn new(identity: Identity, has_hub: bool, enrolment_attempts: u64, now: BootMillis) -> Self {
        Self {
            renewal: Renewal::new(identity),
            chain: Chain::default(),
            heartbeat: Pursuit::due(now),
            sent: None,
            interval: None,
            heard: false,
            hub: has_hub.then(|| HubLink { pursuit: Pursuit::default(), accepted: false }),
            enrolment_attempts,
        }
    }

    pub(crate) fn drive(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>, upstream: &Upstream<'_>) {
        self.renewal.drive(turn, speaker, upstream);
        if self.heartbeat.is_due(turn.now.boot) {
            self.send_heartbeat(turn, speaker, upstream);
        }
        self.probe_hub(turn, speaker, upstream);
    }

    fn send_heartbeat(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>, upstream: &Upstream<'_>) {
        let ticket = turn.ticket();
        self.heartbeat.begin(ticket);
        self.sent = Some(turn.now.boot);
        let nonce = turn.dice.nonce();
        let draft = HeartbeatDraft {
            chain: self.chain.next(nonce),
            serial: speaker.activation.serial,
            standing: match speaker.role {
                Role::Candidate => Standing::Candidate,
                Role::InForce { .. } => Standing::Committed,
            },
            status: self.status(turn, speaker),
        };
        let call = turn.call_to(speaker.stamp, ticket, speaker.activation.sensor, upstream.endpoint);
        turn.call(Effect::SendHeartbeat(SendHeartbeat { call, with: self.renewal.slot_to_use(), draft }));
    }

    fn status(&self, turn: &Turn<'_>, speaker: Speaker<'_>) -> Option<StatusDraft> {
        let Role::InForce { epoch, filing, last_candidate } = speaker.role else { return None };
        Some(StatusDraft {
            mode: speaker.activation.mode.mode(),
            epoch,
            name: filing.name.clone(),
            interval: self.interval_in(turn),
            health: turn.appliance.health.by_component().clone(),
            automatic_ti: filing.automatic_ti,
            last_candidate: last_candidate.map(|why| why.code().into()),
        })
    }

    fn probe_hub(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>, upstream: &Upstream<'_>) {
        let (Some(link), Some(hub)) = (&mut self.hub, upstream.hub) else { return };
        // The hub knows the sensor by the portal's word, so the portal comes first.
        if self.heard && link.pursuit.is_resting() {
            link.pursuit.set_due(turn.now.boot);
        }
        if !link.pursuit.is_due(turn.now.boot) {
            return;
        }
        let Some(to) = RouteTo::of(hub, speaker.activation.sensor) else { return };
        let ticket = turn.ticket();
        link.pursuit.begin(ticket);
        let nonce = turn.dice.nonce();
        let call = turn.call_to(speaker.stamp, ticket, speaker.activation.sensor, &hub.endpoint);
        turn.call(Effect::ProbeHub(ProbeHub { call, to, with: self.renewal.identity().slot, nonce }));
    }

    pub(crate) fn heartbeat_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<Answered>) -> Option<Answered> {
        if !self.heartbeat.is_under_way(ended.ticket) {
            return None;
        }
        match ended.result {
            Ok(answered) => {
                self.chain.answered(answered.digest);
                self.heard = true;
                self.renewal.connected();
                self.heartbeat.succeeded(turn.effective(), turn.now.boot);
                if let Some(seconds) = answered.answer.desired.interval_seconds {
                    self.interval = interval_from_answer(seconds).or(self.interval);
                }
                let interval = self.interval_in(turn);
                let wait = turn.dice.between(interval * 9 / 10, interval * 11 / 10);
                self.heartbeat.set_due(turn.now.boot.plus(wait));
                Some(answered)
            }
            Err(failure) => {
                self.renewal.failed_to_connect(turn, &failure.refusal);
                self.heartbeat.failed(failure, turn.effective(), turn.now.boot, &mut turn.dice);
                None
            }
        }
    }

    pub(crate) fn probe_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<()>) -> bool {
        let effective = turn.effective();
        let Some(link) = &mut self.hub else { return false };
        if !link.pursuit.is_under_way(ended.ticket) {
            return false;
        }
        match ended.result {
            Ok(()) => {
                link.accepted = true;
                link.pursuit.succeeded(effective, turn.now.boot);
                let wait = turn.dice.between(PROBE_INTERVAL * 9 / 10, PROBE_INTERVAL * 11 / 10);
                link.pursuit.set_due(turn.now.boot.plus(wait));
                true
            }
            Err(failure) => {
                link.pursuit.failed(failure, effective, turn.now.boot, &mut turn.dice);
                false
            }
        }
    }

    pub(crate) fn renewal_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<Identity>) -> bool {
        let taken = self.renewal.ended(turn, ended);
        if taken && self.renewal.slot_to_use() != self.renewal.identity().slot {
            // A real connection promotes the new certificate: make one.
            self.heartbeat.hasten(turn.now.boot);
        }
        taken
    }

    pub(crate) fn is_proved(&self) -> bool {
        self.heard && self.hub.as_ref().is_none_or(|hub| hub.accepted)
    }

    pub(crate) fn afresh(&mut self, now: BootMillis) {
        self.heard = false;
        self.heartbeat = Pursuit::due(now);
        self.renewal.afresh();
        if let Some(hub) = &mut self.hub {
            *hub = HubLink { pursuit: Pursuit::default(), accepted: false };
        }
    }

    /// Not before the first one after a start: that one is due soon, at an instant of its own.
    pub(crate) fn hasten_heartbeat(&mut self, now: BootMillis) {
        if let Some(sent) = self.sent {
            self.heartbeat.hasten(sent.plus(SOONEST).max(now));
        }
    }

    pub(crate) fn next_wake(&self) -> Option<BootMillis> {
        let hub = self.hub.as_ref().and_then(|hub| hub.pursuit.next());
        [self.heartbeat.next(), self.renewal.next_wake(), hub].into_iter().flatten().min()
    }

    pub(crate) fn pursuits(&mut self) -> [Option<&mut Pursuit>; 3] {
        [Some(&mut self.heartbeat), Some(self.renewal.pursuit_mut()), self.hub.as_mut().map(|hub| &mut hub.pursuit)]
    }

    /// The certificate in use.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        self.renewal.identity()
    }

    pub(crate) fn interval_in(&self, turn: &Turn<'_>) -> Duration {
        self.interval.unwrap_or(turn.appliance.settings.heartbeat_interval)
    }
}

/// The interval an answer sets, if it is one that an answer may set.
fn interval_from_answer(seconds: u32) -> Option<Duration> {
    DesiredState::INTERVALS.contains(&seconds).then(|| Duration::from_secs(seconds.into()))
}

/// Without an accepted probe for this long, the hub is disconnected.
pub const HUB_DISCONNECTED_AFTER: Duration = Duration::from_secs(22 * 60);

/// Without an answer for this long, a sensor is disconnected: on both sides.
#[must_use]
pub fn disconnected_after(interval: Duration) -> Duration {
    (interval * 3).max(Duration::from_secs(5 * 60))
}
