//! One turn of the machine: collects what an event wants done and lays it in the order that keeps the promises.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use picket_protocol::{
    documents::activation::Endpoint,
    heartbeat::Component,
    ids::{Cti, SensorId},
    refusal::Refusal,
    time::UnixSeconds,
};

use crate::{
    appliance::Appliance,
    audit::{Action, Actor, AuditRecord},
    effect::{Call, Durability, Effect},
    moment::{Dice, Moment},
    outcome::Outcome,
    stamp::{Stamp, Ticket},
};

/// See the module.
pub(crate) struct Turn<'a> {
    pub(crate) now: &'a Moment,
    pub(crate) dice: Dice,
    pub(crate) appliance: Appliance,
    /// Something that the upstream should hear of soon changed.
    pub(crate) health_changed: bool,
    aborts: Vec<Stamp>,
    store: Option<Durability>,
    audit: Vec<AuditRecord>,
    answer: Option<Result<Outcome, Refusal>>,
    erasures: Vec<Effect>,
    calls: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(now: &'a Moment, appliance: Appliance) -> Self {
        Self {
            now,
            dice: Dice::new(&now.entropy),
            appliance,
            health_changed: false,
            aborts: Vec::new(),
            store: None,
            audit: Vec::new(),
            answer: None,
            erasures: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Old connections end, then the state is durable, then the caller hears, then old keys go, then new calls go out.
    pub(crate) fn finish(self) -> (Appliance, Vec<Effect>) {
        let mut effects: Vec<Effect> = self.aborts.into_iter().map(Effect::Abort).collect();
        if let Some(durability) = self.store {
            effects.push(Effect::Store { durability, audit: self.audit });
        }
        effects.extend(self.answer.map(Effect::Answer));
        effects.extend(self.erasures);
        effects.extend(self.calls);
        (self.appliance, effects)
    }

    pub(crate) fn effective(&self) -> UnixSeconds {
        self.appliance.clock.effective(self.appliance.settings.build_date, self.now)
    }

    pub(crate) fn abort(&mut self, stamp: Stamp) {
        self.aborts.push(stamp);
    }

    /// Required outranks best effort.
    pub(crate) fn store(&mut self, durability: Durability) {
        self.store = match (self.store, durability) {
            (Some(Durability::Required), _) | (_, Durability::Required) => Some(Durability::Required),
            (_, Durability::BestEffort) => Some(Durability::BestEffort),
        };
    }

    /// Records a change; a record is stored with it.
    pub(crate) fn audit(&mut self, actor: &Actor, action: Action, before: Option<String>, after: Option<String>) {
        self.audit.push(AuditRecord { at: self.now.wall, actor: actor.clone(), action, before, after });
        self.store(Durability::BestEffort);
    }

    pub(crate) fn answer(&mut self, answer: Result<Outcome, Refusal>) {
        self.answer = Some(answer);
    }

    pub(crate) fn keep_identities(&mut self, keep: BTreeSet<Cti>) {
        self.erasures = alloc::vec![Effect::KeepIdentities(keep)];
    }

    pub(crate) fn erase_all(&mut self) {
        self.erasures = alloc::vec![Effect::EraseAll];
    }

    pub(crate) fn call(&mut self, effect: Effect) {
        self.calls.push(effect);
    }

    pub(crate) const fn ticket(&mut self) -> Ticket {
        self.appliance.tickets += 1;
        Ticket(self.appliance.tickets)
    }

    pub(crate) fn call_to(&self, stamp: Stamp, ticket: Ticket, sensor: SensorId, endpoint: &Endpoint) -> Call {
        let settings = &self.appliance.settings;
        Call {
            stamp,
            ticket,
            sensor,
            endpoint: endpoint.clone(),
            tls_time: self.appliance.clock.tls_time(settings.build_date, self.now),
            proxy: self.appliance.proxy.resolve(settings.proxy.as_ref()).cloned(),
        }
    }

    pub(crate) fn report_health(&mut self, component: Component, code: &str) {
        let at = self.effective();
        let changed = self.appliance.health.report(component, code, at);
        // The upstream's own link needs no word to the upstream.
        self.health_changed |= changed && component != Component::Upstream;
    }
}
