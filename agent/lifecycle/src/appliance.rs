//! What outlives every activation of an appliance: epoch, floors, trust, time, health, proxy, history.

use alloc::{string::String, vec::Vec};

use picket_protocol::{
    floors::Floors,
    heartbeat::Component,
    ids::{Epoch, Kid, SensorId, Serial, TrustRootId},
    refusal::Refusal,
    trust::TrustStore,
    typed_code::TypedCode,
};
use serde::{Deserialize, Serialize};

use crate::{
    accepted::Accepted,
    clock::Clock,
    epochs::Epochs,
    health::HealthBoard,
    moment::{BootId, BootMillis},
    outcome::PastOutcome,
    proxy::ProxyChoice,
    settings::Settings,
    setup::Setup,
};

/// How many past outcomes are kept; the audit keeps all.
pub const MAX_PAST_OUTCOMES: usize = 16;

/// What outlives every activation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appliance {
    pub(crate) epoch: Epoch,
    /// None in a state of the first release.
    #[serde(default)]
    pub(crate) epochs: Epochs,
    pub(crate) tickets: u64,
    pub(crate) settings: Settings,
    pub(crate) boot: BootId,
    pub(crate) started_at: BootMillis,
    pub(crate) floors: Floors,
    pub(crate) trust: TrustStore,
    pub(crate) clock: Clock,
    pub(crate) health: HealthBoard,
    /// What the delivery last said of the hub: `ok`, or what keeps alerts from it; nothing yet.
    #[serde(default)]
    pub(crate) hub_takes: String,
    pub(crate) proxy: ProxyChoice,
    pub(crate) past: Vec<PastOutcome>,
    /// The first sign-in at the console. New in a state of an earlier release.
    #[serde(default)]
    pub(crate) setup: Setup,
    /// The nonce of the recovery that is open.
    #[serde(default)]
    pub(crate) recovery: Option<TypedCode>,
    /// The last document in an answer that was not taken, so that a portal which repeats it fills no audit.
    pub(crate) refused_document: Option<Refusal>,
    /// A reset was stored and its erasing may not have been finished.
    pub(crate) erasing: bool,
}

impl Appliance {
    /// The epoch in force.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The serial floors.
    #[must_use]
    pub const fn floors(&self) -> &Floors {
        &self.floors
    }

    /// The trust roots.
    #[must_use]
    pub const fn trust(&self) -> &TrustStore {
        &self.trust
    }

    /// What configuration and build said at the last start.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The setup code, while the console has no admin.
    #[must_use]
    pub const fn setup_code(&self) -> Option<&TypedCode> {
        self.setup.code()
    }

    /// Past outcomes, the oldest first.
    #[must_use]
    pub fn past(&self) -> &[PastOutcome] {
        &self.past
    }

    /// The highest serial of this registration that a standing key committed.
    #[must_use]
    pub fn floor(&self, issuer: TrustRootId, sensor: SensorId) -> Option<Serial> {
        self.floors.floor(issuer, sensor, |kid| self.trust.is_withdrawn(&issuer, kid))
    }

    /// What now speaks against an activation that was verified earlier, by the newest of the roots it brought and those
    /// that are stored.
    pub(crate) fn objection(&self, accepted: &Accepted) -> Option<Refusal> {
        let (activation, signer) = (accepted.activation(), accepted.signer());
        let trust = self.trust_with(activation.issuer, accepted.roots());
        if trust.is_withdrawn(&activation.issuer, &signer) {
            return Some(Refusal::SignerWithdrawn { kid: signer });
        }
        let withdrawn = |kid: &Kid| trust.is_withdrawn(&activation.issuer, kid);
        let floor = self.floors.floor(activation.issuer, activation.sensor, withdrawn)?;
        (activation.serial <= floor).then_some(Refusal::OlderThanActive { found: activation.serial, floor })
    }

    /// The trust store as these versions would make it. Versions that do not hold change nothing.
    #[must_use]
    pub fn trust_with(&self, issuer: TrustRootId, roots: &[Vec<u8>]) -> TrustStore {
        let mut trust = self.trust.clone();
        // The stored chain may have moved on since these were read; then it judges.
        let _ = trust.adopt(&issuer, roots);
        trust
    }

    pub(crate) fn remember(&mut self, outcome: PastOutcome) {
        if self.past.len() >= MAX_PAST_OUTCOMES {
            self.past.remove(0);
        }
        self.past.push(outcome);
    }

    /// Health that concerns an activation's links goes with it.
    pub(crate) fn forget_links(&mut self) {
        self.health.forget(Component::Upstream);
        self.health.forget(Component::Hub);
    }
}
