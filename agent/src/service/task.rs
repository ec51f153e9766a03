//! The loop of the one task that owns the state: waits for a command, a result, or the next instant that matters.

use std::{collections::BTreeMap, collections::VecDeque, future::Future, path::PathBuf, sync::Arc, time::Duration};

use picket_lifecycle::{
    State,
    audit::{Actor, AuditRecord},
    event::Event,
    moment::{BootMillis, Moment},
    settings::Settings,
};
use picket_protocol::{
    heartbeat::Component,
    ids::{ApplianceId, Cti},
    local_api::{AgentStatus, KeyKept},
};
use tokio::sync::{mpsc, watch};

use super::{
    answer, boot,
    calls::{Calls, Ended},
    command::{Command, Handle, Snapshot},
    effects::Effects,
    feeds::Feeds,
    need::network_need,
    reading::Circumstances,
    snapshot::Users,
};
use crate::{clock, sandbox::NetworkSeal, watchdog::Watchdog};

/// Timers stop while a machine sleeps and the boot-time clock does not: look at it at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(5 * 60);

/// What the service starts with.
#[derive(Debug)]
pub struct Startup {
    /// The state as it was stored.
    pub state: State,
    /// Whom it tells of epochs and routes.
    pub feeds: Feeds,
    /// The hardware.
    pub appliance: ApplianceId,
    /// What configuration and build say.
    pub settings: Settings,
    /// The trust root files of the image, pinned at every start.
    pub trust_files: Vec<(PathBuf, Vec<u8>)>,
    /// Who is told that the service goes round.
    pub watchdog: Watchdog,
    /// What keeps the agent off the network while nothing is to be sent.
    pub seal: NetworkSeal,
}

/// The one task that owns the state.
#[derive(Debug)]
pub struct Service<E> {
    pub(super) effects: E,
    pub(super) state: State,
    pub(super) appliance: ApplianceId,
    pub(super) settings: Settings,
    pub(super) trust_files: Vec<(PathBuf, Vec<u8>)>,
    pub(super) started: BootMillis,
    pub(super) counters: BTreeMap<String, u64>,
    pub(super) feeds: Feeds,
    /// As last told to the state.
    pub(super) health: BTreeMap<Component, &'static str>,
    /// Records of changes that could only be kept in memory: they go with the next store.
    pub(super) unstored_audit: Vec<AuditRecord>,
    pub(super) calls: Calls,
    pub(super) follow_ups: VecDeque<Event>,
    watchdog: Watchdog,
    seal: NetworkSeal,
    users: Users,
    /// How the key of an activation lies on the disk, once it does: it is not written a second time.
    key: Option<(Cti, KeyKept)>,
    ended: mpsc::UnboundedReceiver<Ended>,
    commands: mpsc::Receiver<Command>,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

impl<E: Effects> Service<E> {
    /// Takes over the state. Touches no network and writes nothing: the agent can be READY before [`Self::run`].
    #[must_use]
    pub fn new(effects: E, startup: Startup) -> (Self, Handle) {
        let state = startup.state;
        let (calls, ended) = Calls::new();
        let (sender, commands) = mpsc::channel(Handle::QUEUE);
        let now = boot::glance();
        let agent = AgentStatus {
            version: effects.versions().agent,
            uptime_seconds: 0,
            network: startup.seal.access(),
            key: KeyKept::None,
        };
        let mut users = Users::default();
        let first = Snapshot::of(&state, &now, &startup.appliance, agent, effects.alert_status(), &mut users);
        let (snapshots, watcher) = watch::channel(Arc::new(first));
        let service = Self {
            effects,
            state,
            appliance: startup.appliance,
            settings: startup.settings,
            trust_files: startup.trust_files,
            started: now.boot,
            counters: BTreeMap::new(),
            feeds: startup.feeds,
            health: BTreeMap::new(),
            unstored_audit: Vec::new(),
            calls,
            follow_ups: VecDeque::new(),
            watchdog: startup.watchdog,
            seal: startup.seal,
            users,
            key: None,
            ended,
            commands,
            snapshots,
        };
        (service, Handle::new(sender, watcher))
    }

    /// Runs until `stop`. Asks for it by `end` when it has to be started anew to have a network, and until then answers
    /// whoever has asked already, but begins nothing. The state is stored once more on the way out.
    pub async fn run(mut self, end: impl Fn(), stop: impl Future<Output = ()>) {
        let stop = std::pin::pin!(stop);
        let mut stop = stop;
        let mut ending = false;
        self.start().await;
        loop {
            self.effects.settle().await;
            self.effects.show_setup_code(self.state.appliance().setup_code());
            if !ending && !self.seal.suits(network_need(&self.state)) {
                tracing::info!("something is to be sent: the agent ends, to be started anew with a network");
                ending = true;
                end();
            }
            self.publish();
            self.watchdog.feed();
            let sleep = self.until_next_wake();
            tokio::select! {
                () = &mut stop => break,
                Some(command) = self.commands.recv() => self.obey(command).await,
                // What was begun without a network has failed for that alone: it says nothing of the other side.
                Some(ended) = self.ended.recv(), if !ending => self.ended(ended).await,
                () = self.effects.health_changed() => {}
                () = tokio::time::sleep(sleep), if !ending => {
                    self.happened(Event::Woke).await;
                }
            }
            // Not all of it tells when it changes: a disk fills in silence.
            self.report_health();
            self.follow_up().await;
        }
        self.store_at_stop().await;
        self.effects.settle().await;
    }

    async fn start(&mut self) {
        let settings = self.settings.clone();
        self.happened(Event::Started { boot: boot::boot_id(), settings }).await;
        self.pin_trust_files().await;
        self.report_health();
        self.follow_up().await;
    }

    /// Pins what the image brings. Also after a reset, which erases trust.
    pub(super) async fn pin_trust_files(&mut self) {
        for (path, file) in self.trust_files.clone() {
            let event = Event::TrustOffered { file, by: Actor::Configuration };
            if let Some(Err(why)) = self.happened(event).await {
                tracing::warn!(path = %path.display(), code = why.code(), %why, "a trust root file is not used");
            }
        }
    }

    async fn ended(&mut self, ended: Ended) {
        let event = match ended {
            Ended::Event(event) => event,
            Ended::Heartbeat(ended) => {
                if ended.result.is_ok() {
                    self.count("heartbeats-answered");
                }
                let (keys, wall) = (self.effects.request_keys(), clock::wall());
                let circumstances =
                    Circumstances { appliance: &self.appliance, keys: &keys, wall, override_window: false };
                answer::event(ended, &self.state, &circumstances)
            }
        };
        self.log_failure(&event);
        self.happened(event).await;
    }

    fn log_failure(&mut self, event: &Event) {
        let (what, failed) = match event {
            Event::Enrolled(ended) => ("enrolment", ended.result.as_ref().err()),
            Event::Renewed(ended) => ("renewal", ended.result.as_ref().err()),
            Event::HeartbeatAnswered(ended) => ("heartbeat", ended.result.as_ref().err()),
            Event::HubProbed(ended) => ("hub probe", ended.result.as_ref().err()),
            _ => return,
        };
        if let Some(failure) = failed {
            self.count("calls-failed");
            tracing::debug!(what, code = failure.refusal.code(), why = %failure.refusal, "a call failed");
        }
    }

    pub(super) fn count(&mut self, what: &str) {
        *self.counters.entry(what.to_owned()).or_default() += 1;
    }

    fn until_next_wake(&self) -> Duration {
        let now = boot::glance().boot;
        let longest = LONGEST_SLEEP.min(self.watchdog.longest_sleep());
        self.state.next_wake().map_or(longest, |at| at.since(now)).min(longest)
    }

    pub(super) fn publish(&mut self) -> Arc<Snapshot> {
        let snapshot = Arc::new(self.snapshot(&boot::glance()));
        self.snapshots.send_replace(Arc::clone(&snapshot));
        snapshot
    }

    pub(super) fn snapshot(&mut self, now: &Moment) -> Snapshot {
        let uptime_seconds = now.boot.since(self.started).as_secs();
        let agent = AgentStatus {
            version: self.effects.versions().agent,
            uptime_seconds,
            network: self.seal.access(),
            key: self.key_kept(),
        };
        let alerts = self.effects.alert_status();
        let mut snapshot = Snapshot::of(&self.state, now, &self.appliance, agent, alerts, &mut self.users);
        snapshot.status.addresses = self.effects.addresses();
        snapshot
    }

    /// A snapshot is taken at each turn: the key's file is opened until it is there, and then not again.
    fn key_kept(&mut self) -> KeyKept {
        let mut activations = self.state.activations();
        let in_force = activations.find_map(|(activation, _, candidate)| (!candidate).then_some(activation.cti));
        let Some(cti) = in_force else { return KeyKept::None };
        if let Some((_, kept)) = self.key.filter(|(of, _)| *of == cti) {
            return kept;
        }
        let kept = self.effects.key_kept(cti);
        self.key = (kept != KeyKept::None).then_some((cti, kept));
        kept
    }
}
