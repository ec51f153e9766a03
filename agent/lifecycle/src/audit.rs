//! Who did what: actors and audit records. Records are made here and kept by the store.

use alloc::string::String;
use core::fmt;

use picket_protocol::{local_api::PeopleDeed, time::UnixSeconds};
use serde::{Deserialize, Serialize};

/// Who wanted a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Actor {
    /// A caller of the local API.
    Caller {
        /// The uid by the socket's peer credentials.
        uid: u32,
        /// The person whom the sensor console signed in, by its word.
        person: Option<String>,
    },
    /// The portal, in a heartbeat answer.
    Portal,
    /// The management console, in a heartbeat answer.
    ManagementConsole,
    /// The sensor itself: a bound ran out, a proof came in.
    Sensor,
    /// The appliance's configuration, at start.
    Configuration,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller { uid, person: Some(person) } => write!(f, "console: {person} (uid {uid})"),
            Self::Caller { uid, person: None } => write!(f, "uid {uid}"),
            Self::Portal => f.write_str("the portal"),
            Self::ManagementConsole => f.write_str("the management console"),
            Self::Sensor => f.write_str("the sensor"),
            Self::Configuration => f.write_str("the configuration"),
        }
    }
}

/// One change: who, what, before, after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When, by the wall clock as it stood.
    pub at: UnixSeconds,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// What it was, in words for a person; never a secret.
    pub before: Option<String>,
    /// What it became, in words for a person; never a secret.
    pub after: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// An activation came into force.
    ActivationCommitted,
    /// An activation was verified and is to be proved.
    CandidateAccepted,
    /// A candidate ended without coming into force.
    CandidateEnded,
    /// A candidate that had ended is tried again.
    CandidateRetried,
    /// A verified activation was not taken.
    ActivationRefused,
    /// An activation was taken although its upload window could not be met.
    UploadWindowOverridden,
    /// A signed deactivation ended the activation in force.
    Deactivated,
    /// The sensor was named.
    Named,
    /// Site, zone, tags or TI choice changed.
    Filed,
    /// The proxy was chosen.
    ProxyChosen,
    /// A person connected the sensor to a management console.
    ConsoleConnected,
    /// A person took the sensor off its management console.
    ConsoleDisconnected,
    /// A trust root was added.
    TrustRootAdded,
    /// Newer versions of a trust root were stored.
    TrustRootUpdated,
    /// The endpoints are checked: the one thing that sends packets with no activation asking for it.
    EndpointsChecked,
    /// The setup code was given at the console.
    SetupCodeGiven,
    /// A wrong setup code was given at the console.
    SetupCodeRefused,
    /// The console has its admin, and the setup code is gone.
    SetupDone,
    /// A recovery of the console's password was started.
    RecoveryStarted,
    /// A recovery document was used up: the console may set a new password.
    PasswordRecovered,
    /// Somebody signed in at the console.
    SignedIn,
    /// The console refused sign-ins.
    SignInsRefused,
    /// Somebody signed out at the console.
    SignedOut,
    /// Somebody ended another of their own sessions at the console.
    SessionEnded,
    /// A person may use the console.
    PersonAdded,
    /// A person got another role at the console.
    RoleChanged,
    /// A person may no longer use the console.
    PersonRemoved,
    /// Somebody changed their password at the console.
    PasswordChanged,
    /// The console's pages have another certificate.
    CertificateReplaced,
    /// The vendor's terms were accepted at the console.
    TermsAccepted,
    /// Everything was erased.
    Reset,
}

impl From<PeopleDeed> for Action {
    fn from(deed: PeopleDeed) -> Self {
        match deed {
            PeopleDeed::SignedIn => Self::SignedIn,
            PeopleDeed::SignInsRefused => Self::SignInsRefused,
            PeopleDeed::SignedOut => Self::SignedOut,
            PeopleDeed::SessionEnded => Self::SessionEnded,
            PeopleDeed::PersonAdded => Self::PersonAdded,
            PeopleDeed::RoleChanged => Self::RoleChanged,
            PeopleDeed::PersonRemoved => Self::PersonRemoved,
            PeopleDeed::PasswordChanged => Self::PasswordChanged,
            PeopleDeed::CertificateReplaced => Self::CertificateReplaced,
            PeopleDeed::TermsAccepted => Self::TermsAccepted,
        }
    }
}
