//! What the service needs done in the world. The agent's effects implement it, and so do tests.
//!
//! Calls to the network are futures that own what they need: the service runs each as a task and drops it to abort it.
//! Every one of them ends by itself within a bound.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use picket_lifecycle::{
    audit::AuditRecord,
    effect::{Call, Durability, Enrol, ProbeHub, Renew},
    epochs::EngineMark,
    event::Failure,
    identity::{Identity, Slot},
    stamp::Stamp,
};
use picket_protocol::{
    heartbeat::{Component, StreamTotals, Versions},
    ids::{ApplianceId, Cti, Epoch, StreamId, Thumbprint},
    local_api::{self, AlertStatus, KeyKept},
    refusal::Refusal,
    time::UnixSeconds,
    typed_code::TypedCode,
};

/// The world, as the service needs it.
pub trait Effects: Send + 'static {
    /// Enrols (EST `simpleenroll`). Makes the key of `call.stamp.cti` durable first if there is none, and never
    /// overwrites one; uses the key `order.key` of a request instead, if it names one. The certificate is durable in
    /// its slot before this ends.
    fn enrol(&self, order: Enrol) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static;

    /// Renews (EST `simplereenroll`) with the certificate `with` into the slot `into`, durable before this ends.
    fn renew(&self, order: Renew) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static;

    /// Posts the bytes of a heartbeat.
    fn heartbeat(
        &self,
        call: Call,
        with: Slot,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<HeartbeatReply, Failure>> + Send + 'static;

    /// Posts a probe to the hub.
    fn probe(&self, order: ProbeHub) -> impl Future<Output = Result<(), Failure>> + Send + 'static;

    /// Closes every connection of this stamp, pooled ones and those that deliver alerts included: none is open when this
    /// ends. The service has dropped its running calls and withdrawn the stamp's routes before.
    fn abort(&self, stamp: Stamp) -> impl Future<Output = ()> + Send;

    /// Makes state and audit durable in one transaction.
    fn persist(&mut self, record: Record) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Lets those who were answered go on, then does what is left of a [`Durability::Required`] write (commits and people's
    /// decisions): the second copy, which a corrupt store is recovered from.
    fn settle(&mut self) -> impl Future<Output = ()> + Send;

    /// The health of what the service does not see by itself: `ok`, or a stable code.
    fn health(&self) -> BTreeMap<Component, &'static str>;

    /// Waits until [`Self::health`] may have changed by itself. May be dropped and asked for again.
    fn health_changed(&mut self) -> impl Future<Output = ()> + Send;

    /// Where the detection engine's output stands now. Nothing beyond it is taken in until [`Self::engine_release`]: what
    /// follows a commit must not be taken for what came before it.
    fn engine_mark(&self) -> EngineMark;

    /// The epochs that follow from the event are told: the engine's output is read on.
    fn engine_release(&self);

    /// Alert totals by stream, of these epochs alone.
    fn alert_totals(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals>;

    /// How engine input, alert log and delivery are, for people.
    fn alert_status(&self) -> AlertStatus;

    /// Counters of engine input, alert log and delivery.
    fn counters(&self) -> BTreeMap<String, u64>;

    /// Erases the identities of every activation but these. Never fails loudly: what is left is erased next time.
    fn keep_identities(&mut self, keep: &BTreeSet<Cti>) -> impl Future<Output = ()> + Send;

    /// Erases every identity, every request's key and every alert.
    fn erase_all(&mut self) -> impl Future<Output = ()> + Send;

    /// The thumbprints of the keys that requests were made with.
    fn request_keys(&self) -> Vec<Thumbprint>;

    /// Makes a request document, its key durable first.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    fn make_request(&mut self, appliance: &ApplianceId, now: UnixSeconds) -> Result<Vec<u8>, Refusal>;

    /// Audit records after this number, the oldest first.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    fn audit(&self, after: u64, limit: u32) -> Result<Vec<local_api::AuditRecord>, Refusal>;

    /// Shows the setup code on the machine's own screen, or none any more. Cheap while it is the same.
    fn show_setup_code(&mut self, code: Option<&TypedCode>);

    /// How the key of an activation lies on the disk.
    fn key_kept(&self, cti: Cti) -> KeyKept;

    /// Versions of what runs.
    fn versions(&self) -> Versions;

    /// Addresses of the appliance's interfaces, at most 32.
    fn addresses(&self) -> Vec<String>;
}

/// What is made durable in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The whole state, as `stored.rs` writes it.
    pub state: Vec<u8>,
    /// What happened.
    pub audit: Vec<AuditRecord>,
    /// What a failure means to the state; see [`Effects::persist`].
    pub durability: Durability,
}

/// A heartbeat's answer as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeartbeatReply {
    /// The body, at most [`picket_protocol::wire::MAX_ANSWER`] bytes.
    pub bytes: Vec<u8>,
    /// Until when the upstream's own certificate holds.
    pub server_not_after: Option<UnixSeconds>,
}
