//! A sensor under test: the state, its clocks, what is durable, and the calls under way. Keeps the shell's contract, and
//! checks with every event what must always hold of the effects' order.

use core::time::Duration;
use std::{sync::OnceLock, vec, vec::Vec};

use picket_protocol::{
    heartbeat::Answer,
    ids::{Cti, HeartbeatDigest, Thumbprint},
    local_api::{AgentStatus, AlertStatus, Start, Status},
    refusal::Refusal,
    time::UnixSeconds,
};

use super::fixtures::{BUILT, TODAY, owners, root_file};
use crate::{
    State,
    accepted::Accepted,
    audit::{Actor, AuditRecord},
    effect::{Call, Confirmed, Durability, Effect},
    epochs::EngineMark,
    event::{Answered, CallEnded, Event, Failure},
    identity::{Identity, Slot},
    moment::{BootId, BootMillis, Moment},
    outcome::Outcome,
    settings::Settings,
    stamp::Stamp,
};

pub(super) const PERSON: Actor = Actor::Caller { uid: 990, person: None };
pub(super) const NINETY_DAYS: i64 = 90 * 86_400;

pub(super) struct Rig {
    pub(super) state: State,
    pub(super) durable: State,
    pub(super) wall: UnixSeconds,
    pub(super) boot: BootMillis,
    pub(super) boot_id: u8,
    pub(super) engine: EngineMark,
    pub(super) stores_fail: bool,
    /// Calls under way.
    pub(super) calls: Vec<Effect>,
    /// Calls that were ended before they had a result.
    pub(super) ended: Vec<Effect>,
    pub(super) audit: Vec<AuditRecord>,
    pub(super) confirmed: Vec<Confirmed>,
    seed: u64,
}

impl Rig {
    /// A sensor that was never anybody's, and trusts both owners.
    pub(super) fn new() -> Self {
        // Pinning verifies signatures, which takes long without optimisation: once for all tests.
        static TRUSTING: OnceLock<State> = OnceLock::new();
        let state = TRUSTING.get_or_init(|| {
            let mut rig = Self::with(State::default());
            for owner in owners() {
                let answer = rig.happen(Event::TrustOffered { file: root_file(owner), by: Actor::Configuration });
                assert_eq!(answer, Some(Ok(Outcome::Trusted { fingerprint: owner.issuer })));
            }
            rig.state
        });
        Self::with(state.clone())
    }

    /// A sensor that starts with this state.
    pub(super) fn with(state: State) -> Self {
        let mut rig = Self {
            durable: state.clone(),
            state,
            wall: TODAY,
            boot: BootMillis(20_000),
            boot_id: 1,
            engine: EngineMark::Unknown,
            stores_fail: false,
            calls: Vec::new(),
            ended: Vec::new(),
            audit: Vec::new(),
            confirmed: Vec::new(),
            seed: 1,
        };
        rig.start();
        rig
    }

    /// One in which this activation is in force, and proved if it is of the cloud.
    pub(super) fn active(accepted: Accepted) -> Self {
        let mut rig = Self::new();
        assert!(matches!(rig.offer(accepted), Ok(Outcome::Committed { .. })));
        rig.answer_all();
        rig
    }

    pub(super) fn moment(&mut self) -> Moment {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut entropy = [0; 32];
        for (n, lane) in entropy.chunks_mut(8).enumerate() {
            lane.copy_from_slice(&self.seed.wrapping_mul(n as u64 * 2 + 3).to_le_bytes());
        }
        Moment { wall: self.wall, boot: self.boot, entropy, engine: self.engine }
    }

    pub(super) fn happen(&mut self, event: Event) -> Option<Result<Outcome, Refusal>> {
        let now = self.moment();
        let (next, effects) = self.state.clone().on(&now, event);
        check_order(&effects);
        let mut next = Some(next);
        if !effects.iter().any(|effect| matches!(effect, Effect::Store { .. })) {
            self.state = next.take().unwrap();
        }
        let mut answer = None;
        for effect in effects {
            match effect {
                Effect::Abort(stamp) => {
                    let (gone, kept) = self.calls.drain(..).partition(|call| call_of(call).stamp == stamp);
                    self.calls = kept;
                    self.ended.extend::<Vec<Effect>>(gone);
                }
                Effect::Store { durability, audit } => {
                    let next = next.take().unwrap();
                    if self.stores_fail && durability == Durability::Required {
                        let why = Refusal::StorageFailed { path: "disk".into(), why: "full".into() };
                        self.happen(Event::StoreFailed { why: why.clone() });
                        return Some(Err(why));
                    }
                    self.state = if self.stores_fail {
                        next.unstored(&self.state)
                    } else {
                        self.durable = next.clone();
                        self.audit.extend(audit);
                        next
                    };
                }
                Effect::Answer(result) => answer = Some(result),
                Effect::Confirm(confirmed) => self.confirmed.push(confirmed),
                Effect::KeepIdentities(_) => {}
                Effect::EraseAll => {
                    self.happen(Event::Erased);
                }
                call @ (Effect::Enrol(_) | Effect::Renew(_) | Effect::SendHeartbeat(_) | Effect::ProbeHub(_)) => {
                    self.calls.push(call);
                }
            }
        }
        answer
    }

    pub(super) fn start(&mut self) {
        let settings = Settings { build_date: BUILT, ..Settings::default() };
        self.happen(Event::Started { boot: BootId([self.boot_id; 16]), settings });
    }

    /// The agent is killed and starts with what is durable.
    pub(super) fn restart(&mut self) {
        self.state = self.durable.clone();
        let gone: Vec<Effect> = self.calls.drain(..).collect();
        self.ended.extend(gone);
        self.start();
    }

    /// The machine boots anew.
    pub(super) fn reboot(&mut self) {
        self.boot_id = self.boot_id.wrapping_add(1);
        self.boot = BootMillis(15_000);
        self.restart();
    }

    pub(super) fn offer(&mut self, accepted: Accepted) -> Result<Outcome, Refusal> {
        self.offer_with(accepted, Start::Proved)
    }

    pub(super) fn offer_with(&mut self, accepted: Accepted, start: Start) -> Result<Outcome, Refusal> {
        self.happen(Event::FileOffered { accepted, start, by: PERSON }).unwrap()
    }

    /// Time passes on both clocks; whatever is due on the way happens.
    pub(super) fn pass(&mut self, span: Duration) {
        let end = self.boot.plus(span);
        let mut idle = 0;
        while let Some(wake) = self.state.next_wake().filter(|wake| *wake <= end) {
            idle = if wake > self.boot { 0 } else { idle + 1 };
            assert!(idle < 100, "it wakes for nothing");
            self.advance_to(wake);
            self.happen(Event::Woke);
        }
        self.advance_to(end);
        self.happen(Event::Woke);
    }

    fn advance_to(&mut self, instant: BootMillis) {
        let instant = instant.max(self.boot);
        self.wall = UnixSeconds(self.wall.0 + i64::try_from(instant.0 / 1_000 - self.boot.0 / 1_000).unwrap());
        self.boot = instant;
    }

    /// Answers every call well, and those that follow, until none is under way.
    pub(super) fn answer_all(&mut self) {
        while !self.calls.is_empty() {
            let call = self.calls.remove(0);
            self.answer(&call, Answer { time: self.wall, ..Answer::default() });
        }
    }

    /// Answers a call well; a heartbeat with this.
    pub(super) fn answer(&mut self, call: &Effect, answer: Answer) {
        let event = match call {
            Effect::Enrol(_) => Event::Enrolled(ended(call, Ok(self.identity(Slot::A)))),
            Effect::Renew(order) => Event::Renewed(ended(call, Ok(self.identity(order.into)))),
            Effect::ProbeHub(_) => Event::HubProbed(ended(call, Ok(()))),
            Effect::SendHeartbeat(_) => Event::HeartbeatAnswered(ended(call, Ok(answered(call, answer)))),
            other => panic!("no call: {other:?}"),
        };
        self.happen(event);
    }

    /// Answers the one heartbeat under way as `change` makes the answer.
    pub(super) fn answer_heartbeat(&mut self, change: impl FnOnce(&mut Answered)) {
        let position = self.calls.iter().position(|call| matches!(call, Effect::SendHeartbeat(_)));
        let call = self.calls.remove(position.expect("a heartbeat is under way"));
        let mut answer = answered(&call, Answer { time: self.wall, ..Answer::default() });
        change(&mut answer);
        self.happen(Event::HeartbeatAnswered(ended(&call, Ok(answer))));
    }

    /// Lets a call fail.
    pub(super) fn fail(&mut self, call: &Effect, refusal: &Refusal) {
        let failure = || Failure::from(refusal.clone());
        let event = match call {
            Effect::Enrol(_) => Event::Enrolled(ended(call, Err(failure()))),
            Effect::Renew(_) => Event::Renewed(ended(call, Err(failure()))),
            Effect::ProbeHub(_) => Event::HubProbed(ended(call, Err(failure()))),
            Effect::SendHeartbeat(_) => Event::HeartbeatAnswered(ended(call, Err(failure()))),
            other => panic!("no call: {other:?}"),
        };
        self.happen(event);
    }

    /// Lets every call under way fail.
    pub(super) fn fail_all(&mut self, refusal: &Refusal) {
        for call in self.calls.drain(..).collect::<Vec<_>>() {
            self.fail(&call, refusal);
        }
    }

    pub(super) fn identity(&self, slot: Slot) -> Identity {
        let not_before = self.wall;
        let thumbprint = Thumbprint::from_bytes([7; 32]);
        Identity { slot, thumbprint, not_before, not_after: not_before.plus(NINETY_DAYS) }
    }

    pub(super) fn status(&mut self) -> Status {
        let now = self.moment();
        let appliance = picket_protocol::ids::ApplianceId::from_digest(&[3; 32]);
        self.state.status(
            &now,
            &appliance,
            AgentStatus {
                version: "0".into(),
                uptime_seconds: 0,
                network: Default::default(),
                key: Default::default(),
            },
            AlertStatus::default(),
        )
    }

    pub(super) fn epoch(&self) -> u64 {
        self.state.appliance().epoch().0
    }

    /// The serial in force.
    pub(super) fn serial_in_force(&self) -> Option<u64> {
        self.state.phase().in_force().map(|active| active.accepted.activation().serial.0)
    }

    pub(super) fn candidate(&self) -> Option<u64> {
        let candidate = self.state.phase().succession()?.candidate.as_ref()?;
        Some(candidate.accepted.activation().serial.0)
    }
}

/// Old connections end before the store; the caller hears and calls go out after it.
fn check_order(effects: &[Effect]) {
    let rank = |effect: &Effect| match effect {
        Effect::Abort(_) => 0,
        Effect::Store { .. } => 1,
        Effect::Answer(_) => 2,
        Effect::KeepIdentities(_) | Effect::EraseAll => 3,
        Effect::Enrol(_) | Effect::Renew(_) | Effect::SendHeartbeat(_) | Effect::ProbeHub(_) | Effect::Confirm(_) => 4,
    };
    assert!(effects.is_sorted_by_key(rank), "out of order: {effects:#?}");
    for kind in 1..=3 {
        assert!(effects.iter().filter(|effect| rank(effect) == kind).count() <= 1, "twice: {effects:#?}");
    }
}

pub(super) fn call_of(effect: &Effect) -> &Call {
    match effect {
        Effect::Enrol(order) => &order.call,
        Effect::Renew(order) => &order.call,
        Effect::SendHeartbeat(order) => &order.call,
        Effect::ProbeHub(order) => &order.call,
        other => panic!("no call: {other:?}"),
    }
}

pub(super) fn ended<T>(call: &Effect, result: Result<T, Failure>) -> CallEnded<T> {
    let Call { stamp, ticket, .. } = call_of(call);
    CallEnded { stamp: *stamp, ticket: *ticket, result }
}

pub(super) fn answered(call: &Effect, answer: Answer) -> Answered {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&call_of(call).ticket.0.to_be_bytes());
    Answered {
        digest: HeartbeatDigest::from_bytes(digest),
        answer,
        reissue: None,
        deactivation: None,
        server_not_after: None,
    }
}

pub(super) fn unreachable() -> Refusal {
    Refusal::ConnectionRefused { address: "portal.example:443".into() }
}

pub(super) fn kinds(calls: &[Effect]) -> Vec<&'static str> {
    let kind = |call: &Effect| match call {
        Effect::Enrol(_) => "enrol",
        Effect::Renew(_) => "renew",
        Effect::SendHeartbeat(_) => "heartbeat",
        Effect::ProbeHub(_) => "probe",
        _ => "no call",
    };
    let mut kinds = vec![];
    kinds.extend(calls.iter().map(kind));
    kinds
}

/// Looks into a state that only tests need.
impl State {
    pub(super) fn epoch(&self) -> u64 {
        self.appliance().epoch().0
    }

    pub(super) fn cti_in_force(&self) -> Option<Cti> {
        self.phase().in_force().map(|active| active.accepted.activation().cti)
    }

    pub(super) fn candidate(&self) -> Option<&Accepted> {
        Some(&self.phase().succession()?.candidate.as_ref()?.accepted)
    }

    /// The stamps under which connections may be open.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        let epoch = self.appliance().epoch();
        let active = self.phase().in_force().filter(|active| active.connection.is_some());
        let active = active.map(|active| Stamp { epoch, cti: active.accepted.activation().cti });
        let candidate = self.candidate();
        let candidate = candidate.map(|accepted| Stamp { epoch: epoch.next(), cti: accepted.activation().cti });
        active.into_iter().chain(candidate).collect()
    }
}
