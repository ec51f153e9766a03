//! What the rest of the agent may ask of the service, and how it gets its answer. Decides nothing.

use std::{collections::BTreeMap, sync::Arc};

use picket_lifecycle::{audit::Actor, proxy::ProxyChoice, stamp::Stamp};
use picket_protocol::{
    documents::activation::{Endpoint, ManagementConsole},
    ids::Epoch,
    local_api::{
        ActivationAnswer, AuditRecord, EndpointRole, NameChange, Outcome, PeopleRecord, Preview, ProxySettings,
        RecoveryGrant, RecoveryStart, SetupCodeView, Start, Status, TrustConfirmation, TrustRootView, VerifyAnswer,
    },
    refusal::Refusal,
    typed_code::TypedCode,
};
use tokio::sync::{mpsc, oneshot, watch};

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// One thing asked. Every command is answered, unless the agent stops.
#[derive(Debug)]
pub enum Command {
    /// A fresh snapshot, published on the watch as well.
    Look(Reply<Arc<Snapshot>>),
    /// Read a file in full and say what it is; changes nothing.
    Verify {
        /// The file.
        file: Vec<u8>,
        /// Where the answer goes.
        reply: Reply<VerifyAnswer>,
    },
    /// Read a file in full and say what it would change; changes nothing.
    Preview {
        /// The file.
        file: Vec<u8>,
        /// As if an admin let it pass outside its upload window.
        override_window: bool,
        /// How many alerts of each epoch are not delivered.
        undelivered: BTreeMap<Epoch, u64>,
        /// Where the answer goes.
        reply: Reply<Preview>,
    },
    /// Take an activation file.
    Activate {
        /// The file.
        file: Vec<u8>,
        /// When it is to take over.
        start: Start,
        /// An admin lets it pass outside its upload window.
        override_window: bool,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<ActivationAnswer>,
    },
    /// Switch to the candidate without waiting.
    CandidateNow {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Keep the present activation.
    CandidateKeep {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Try the last candidate again.
    CandidateRetry {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Name the sensor.
    Rename {
        /// The name.
        change: NameChange,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Connect the sensor to a management console, or take it off.
    ChooseConsole {
        /// Which; none takes it off.
        console: Option<ManagementConsole>,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Choose the proxy.
    ChooseProxy {
        /// Which.
        choice: ProxyChoice,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Pin a trust root. The caller has checked that `by` may.
    AddTrust {
        /// The trust root file.
        file: Vec<u8>,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<TrustRootView>,
    },
    /// Pin the first trust root, by its typed fingerprint.
    ConfirmTrust {
        /// Activation file and characters.
        confirmation: TrustConfirmation,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<TrustRootView>,
    },
    /// A signed request document for a portal to bind a file to.
    MakeRequest(Reply<Vec<u8>>),
    /// Audit records after a number, the oldest first.
    Audit {
        /// The last number known.
        after: u64,
        /// How many at most.
        limit: u32,
        /// Where the answer goes.
        reply: Reply<Vec<AuditRecord>>,
    },
    /// Record that somebody checks the endpoints.
    NoteCheck {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Record what people did at the console.
    NotePeople {
        /// What.
        record: PeopleRecord,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// The setup code. The caller has checked that whoever asks may see it.
    SetupCode(Reply<SetupCodeView>),
    /// Somebody typed a setup code.
    TrySetupCode {
        /// Which.
        code: TypedCode,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// The console has its admin.
    SetupDone {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Start a recovery of the console's password, or show the one that is open.
    StartRecovery {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<RecoveryStart>,
    },
    /// Take a recovery document, once.
    RedeemRecovery {
        /// The document.
        document: Vec<u8>,
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<RecoveryGrant>,
    },
    /// Erase everything. The caller has checked that `by` may.
    Reset {
        /// Who.
        by: Actor,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// Answer, and never do anything again: a fault point of the tests.
    #[cfg(debug_assertions)]
    HangCore(Reply<()>),
}

/// All that people see of the sensor, at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The status.
    pub status: Status,
    /// The pinned trust roots.
    pub trust: Vec<TrustRootView>,
    /// Past outcomes, the newest first.
    pub outcomes: Vec<Outcome>,
    /// Every endpoint that the sensor may have to reach: what `check` checks.
    pub targets: Vec<Target>,
    /// The proxy that holds, password included: for `check`, not for people.
    pub proxy: Option<ProxySettings>,
}

/// An endpoint that the sensor may have to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What it is for.
    pub role: EndpointRole,
    /// Where, and by which CAs it is believed.
    pub endpoint: Endpoint,
    /// For which activation.
    pub stamp: Stamp,
    /// Whether that activation is a candidate's.
    pub candidate: bool,
}

/// Speaks to the service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Handle {
    /// Commands that may wait; further callers wait to send theirs.
    pub(super) const QUEUE: usize = 32;

    pub(crate) const fn new(commands: mpsc::Sender<Command>, snapshots: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { commands, snapshots }
    }

    /// Asks, and waits for the answer: `handle.ask(Command::Look).await`, or
    /// `handle.ask(|reply| Command::Rename { change, by, reply }).await`.
    ///
    /// # Errors
    /// The service's refusal; [`Refusal::StorageFailed`] when the service is gone, since the agent is stopping.
    pub async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// The last snapshot published, without asking. Its seconds are as old as it is.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// To wait for snapshots.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }
}

fn stopping() -> Refusal {
    Refusal::StorageFailed { path: "agent".to_owned(), why: "the agent is stopping".to_owned() }
}
