//! The state as people see it: the status, past outcomes, trust roots, the endpoints to check. Changes nothing, shows no
//! secret.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::time::Duration;

use picket_protocol::{
    documents::activation::Activation,
    ids::ApplianceId,
    local_api::{
        self, ActivationView, AgentStatus, AlertStatus, HubStatus, Link, ModeView, OutcomeResult, Proof, ProofStep,
        ProxySettings, SensorState, Status, TrustKeyView, TrustRootView, UpstreamStatus,
    },
    refusal::Refusal,
    time::UnixSeconds,
    trust::Chain,
};

use crate::{
    accepted::Accepted,
    audit::Actor,
    candidate::{Candidate, Fallen},
    connection::{Connection, Upstream},
    enrolled::{HUB_DISCONNECTED_AFTER, disconnected_after},
    filing::Filing,
    links,
    moment::Moment,
    outcome::{PastOutcome, PastResult},
    phase::{Active, Deactivated, Phase},
    pursuit::Pursuit,
    state::State,
};

impl State {
    /// The status as of now.
    #[must_use]
    pub fn status(&self, now: &Moment, appliance: &ApplianceId, agent: AgentStatus, alerts: AlertStatus) -> Status {
        let (known, succession) = (&self.appliance, self.phase.succession());
        let settings = &known.settings;
        let candidate = succession.and_then(|succession| succession.candidate.as_ref());
        let fallen = succession.and_then(|succession| succession.fallen.as_ref());
        Status {
            appliance: appliance.clone(),
            epoch: known.epoch,
            state: self.sensor_state(),
            candidate: candidate.map(|candidate| candidate_view(candidate, now)),
            retry: fallen.map(fallen_view),
            proxy: self.proxy().map(ProxySettings::view),
            trusted: !known.trust.is_empty(),
            agent,
            clock: local_api::Clock {
                wall: now.wall,
                floor: known.clock.floor.at(settings.build_date),
                drift_seconds: known.clock.drift(now),
            },
            upstream: self.phase.in_force().and_then(|active| self.upstream(active, now)),
            hub: self.phase.in_force().and_then(|active| self.hub(active, now)),
            health: known.health.by_component().clone(),
            alerts,
            setup: known.setup.view(),
            // The shell's to add.
            addresses: Vec::new(),
        }
    }

    /// Past outcomes, the newest first.
    #[must_use]
    pub fn outcomes(&self) -> Vec<local_api::Outcome> {
        self.appliance.past.iter().rev().map(outcome_view).collect()
    }

    /// The pinned trust roots.
    #[must_use]
    pub fn trust_roots(&self) -> Vec<TrustRootView> {
        self.appliance.trust.chains().map(root_view).collect()
    }

    /// The proxy that holds.
    #[must_use]
    pub fn proxy(&self) -> Option<&ProxySettings> {
        self.appliance.proxy.resolve(self.appliance.settings.proxy.as_ref())
    }

    /// The effective time: the wall clock, or the floor if that is higher.
    #[must_use]
    pub fn effective(&self, now: &Moment) -> UnixSeconds {
        self.appliance.clock.effective(self.appliance.settings.build_date, now)
    }

    /// The activation in force and the candidate, with their connections.
    pub fn activations(&self) -> impl Iterator<Item = (&Activation, Option<&Connection>, bool)> {
        let active = self.phase.in_force();
        let active = active.map(|active| (active.accepted.activation(), active.connection.as_ref(), false));
        let candidate = self.phase.succession().and_then(|succession| succession.candidate.as_ref());
        let candidate = candidate.map(|candidate| (candidate.accepted.activation(), Some(&candidate.connection), true));
        active.into_iter().chain(candidate)
    }

    fn sensor_state(&self) -> SensorState {
        match &self.phase {
            Phase::Unactivated(_) => SensorState::Unactivated,
            Phase::Active(active) => SensorState::Active { active: self.active_view(active) },
            Phase::Deactivated(deactivated) => SensorState::Deactivated { deactivated: deactivated_view(deactivated) },
        }
    }

    fn active_view(&self, active: &Active) -> local_api::Active {
        let issuer = &active.accepted.activation().issuer;
        local_api::Active {
            activation: filed(&active.accepted, &active.filing),
            committed_at: active.committed_at,
            signer: active.accepted.signer(),
            signer_withdrawn: self.appliance.trust.is_withdrawn(issuer, &active.accepted.signer()),
            proof: active.connection.as_ref().map_or(Proof::COMPLETE, proof),
        }
    }

    fn upstream(&self, active: &Active, now: &Moment) -> Option<UpstreamStatus> {
        let connection = active.connection.as_ref()?;
        let upstream = Upstream::of(&active.accepted.activation().mode)?;
        let pursuit = links::upstream(connection);
        let interval = connection.interval().unwrap_or(self.appliance.settings.heartbeat_interval);
        Some(UpstreamStatus {
            kind: upstream.kind,
            url: upstream.endpoint.url.clone(),
            link: self.link(pursuit, disconnected_after(interval), now),
            last_answer: pursuit.last_success().map(|success| success.at),
            answered: pursuit.last_success().map_or(0, |success| success.count),
            problem: pursuit.last_failure().map(|failure| failure.why.problem()),
            interval_seconds: u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
            certificate_until: match connection {
                Connection::Enrolling(_) => None,
                Connection::Enrolled(enrolled) => Some(enrolled.identity().not_after),
            },
        })
    }

    fn hub(&self, active: &Active, now: &Moment) -> Option<HubStatus> {
        let hub = Upstream::of(&active.accepted.activation().mode)?.hub?;
        let pursuit = match active.connection.as_ref()? {
            Connection::Enrolling(_) => None,
            Connection::Enrolled(enrolled) => enrolled.hub.as_ref().map(|hub| &hub.pursuit),
        };
        Some(HubStatus {
            url: hub.endpoint.url.clone(),
            link: pursuit.map_or(Link::Pending, |pursuit| self.link(pursuit, HUB_DISCONNECTED_AFTER, now)),
            last_accepted: pursuit.and_then(Pursuit::last_success).map(|success| success.at),
            problem: pursuit.and_then(Pursuit::last_failure).map(|failure| failure.why.problem()),
        })
    }

    fn link(&self, pursuit: &Pursuit, gone_after: Duration, now: &Moment) -> Link {
        links::link(pursuit, gone_after, &self.appliance, now)
    }
}

fn filed(accepted: &Accepted, filing: &Filing) -> ActivationView {
    let mut view = ActivationView::from(accepted.activation());
    let Filing { name, site, zone, tags, automatic_ti } = filing.clone();
    if let ModeView::CloudConnected { automatic_ti: shown, .. } = &mut view.mode {
        *shown = automatic_ti;
    }
    ActivationView { name, site, zone, tags, ..view }
}

fn deactivated_view(deactivated: &Deactivated) -> local_api::Deactivated {
    let deactivation = deactivated.ended.deactivation();
    local_api::Deactivated {
        activation: filed(&deactivated.accepted, &deactivated.filing),
        serial: deactivation.serial,
        reason: deactivation.reason.clone(),
        decided_by: deactivation.decided_by.clone(),
        at: deactivation.issued_at,
    }
}

fn candidate_view(candidate: &Candidate, now: &Moment) -> local_api::Candidate {
    local_api::Candidate {
        activation: ActivationView::from(candidate.accepted.activation()),
        proof: proof(&candidate.connection),
        remaining_seconds: candidate.probation.remaining(now.boot).as_secs(),
        attempts: candidate.connection.attempts(),
    }
}

/// The three steps of a proof, as far as they are.
fn proof(connection: &Connection) -> Proof {
    let waiting = || ProofStep::Waiting;
    match connection {
        Connection::Enrolling(enrolling) => {
            Proof { identity: step(false, &enrolling.pursuit), heartbeat: waiting(), hub: waiting() }
        }
        Connection::Enrolled(enrolled) => Proof {
            identity: ProofStep::Proved,
            heartbeat: step(enrolled.heard, &enrolled.heartbeat),
            hub: enrolled.hub.as_ref().map_or(ProofStep::Proved, |hub| step(hub.accepted, &hub.pursuit)),
        },
    }
}

fn step(proved: bool, pursuit: &Pursuit) -> ProofStep {
    match pursuit.last_failure() {
        _ if proved => ProofStep::Proved,
        Some(failure) => ProofStep::Failed { problem: failure.why.problem() },
        None => ProofStep::Waiting,
    }
}

fn fallen_view(fallen: &Fallen) -> local_api::Outcome {
    let activation = fallen.accepted.activation();
    local_api::Outcome {
        at: fallen.at,
        by: actor_view(&fallen.by),
        sensor: activation.sensor,
        serial: activation.serial,
        cti: activation.cti,
        name: activation.name.clone(),
        mode: activation.mode.mode(),
        result: OutcomeResult::NotCommitted { problem: fallen.why.problem() },
    }
}

fn outcome_view(past: &PastOutcome) -> local_api::Outcome {
    local_api::Outcome {
        at: past.at,
        by: actor_view(&past.by),
        sensor: past.sensor,
        serial: past.serial,
        cti: past.cti,
        name: past.name.clone(),
        mode: past.mode,
        result: match &past.result {
            PastResult::Committed { epoch } => OutcomeResult::Committed { epoch: *epoch },
            PastResult::NotCommitted { why } => OutcomeResult::NotCommitted { problem: Refusal::problem(why) },
            PastResult::Deactivated { epoch, why } => {
                OutcomeResult::Deactivated { epoch: *epoch, problem: Refusal::problem(why) }
            }
        },
    }
}

/// An actor as people see it. The names of local users are the shell's to add.
#[must_use]
pub fn actor_view(actor: &Actor) -> local_api::Actor {
    let (uid, name) = match actor {
        Actor::Caller { uid, person: Some(person) } => (Some(*uid), format!("console: {person}")),
        Actor::Caller { uid, person: None } => (Some(*uid), uid.to_string()),
        Actor::Portal => (None, String::from("portal")),
        Actor::ManagementConsole => (None, String::from("management console")),
        Actor::Sensor => (None, String::from("agent")),
        Actor::Configuration => (None, String::from("configuration")),
    };
    local_api::Actor { uid, name }
}

fn root_view(chain: &Chain) -> TrustRootView {
    let newest = chain.newest();
    TrustRootView {
        id: *chain.id(),
        confirmation: chain.id().confirmation(),
        version: newest.version,
        threshold: newest.threshold,
        root_keys: newest.root_keys.iter().map(|key| key.kid()).collect(),
        keys: newest.keys.iter().map(|key| TrustKeyView { kid: key.key.kid(), roles: key.roles.clone() }).collect(),
        withdrawn: newest.withdrawn.clone(),
    }
}
