//! The connection of one activation to its upstream: first an identity, then heartbeats, renewals and hub probes.
//! In a locally managed sensor without a management console there is none, so nothing that could ask for a packet.

use core::time::Duration;

use picket_protocol::{
    documents::activation::{Activation, Binding, Endpoint, Hub, ModeSettings, Secret},
    ids::{Epoch, Thumbprint},
    local_api::UpstreamKind,
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

use crate::{
    effect::{Effect, Enrol},
    enrolled::Enrolled,
    event::{Answered, CallEnded},
    filing::Filing,
    identity::Identity,
    moment::BootMillis,
    pursuit::{FailedTry, Pursuit},
    stamp::Stamp,
    turn::Turn,
};

/// One activation's connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "stage")]
#[expect(clippy::large_enum_variant, reason = "one or two exist; a box would only add a pointer")]
pub enum Connection {
    /// No identity yet.
    Enrolling(Enrolling),
    /// With an identity.
    Enrolled(Enrolled),
}

/// No identity yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolling {
    pub(crate) pursuit: Pursuit,
}

/// On whose behalf a connection speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker<'a> {
    pub(crate) stamp: Stamp,
    pub(crate) activation: &'a Activation,
    pub(crate) role: Role<'a>,
}

/// What its activation is to the sensor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role<'a> {
    Candidate,
    InForce { epoch: Epoch, filing: &'a Filing, last_candidate: Option<&'a Refusal> },
}

/// The upstream of a mode, if it has one.
pub(crate) struct Upstream<'a> {
    pub(crate) kind: UpstreamKind,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) token: &'a Secret,
    pub(crate) hub: Option<&'a Hub>,
}

impl<'a> Upstream<'a> {
    pub(crate) fn of(mode: &'a ModeSettings) -> Option<Self> {
        match mode {
            ModeSettings::CloudConnected(cloud) => Some(Self {
                kind: UpstreamKind::Portal,
                endpoint: &cloud.portal,
                token: &cloud.enrolment_token,
                hub: Some(&cloud.hub),
            }),
            ModeSettings::LocallyManaged(local) => local.management_console.as_ref().map(|console| Self {
                kind: UpstreamKind::ManagementConsole,
                endpoint: &console.endpoint,
                token: &console.pairing_token,
                hub: None,
            }),
        }
    }
}

impl Connection {
    /// The connection that this mode calls for, due at once.
    pub(crate) fn new(mode: &ModeSettings, now: BootMillis) -> Option<Self> {
        Upstream::of(mode).map(|_| Self::Enrolling(Enrolling { pursuit: Pursuit::due(now) }))
    }

    /// Starts the calls that are due.
    pub(crate) fn drive(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>) {
        let Some(upstream) = Upstream::of(&speaker.activation.mode) else { return };
        match self {
            Self::Enrolling(enrolling) => enrolling.drive(turn, speaker, &upstream),
            Self::Enrolled(enrolled) => enrolled.drive(turn, speaker, &upstream),
        }
    }

    pub(crate) fn next_wake(&self) -> Option<BootMillis> {
        match self {
            Self::Enrolling(enrolling) => enrolling.pursuit.next(),
            Self::Enrolled(enrolled) => enrolled.next_wake(),
        }
    }

    /// An enrolment ended. None if it is not the one under way.
    pub(crate) fn enrolment_ended(
        &mut self,
        turn: &mut Turn<'_>,
        ended: CallEnded<Identity>,
        has_hub: bool,
    ) -> Option<Result<(), Refusal>> {
        let Self::Enrolling(Enrolling { pursuit }) = self else { return None };
        if !pursuit.is_under_way(ended.ticket) {
            return None;
        }
        match ended.result {
            Ok(identity) => {
                *self = Self::Enrolled(Enrolled::new(identity, has_hub, pursuit.attempts(), turn.now.boot));
                Some(Ok(()))
            }
            Err(failure) => {
                let why = failure.refusal.clone();
                pursuit.failed(failure, turn.effective(), turn.now.boot, &mut turn.dice);
                Some(Err(why))
            }
        }
    }

    /// A renewal ended. False if it is not the one under way.
    pub(crate) fn renewal_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<Identity>) -> bool {
        match self {
            Self::Enrolling(_) => false,
            Self::Enrolled(enrolled) => enrolled.renewal_ended(turn, ended),
        }
    }

    /// A heartbeat ended. None if it is not the one under way, or was not answered.
    pub(crate) fn heartbeat_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<Answered>) -> Option<Answered> {
        match self {
            Self::Enrolling(_) => None,
            Self::Enrolled(enrolled) => enrolled.heartbeat_ended(turn, ended),
        }
    }

    /// A probe ended. True if it was accepted just now.
    pub(crate) fn probe_ended(&mut self, turn: &mut Turn<'_>, ended: CallEnded<()>) -> bool {
        match self {
            Self::Enrolling(_) => false,
            Self::Enrolled(enrolled) => enrolled.probe_ended(turn, ended),
        }
    }

    /// Whether upstream and hub have accepted this sensor.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        match self {
            Self::Enrolling(_) => false,
            Self::Enrolled(enrolled) => enrolled.is_proved(),
        }
    }

    /// Its activation came into force: the upstream is to hear of it at once.
    pub(crate) fn committed(&mut self, now: BootMillis) {
        if let Self::Enrolled(enrolled) = self {
            enrolled.heartbeat.set_due(now);
        }
    }

    /// To be proved (again) from the beginning, with the identity it may have.
    pub(crate) fn afresh(mut self, now: BootMillis) -> Self {
        match &mut self {
            Self::Enrolling(enrolling) => enrolling.pursuit = Pursuit::due(now),
            Self::Enrolled(enrolled) => enrolled.afresh(now),
        }
        self
    }

    /// This could not be stored, and `stored` was.
    pub(crate) const fn unstored(&mut self, stored: &Self) {
        if let (Self::Enrolled(enrolled), Self::Enrolled(stored)) = (self, stored) {
            enrolled.chain.build_on(&stored.chain);
        }
    }

    /// Something to tell came up.
    pub(crate) fn hasten_heartbeat(&mut self, now: BootMillis) {
        if let Self::Enrolled(enrolled) = self {
            enrolled.hasten_heartbeat(now);
        }
    }

    /// The way out changed: everything is tried anew, now.
    pub(crate) fn reconnect(&mut self, now: BootMillis) {
        self.each_pursuit(|pursuit| {
            if !pursuit.is_resting() {
                pursuit.set_due(now);
            }
        });
    }

    /// What was under way was dropped by the sensor itself.
    pub(crate) fn dropped(&mut self, turn: &mut Turn<'_>) {
        let (now, dice) = (turn.now.boot, &mut turn.dice);
        self.each_pursuit(|pursuit| pursuit.dropped(now, dice));
    }

    /// The agent started.
    pub(crate) fn restarted(&mut self, turn: &mut Turn<'_>, same_boot: bool) {
        let interval = self.interval().unwrap_or(turn.appliance.settings.heartbeat_interval);
        let (now, dice) = (turn.now.boot, &mut turn.dice);
        self.each_pursuit(|pursuit| {
            let due = now.plus(dice.between(Duration::ZERO, interval / 10));
            pursuit.restarted(due, same_boot);
        });
        if let Self::Enrolled(enrolled) = self {
            enrolled.sent = None;
        }
    }

    /// The last failure that keeps it from being proved, in the order of the proof.
    #[must_use]
    pub fn last_failure(&self) -> Option<&FailedTry> {
        match self {
            Self::Enrolling(enrolling) => enrolling.pursuit.last_failure(),
            Self::Enrolled(enrolled) => {
                let hub = enrolled.hub.as_ref().and_then(|hub| hub.pursuit.last_failure());
                enrolled.heartbeat.last_failure().or(hub)
            }
        }
    }

    /// Tries of the proof so far.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        match self {
            Self::Enrolling(enrolling) => enrolling.pursuit.attempts(),
            Self::Enrolled(enrolled) => {
                let hub = enrolled.hub.as_ref().map_or(0, |hub| hub.pursuit.attempts());
                enrolled.enrolment_attempts + enrolled.heartbeat.attempts() + hub
            }
        }
    }

    /// The interval that the upstream set.
    #[must_use]
    pub const fn interval(&self) -> Option<Duration> {
        match self {
            Self::Enrolling(_) => None,
            Self::Enrolled(enrolled) => enrolled.interval,
        }
    }

    fn each_pursuit(&mut self, mut each: impl FnMut(&mut Pursuit)) {
        match self {
            Self::Enrolling(enrolling) => each(&mut enrolling.pursuit),
            Self::Enrolled(enrolled) => enrolled.pursuits().into_iter().flatten().for_each(each),
        }
    }
}

impl Enrolling {
    fn drive(&mut self, turn: &mut Turn<'_>, speaker: Speaker<'_>, upstream: &Upstream<'_>) {
        if !self.pursuit.is_due(turn.now.boot) {
            return;
        }
        let ticket = turn.ticket();
        self.pursuit.begin(ticket);
        let call = turn.call_to(speaker.stamp, ticket, speaker.activation.sensor, upstream.endpoint);
        turn.call(Effect::Enrol(Enrol {
            call,
            token: upstream.token.clone(),
            key: bound_key(&speaker.activation.binding),
        }));
    }
}

const fn bound_key(binding: &Binding) -> Option<Thumbprint> {
    match binding {
        Binding::Key(thumbprint) => Some(*thumbprint),
        Binding::None | Binding::Appliance(_) => None,
    }
}

/// Whether the other end answered, and does not accept this sensor.
#[must_use]
pub fn is_rejection(why: &Refusal) -> bool {
    matches!(
        why,
        Refusal::Rejected { .. }
            | Refusal::AlreadyUsed { .. }
            | Refusal::Voided { .. }
            | Refusal::Deleted { .. }
            | Refusal::Http { status: 401 | 403 | 404 | 410, .. }
    )
}

/// Whether trying this enrolment again can never help: its token is spent, voided or deleted.
pub(crate) const fn is_final(why: &Refusal) -> bool {
    matches!(why, Refusal::AlreadyUsed { .. } | Refusal::Voided { .. } | Refusal::Deleted { .. })
}
