//! What happened. Every way in which the world reaches the state is a variant here; nothing here decides.

use alloc::{string::String, vec::Vec};

use picket_protocol::{
    documents::activation::ManagementConsole,
    heartbeat::{Answer, Component},
    ids::HeartbeatDigest,
    local_api::{PeopleRecord, Start, TrustConfirmation},
    refusal::Refusal,
    time::UnixSeconds,
    typed_code::TypedCode,
};

use crate::{
    accepted::{Accepted, Ended, Recovered},
    audit::Actor,
    identity::Identity,
    moment::BootId,
    proxy::ProxyChoice,
    settings::Settings,
    stamp::{Stamp, Ticket},
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one exists at a time, and is moved once")]
pub enum Event {
    /// The agent started, with this state. The first event after loading, and the only one that may be.
    Started {
        /// Which boot of the machine this is.
        boot: BootId,
        /// What configuration and build say.
        settings: Settings,
    },
    /// The instant of [`State::next_wake`](crate::State::next_wake) has come.
    Woke,
    /// A caller offered a file, and it was read in full: signature, time, binding, serial.
    FileOffered {
        /// What it says.
        accepted: Accepted,
        /// When it is to take over.
        start: Start,
        /// Who offered it.
        by: Actor,
    },
    /// "Switch without waiting."
    SwitchAsked {
        /// By whom.
        by: Actor,
    },
    /// "Keep the present one."
    KeepAsked {
        /// By whom.
        by: Actor,
    },
    /// "Try again."
    RetryAsked {
        /// By whom.
        by: Actor,
    },
    /// A person named the sensor.
    NameAsked {
        /// The name as typed.
        name: String,
        /// By whom.
        by: Actor,
    },
    /// A person connects a locally managed sensor to a management console, or takes it off.
    ConsoleAsked {
        /// To which; none takes it off.
        console: Option<ManagementConsole>,
        /// By whom.
        by: Actor,
    },
    /// A person chose the proxy.
    ProxyAsked {
        /// Which.
        choice: ProxyChoice,
        /// By whom.
        by: Actor,
    },
    /// Somebody who may offered a trust root.
    TrustOffered {
        /// The trust root file.
        file: Vec<u8>,
        /// By whom.
        by: Actor,
    },
    /// A person at the console offered the trust root inside an activation file, and typed its last characters.
    TrustConfirmed {
        /// The versions in the file.
        roots: Vec<Vec<u8>>,
        /// What was typed.
        confirmation: TrustConfirmation,
        /// By whom.
        by: Actor,
    },
    /// A person checks the endpoints, which is announced and audited: it may send packets that no activation asks for.
    CheckAsked {
        /// By whom.
        by: Actor,
    },
    /// Somebody did something at the console that only the console knows of.
    PeopleActed {
        /// What.
        record: PeopleRecord,
        /// Who.
        by: Actor,
    },
    /// Somebody typed a setup code.
    SetupCodeTried {
        /// Which.
        code: TypedCode,
        /// By whom.
        by: Actor,
    },
    /// The console has made its admin durable.
    SetupDone {
        /// By whom.
        by: Actor,
    },
    /// Somebody lost the console's password.
    RecoveryAsked {
        /// By whom.
        by: Actor,
    },
    /// Somebody offered a recovery document, and it was read in full: signature, role, appliance.
    RecoveryOffered {
        /// What it says.
        recovered: Recovered,
        /// Who offered it.
        by: Actor,
    },
    /// Root wants everything erased.
    ResetAsked {
        /// By whom.
        by: Actor,
    },
    /// Everything that a reset had to erase is erased.
    Erased,
    /// A component's health is this now.
    HealthReported {
        /// Whose.
        component: Component,
        /// `ok`, or a stable code.
        code: String,
    },
    /// A required store failed; the state that it should have stored is dropped.
    StoreFailed {
        /// Why.
        why: Refusal,
    },
    /// An enrolment ended.
    Enrolled(CallEnded<Identity>),
    /// A renewal ended; the certificate lies durable in its slot.
    Renewed(CallEnded<Identity>),
    /// A heartbeat was answered, or not.
    HeartbeatAnswered(CallEnded<Answered>),
    /// A probe was accepted, or not.
    HubProbed(CallEnded<()>),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEnded<T> {
    /// On whose behalf it was made.
    pub stamp: Stamp,
    /// Which attempt it was.
    pub ticket: Ticket,
    /// What came of it.
    pub result: Result<T, Failure>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The reason.
    pub refusal: Refusal,
    /// `Retry-After`, if the other end sent one, in seconds.
    pub retry_after: Option<u32>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, retry_after: None }
    }
}

/// A heartbeat's answer, with the signed documents in it read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Digest of the heartbeat that was answered.
    pub digest: HeartbeatDigest,
    /// The answer. The bytes of its reissue and deactivation are not looked at: see the two below.
    pub answer: Answer,
    /// The reissued activation in it, as read.
    pub reissue: Option<Result<Accepted, Refusal>>,
    /// The deactivation in it, as read.
    pub deactivation: Option<Result<Ended, Refusal>>,
    /// Until when the upstream's own certificate holds: no time beyond it is believed.
    pub server_not_after: Option<UnixSeconds>,
}
