//! Why the portal refuses: the protocol's refusals where one fits, and the portal's own.

mod words;

use picket_protocol::{
    ids::SensorId,
    refusal::{Found, Problem, Refusal},
};

pub use words::OWN_WORDS;

use super::access::PersonRole;

/// A refusal of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// One that the protocol knows.
    Protocol(Refusal),
    /// No token, or not one of ours.
    Unauthorized,
    /// The key may not do this, or not any more.
    NotAccepted { why: &'static str },
    /// A table of sensors was not taken, as a whole: what is wrong, of which the first are told, and how much more there is.
    Table { wrong: Vec<Wrong>, more: usize },
    /// The name is taken.
    NameTaken { name: String },
    /// The caller's role does not come with this right, or not for the portal as a whole.
    Forbidden { needs: PersonRole, everywhere: bool },
    /// The Idempotency-Key was used for another request.
    KeyUsed,
    /// A form that is not from a page of this session.
    Forged,
    /// Without an owner nobody could add people any more.
    LastOwner,
    /// A management console issues nothing.
    NotAPortal,
    /// Only a management console pairs.
    NotAConsole,
    /// There is no usable key to sign with.
    NoSigner { why: String },
    /// The sensor that speaks to a management console is not locally managed.
    NotLocallyManaged,
    /// The built-in hub does not take events of this type.
    UnsupportedEvent { kind: String },
    /// The hub does not take more of this stream, or not this stream.
    StreamRefused { why: &'static str },
    /// A batch of events is too large, packed or unpacked.
    BatchTooLarge { limit: usize },
    /// A batch of events is packed in a way that the hub does not know.
    UnsupportedEncoding { encoding: String },
    /// The hub is still named by sensors.
    HubInUse { sensors: u64 },
    /// A hub could not be reached from here.
    HubNotReached { why: String },
    /// A destination did not take a test message.
    NotShared { why: String },
    /// A backup that is not as it was made, or none.
    BackupDamaged { why: String },
    /// A backup that another passphrase opens.
    BackupPassphrase,
    /// A backup, or a database, of a newer release.
    BackupNewer { of: String },
    /// There is something already where a backup, or what is in one, is to go.
    NotEmpty { what: String },
    /// Too much at once.
    TooBusy,
    /// The database failed.
    StorageFailed,
}

/// What is wrong in a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The row as a spreadsheet counts, the header being the first.
    pub row: usize,
    /// The column's title; none: the row as a whole.
    pub column: Option<String>,
    /// Stable: of the table's own (`csv.…`), or of the refusal.
    pub code: String,
    /// For people.
    pub why: String,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Protocol(refusal)
    }
}

/// Seconds after which to try again, when the portal is the one that cannot.
pub const RETRY_AFTER_SECONDS: u32 = 5;

impl Refused {
    /// A request that does not say what the interface asks for.
    #[must_use]
    pub fn invalid(why: impl Into<String>) -> Self {
        Self::Protocol(Refusal::InvalidRequest { why: why.into() })
    }

    /// A table in which all this is wrong; something is.
    #[must_use]
    pub fn table(mut wrong: Vec<Wrong>) -> Self {
        /// More would fill the page, and say nothing new.
        const TOLD: usize = 100;
        let more = wrong.len().saturating_sub(TOLD);
        wrong.truncate(TOLD);
        Self::Table { wrong, more }
    }

    /// A sensor that does not exist.
    #[must_use]
    pub fn no_sensor(sensor: SensorId) -> Self {
        Self::Protocol(Refusal::NotFound { what: format!("sensor {sensor}") })
    }

    /// The HTTP status, by the numbers of `http`.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            // Its status in the protocol is what the agent's local API says about us; we say it ourselves.
            Self::Protocol(Refusal::Rejected { status }) => *status,
            Self::Protocol(refusal) => refusal.status(),
            own => own.words().status,
        }
    }

    /// The RFC 9457 problem.
    #[must_use]
    pub fn problem(&self) -> Problem {
        if let Self::Protocol(refusal) = self {
            return Problem { status: self.status(), ..refusal.problem() };
        }
        let words = self.words();
        let found = self.found();
        let facts: Vec<String> = found.iter().map(|Found { label, value }| format!("{label}: {value}")).collect();
        let detail =
            if facts.is_empty() { words.title.to_owned() } else { format!("{} ({})", words.title, facts.join(", ")) };
        Problem {
            kind: format!("urn:picket:refusal:{}", words.code),
            code: words.code.to_owned(),
            title: words.title.to_owned(),
            status: words.status,
            detail,
            found,
            next: words.next.iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    fn found(&self) -> Vec<Found> {
        let one = |label: &str, value: String| vec![Found { label: label.to_owned(), value }];
        match self {
            Self::Forbidden { needs, everywhere } => {
                let subscriptions = if *everywhere { "all" } else { "that of the sensor" };
                let needs = Found { label: "least role".to_owned(), value: needs.to_string() };
                vec![needs, Found { label: "subscriptions".to_owned(), value: subscriptions.to_owned() }]
            }
            Self::NotAccepted { why } | Self::StreamRefused { why } => one("why", (*why).to_owned()),
            Self::BatchTooLarge { limit } => one("limit", format!("{limit} bytes")),
            Self::UnsupportedEncoding { encoding } => one("content-encoding", encoding.clone()),
            Self::Table { wrong, more } => wrong.iter().map(Wrong::found).chain(further(*more)).collect(),
            Self::NameTaken { name } => one("name", name.clone()),
            Self::NoSigner { why }
            | Self::NotShared { why }
            | Self::HubNotReached { why }
            | Self::BackupDamaged { why } => one("why", why.clone()),
            Self::BackupNewer { of } => one("of", of.clone()),
            Self::NotEmpty { what } => one("where", what.clone()),
            Self::UnsupportedEvent { kind } => one("type", kind.clone()),
            Self::HubInUse { sensors } => one("sensors", sensors.to_string()),
            Self::Protocol(refusal) => refusal.found(),
            Self::Unauthorized
            | Self::LastOwner
            | Self::Forged
            | Self::KeyUsed
            | Self::NotAPortal
            | Self::NotAConsole
            | Self::NotLocallyManaged
            | Self::BackupPassphrase
            | Self::TooBusy
            | Self::StorageFailed => Vec::new(),
        }
    }
}

impl Wrong {
    fn found(&self) -> Found {
        let column = self.column.as_ref().map(|column| format!(", {column}")).unwrap_or_default();
        Found { label: format!("row {}{column}", self.row), value: format!("{}: {}", self.code, self.why) }
    }
}

fn further(more: usize) -> Option<Found> {
    (more > 0).then(|| Found { label: "further".to_owned(), value: format!("{more} more are wrong") })
}
