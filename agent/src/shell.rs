//! The effects of the agent in one hand: what the service asks for, done with store, identities and upstreams.
//!
//! Decides nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    path::PathBuf,
};

use picket_lifecycle::{
    effect::{Call, Enrol, ProbeHub, Renew},
    epochs::EngineMark,
    event::Failure,
    identity::{Identity, Slot},
    stamp::Stamp,
};
use picket_protocol::{
    documents::request::Request,
    heartbeat::{Component, StreamTotals, Versions},
    ids::{ApplianceId, Cti, Epoch, StreamId, Thumbprint},
    issue,
    local_api::{self, AlertStatus, KeyKept},
    refusal::Refusal,
    time::UnixSeconds,
    typed_code::TypedCode,
};

use crate::{
    addresses,
    alerts::Alerts,
    disk, entropy,
    identity::Identities,
    issue_file::IssueFile,
    service::{Effects, HeartbeatReply, Record},
    store::Store,
    upstream::Upstreams,
};

/// What the service's effects are done with.
#[derive(Debug)]
pub struct Shell {
    store: Store,
    identities: Identities,
    upstreams: Upstreams,
    alerts: Alerts,
    issue: IssueFile,
    state_directory: PathBuf,
}

impl Shell {
    /// Takes the parts.
    #[must_use]
    pub const fn new(
        store: Store,
        identities: Identities,
        upstreams: Upstreams,
        alerts: Alerts,
        issue: IssueFile,
        state_directory: PathBuf,
    ) -> Self {
        Self { store, identities, upstreams, alerts, issue, state_directory }
    }
}

impl Effects for Shell {
    fn enrol(&self, order: Enrol) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        self.upstreams.clone().enrol(order)
    }

    fn renew(&self, order: Renew) -> impl Future<Output = Result<Identity, Failure>> + Send + 'static {
        self.upstreams.clone().renew(order)
    }

    fn heartbeat(
        &self,
        call: Call,
        with: Slot,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<HeartbeatReply, Failure>> + Send + 'static {
        self.upstreams.clone().heartbeat(call, with, bytes)
    }

    fn probe(&self, order: ProbeHub) -> impl Future<Output = Result<(), Failure>> + Send + 'static {
        self.upstreams.clone().probe(order)
    }

    fn abort(&self, stamp: Stamp) -> impl Future<Output = ()> + Send {
        self.upstreams.abort(stamp);
        let alerts = self.alerts.clone();
        async move { alerts.abort(stamp).await }
    }

    async fn persist(&mut self, record: Record) -> Result<(), Refusal> {
        self.store.persist(&record.state, &record.audit, record.durability)
    }

    async fn settle(&mut self) {
        if !self.store.is_settled() {
            tokio::task::yield_now().await;
            self.store.settle();
        }
    }

    async fn keep_identities(&mut self, keep: &BTreeSet<Cti>) {
        self.identities.keep_only(keep);
    }

    async fn erase_all(&mut self) {
        self.identities.erase_all();
        self.store.scrub();
        self.alerts.erase().await;
    }

    fn request_keys(&self) -> Vec<Thumbprint> {
        self.identities.request_keys()
    }

    fn key_kept(&self, cti: Cti) -> KeyKept {
        self.identities.kept(cti)
    }

    fn make_request(&mut self, appliance: &ApplianceId, now: UnixSeconds) -> Result<Vec<u8>, Refusal> {
        let failed =
            |error: &dyn std::fmt::Display| Refusal::StorageFailed { path: "request".into(), why: error.to_string() };
        let key = self.identities.request_key()?;
        let cti = Cti::from_bytes(entropy::draw().map_err(|error| failed(&error))?);
        let request = Request { appliance: appliance.clone(), public_key: key.public_key(), issued_at: now, cti };
        let unsigned = issue::request_to_be_signed(&request);
        let signature = key.sign(unsigned.to_be_signed()).map_err(|error| failed(&error))?;
        Ok(unsigned.finish(&signature))
    }

    fn audit(&self, after: u64, limit: u32) -> Result<Vec<local_api::AuditRecord>, Refusal> {
        self.store.audit(after, limit)
    }

    fn health(&self) -> BTreeMap<Component, &'static str> {
        let mut health = self.alerts.health();
        health.insert(Component::ControlState, self.store.health().code());
        health.insert(Component::Disk, disk::health(&self.state_directory));
        health
    }

    async fn health_changed(&mut self) {
        self.alerts.health_changed().await;
    }

    fn engine_mark(&self) -> EngineMark {
        self.alerts.mark()
    }

    fn engine_release(&self) {
        self.alerts.release();
    }

    fn alert_totals(&self, epochs: &BTreeSet<Epoch>) -> BTreeMap<StreamId, StreamTotals> {
        self.alerts.totals(epochs)
    }

    fn alert_status(&self) -> AlertStatus {
        self.alerts.status()
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.alerts.counters()
    }

    fn show_setup_code(&mut self, code: Option<&TypedCode>) {
        self.issue.show(code);
    }

    fn versions(&self) -> Versions {
        Versions { agent: env!("CARGO_PKG_VERSION").to_owned(), engine: None }
    }

    fn addresses(&self) -> Vec<String> {
        addresses::addresses()
    }
}
