//! An event is taken: the state machine decides, and what it decided is done strictly in order. A new state is adopted
//! only when it is durable, or need not be.

use std::collections::{BTreeMap, BTreeSet};

use picket_lifecycle::{
    State,
    audit::AuditRecord,
    effect::{Durability, Effect, SendHeartbeat},
    event::Event,
    moment::Moment,
    outcome::Outcome,
    routes::Routes,
};
use picket_protocol::{heartbeat::Heartbeat, ids::Epoch, refusal::Refusal};

use super::{
    answer::HeartbeatEnded,
    boot,
    calls::Ended,
    effects::{Effects, Record},
    heartbeat::{self, Facts},
    stored,
    task::Service,
};

/// Audit records kept in memory while the disk takes none; then the oldest go. They stand in the log as well.
const MAX_UNSTORED_AUDIT: usize = 256;

type Answer = Option<Result<Outcome, Refusal>>;

impl<E: Effects> Service<E> {
    /// Takes an event and what follows from it. The answer is the caller's whose event it was.
    pub(super) async fn happened(&mut self, event: Event) -> Answer {
        let answer = self.take(event).await;
        self.follow_up().await;
        answer
    }

    /// Takes the events that effects gave rise to.
    pub(super) async fn follow_up(&mut self) {
        while let Some(event) = self.follow_ups.pop_front() {
            self.take(event).await;
        }
    }

    /// Takes one event, while the engine's output stands still: what it says after a commit belongs to the new epoch.
    async fn take(&mut self, event: Event) -> Answer {
        let now = boot::moment(self.effects.engine_mark());
        let answer = self.take_at(&now, event).await;
        self.effects.engine_release();
        answer
    }

    async fn take_at(&mut self, now: &Moment, event: Event) -> Answer {
        let (next, effects) = self.state.clone().on(now, event);
        let mut next = Some(next);
        let stores = effects.iter().any(|effect| matches!(effect, Effect::Store { .. }));
        if !stores && let Some(next) = next.take() {
            self.adopt(next);
        }
        let mut answer = None;
        for effect in effects {
            match effect {
                Effect::Abort(stamp) => {
                    self.feeds.withdraw(stamp);
                    self.calls.abort(stamp).await;
                    self.effects.abort(stamp).await;
                }
                Effect::Store { durability, audit } => {
                    let Some(next) = next.take() else { continue };
                    match self.persist(&next, audit, durability).await {
                        Err(why) if durability == Durability::Required => {
                            tracing::warn!(code = why.code(), %why, "a change was not made, since it could not be stored");
                            self.feeds.publish(&self.state);
                            self.follow_ups.push_back(Event::StoreFailed { why: why.clone() });
                            return Some(Err(why));
                        }
                        Ok(()) => self.adopt(next),
                        Err(_) => self.adopt(next.unstored(&self.state)),
                    }
                }
                Effect::Answer(result) => answer = Some(result),
                Effect::Confirm(confirmed) => self.feeds.confirm(confirmed),
                Effect::KeepIdentities(keep) => self.effects.keep_identities(&keep).await,
                Effect::EraseAll => {
                    self.effects.erase_all().await;
                    self.follow_ups.push_back(Event::Erased);
                }
                Effect::Enrol(order) => {
                    let call = order.call.clone();
                    self.calls.start(&call, self.effects.enrol(order), Event::Enrolled);
                }
                Effect::Renew(order) => {
                    let call = order.call.clone();
                    self.calls.start(&call, self.effects.renew(order), Event::Renewed);
                }
                Effect::ProbeHub(order) => {
                    let call = order.call.clone();
                    self.calls.start(&call, self.effects.probe(order), Event::HubProbed);
                }
                Effect::SendHeartbeat(order) => self.send(order, now),
            }
        }
        answer
    }

    /// What follows from a state is told when it is in force, not before.
    fn adopt(&mut self, next: State) {
        self.state = next;
        self.feeds.publish(&self.state);
    }

    fn send(&mut self, order: SendHeartbeat, now: &Moment) {
        self.count("heartbeats-sent");
        let Routes { hub, console } = self.state.routes();
        let epochs = hub.or(console).map(|route| route.epochs).unwrap_or_default();
        let facts = Facts {
            appliance: &self.appliance,
            versions: self.effects.versions(),
            addresses: self.effects.addresses(),
            uptime: now.boot.since(self.started),
            clock: now.wall,
            counters: self.counters_for(&epochs),
            streams: self.effects.alert_totals(&epochs),
        };
        let bytes = heartbeat::compose(&order, facts);
        let digest = Heartbeat::digest(&bytes);
        let SendHeartbeat { call, with, .. } = order;
        let work = self.effects.heartbeat(call.clone(), with, bytes);
        let of = call.clone();
        self.calls.spawn(&call, work, move |result| Ended::Heartbeat(HeartbeatEnded { call: of, digest, result }));
    }

    async fn persist(&mut self, next: &State, audit: Vec<AuditRecord>, durability: Durability) -> Result<(), Refusal> {
        let state = stored::encode(next)?;
        let mut records = std::mem::take(&mut self.unstored_audit);
        let earlier = records.len();
        records.extend(audit);
        let stored = self.effects.persist(Record { state, audit: records.clone(), durability }).await;
        self.report_health();
        if stored.is_ok() || durability == Durability::BestEffort {
            records.iter().skip(earlier).for_each(log);
        } else {
            records.truncate(earlier);
        }
        if stored.is_err() {
            self.unstored_audit = records;
            let surplus = self.unstored_audit.len().saturating_sub(MAX_UNSTORED_AUDIT);
            self.unstored_audit.drain(..surplus);
        }
        stored
    }

    /// Tells the state whose health changed.
    pub(super) fn report_health(&mut self) {
        for (component, code) in self.effects.health() {
            if self.health.insert(component, code) != Some(code) {
                self.follow_ups.push_back(Event::HealthReported { component, code: code.to_owned() });
            }
        }
    }

    /// Counters for an upstream to which the alerts of these epochs go. What the alerts' parts count is of all epochs:
    /// an upstream learns it only where all are its own.
    fn counters_for(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<String, u64> {
        let mut counters = self.counters.clone();
        if self.state.epochs().iter().all(|record| epochs.contains(&record.epoch)) {
            counters.extend(self.effects.counters());
        }
        counters
    }

    /// What remains of probation and where the chains stand, once more before the agent stops.
    pub(super) async fn store_at_stop(&mut self) {
        let state = self.state.clone();
        if let Err(why) = self.persist(&state, Vec::new(), Durability::BestEffort).await {
            tracing::warn!(code = why.code(), %why, "the state was not stored at the stop");
        }
    }
}

fn log(record: &AuditRecord) {
    let AuditRecord { actor, action, before, after, .. } = record;
    tracing::info!(?action, %actor, before = before.as_deref(), after = after.as_deref(), "changed");
}
