//! Answers that an agent gives.

use std::collections::BTreeMap;

use picket_protocol::{
    documents::activation::{HubKind, Mode, Subscription},
    ids::{ApplianceId, Cti, Epoch, Kid, SensorId, Serial, SubscriptionId, TrustRootId},
    local_api::{
        ActivationAnswer, ActivationView, Active, Actor, AgentStatus, AlertStatus, Candidate, Clock, HubView, Link,
        ModeView, Outcome, OutcomeResult, Progress, Proof, ProofStep, SensorState, SetupState, Status, UpstreamKind,
        UpstreamStatus,
    },
    refusal::Refusal,
    time::UnixSeconds,
};

pub(crate) const CTI: Cti = Cti::from_bytes([3; 16]);

pub(crate) fn activation() -> ActivationView {
    ActivationView {
        issuer: TrustRootId::from_bytes([1; 32]),
        sensor: SensorId::from_bytes([2; 16]),
        serial: Serial(7),
        cti: CTI,
        issued_at: UnixSeconds(1),
        name: "Pump house 3".parse().unwrap(),
        subscription: Subscription { id: SubscriptionId::from_bytes([4; 16]), name: "Waterworks".parse().unwrap() },
        site: Some("Nord".parse().unwrap()),
        zone: None,
        tags: BTreeMap::new(),
        licence_until: None,
        mode: ModeView::CloudConnected {
            portal: "https://portal.example".into(),
            hub: HubView { kind: HubKind::Https, url: "https://hub.example".into() },
            automatic_ti: false,
        },
    }
}

pub(crate) fn unactivated() -> Status {
    Status {
        appliance: ApplianceId::from_digest(&[6; 32]),
        epoch: Epoch(0),
        state: SensorState::Unactivated,
        candidate: None,
        retry: None,
        proxy: None,
        trusted: true,
        agent: AgentStatus {
            version: "0.1.0".into(),
            uptime_seconds: 12,
            network: Default::default(),
            key: Default::default(),
        },
        clock: Clock { wall: UnixSeconds(1_000), floor: UnixSeconds(900), drift_seconds: None },
        upstream: None,
        hub: None,
        health: BTreeMap::new(),
        alerts: AlertStatus::default(),
        setup: SetupState::Done,
        addresses: vec![],
    }
}

pub(crate) fn with_candidate(heartbeat: ProofStep) -> Status {
    let proof = Proof { identity: ProofStep::Proved, heartbeat, hub: ProofStep::Waiting };
    let candidate = Candidate { activation: activation(), proof, remaining_seconds: 600, attempts: 1 };
    Status { candidate: Some(candidate), ..unactivated() }
}

pub(crate) fn active() -> Status {
    let active = Active {
        activation: activation(),
        committed_at: UnixSeconds(940),
        signer: Kid::from_bytes([5; 32]),
        signer_withdrawn: false,
        proof: Proof::COMPLETE,
    };
    let upstream = UpstreamStatus {
        kind: UpstreamKind::Portal,
        url: "https://portal.example".into(),
        link: Link::Connected,
        last_answer: Some(UnixSeconds(990)),
        answered: 3,
        problem: None,
        interval_seconds: 60,
        certificate_until: Some(UnixSeconds(8_000_000)),
    };
    Status { epoch: Epoch(1), state: SensorState::Active { active }, upstream: Some(upstream), ..unactivated() }
}

pub(crate) fn accepted(outcome: Progress) -> ActivationAnswer {
    ActivationAnswer { outcome, serial: Serial(7), cti: CTI, epoch: Epoch(0) }
}

pub(crate) fn not_proved() -> Outcome {
    let last = Refusal::Dns { host: "hub.example".into(), why: "no such name".into() };
    let problem = Refusal::NotProved { after_seconds: 900, last: Some(Box::new(last)) }.problem();
    Outcome {
        at: UnixSeconds(950),
        by: Actor { uid: Some(0), name: "root".into() },
        sensor: SensorId::from_bytes([2; 16]),
        serial: Serial(7),
        cti: CTI,
        name: "Pump house 3".parse().unwrap(),
        mode: Mode::CloudConnected,
        result: OutcomeResult::NotCommitted { problem },
    }
}
