//! What the state wants done. The shell does effects strictly in order; nothing here does any.
//!
//! The order carries a promise: what stands before [`Effect::Store`] is done before the new state is durable, what
//! stands behind it only if it is. Should a [`Durability::Required`] store fail, the new state and the effects behind
//! it are dropped, and [`Event::StoreFailed`](crate::event::Event::StoreFailed) goes to the old state.

use alloc::{collections::BTreeMap, collections::BTreeSet, string::String, vec::Vec};
use core::time::Duration;

use picket_protocol::{
    documents::activation::{Endpoint, Mode, Secret},
    heartbeat::{Chain, Component, Confirmation, Health, Standing},
    ids::{Cti, Epoch, SensorId, Serial, StreamId, Thumbprint},
    local_api::ProxySettings,
    names::SensorName,
    refusal::Refusal,
    time::UnixSeconds,
};

use crate::{
    audit::AuditRecord,
    identity::Slot,
    outcome::Outcome,
    routes::RouteTo,
    stamp::{Stamp, Ticket},
};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// End every connection made under this stamp, at once, pooled ones included.
    Abort(Stamp),
    /// Make the new state and these audit records durable, in one transaction.
    Store {
        /// What a failure means.
        durability: Durability,
        /// What happened.
        audit: Vec<AuditRecord>,
    },
    /// Obtain an identity by one-time token.
    Enrol(Enrol),
    /// Obtain a further certificate for the same key.
    Renew(Renew),
    /// Report to the upstream.
    SendHeartbeat(SendHeartbeat),
    /// Ask the hub whether it takes what this sensor sends.
    ProbeHub(ProbeHub),
    /// Take note of what the upstream says it has stored.
    Confirm(Confirmed),
    /// Erase the identities of every activation but these.
    KeepIdentities(BTreeSet<Cti>),
    /// Erase all that the sensor holds apart from the state: every identity, every request's key.
    EraseAll,
    /// Tell the caller whose event this was. Comes at most once per event, after what it speaks of is durable.
    Answer(Result<Outcome, Refusal>),
}

/// What a failure to store means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The new state is not taken.
    Required,
    /// The new state is taken in memory, and the failure is reported as the health of the control state.
    BestEffort,
}

/// What each call to an upstream or hub needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// On whose behalf.
    pub stamp: Stamp,
    /// Which attempt; the result names it again.
    pub ticket: Ticket,
    /// The registration.
    pub sensor: SensorId,
    /// Whom to call, and by which CAs it is believed.
    pub endpoint: Endpoint,
    /// By which time certificates are judged.
    pub tls_time: TlsTime,
    /// Through which proxy, if any.
    pub proxy: Option<ProxySettings>,
}

/// By which time an upstream's certificates are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsTime {
    /// The effective time.
    pub at: UnixSeconds,
    /// False while the wall clock is below the floor: notBefore is then not enforced.
    pub enforce_not_before: bool,
}

/// See [`Effect::Enrol`]. The key is durable before it is used and never overwritten: the same stamp's cti finds it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrol {
    /// The call.
    pub call: Call,
    /// The one-time token: enrolment token or pairing token.
    pub token: Secret,
    /// The key of a request that the file is bound to: that key is used.
    pub key: Option<Thumbprint>,
}

/// See [`Effect::Renew`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renew {
    /// The call.
    pub call: Call,
    /// The certificate to authenticate with.
    pub with: Slot,
    /// Where the new certificate goes.
    pub into: Slot,
}

/// See [`Effect::SendHeartbeat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendHeartbeat {
    /// The call.
    pub call: Call,
    /// The certificate to authenticate with.
    pub with: Slot,
    /// What to say, as far as the state knows it.
    pub draft: HeartbeatDraft,
}

/// A heartbeat as far as the state knows it; the shell adds versions, addresses, uptime and counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatDraft {
    /// Its place in the chain.
    pub chain: Chain,
    /// The serial it speaks for.
    pub serial: Serial,
    /// What that serial is to the sensor.
    pub standing: Standing,
    /// None for a candidate.
    pub status: Option<StatusDraft>,
}

/// What a sensor in force says of itself, as far as the state knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusDraft {
    /// The mode in force.
    pub mode: Mode,
    /// The epoch in force.
    pub epoch: Epoch,
    /// The name in force.
    pub name: SensorName,
    /// The interval kept.
    pub interval: Duration,
    /// Health by component.
    pub health: BTreeMap<Component, Health>,
    /// Whether TI packages are installed without a person.
    pub automatic_ti: bool,
    /// Why the last candidate did not commit: a refusal code.
    pub last_candidate: Option<String>,
}

/// See [`Effect::Confirm`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// On whose behalf the heartbeat was sent.
    pub stamp: Stamp,
    /// By stream.
    pub confirmations: BTreeMap<StreamId, Confirmation>,
}

/// See [`Effect::ProbeHub`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeHub {
    /// The call.
    pub call: Call,
    /// How the hub is spoken to.
    pub to: RouteTo,
    /// The certificate to authenticate with.
    pub with: Slot,
    /// The id of the probe event.
    pub nonce: [u8; 16],
}
