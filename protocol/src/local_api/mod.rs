//! The JSON of the agent's local API: every request and answer, shared by agent, picketctl and sensor console.
//!
//! Values only, and the pure making of [`Preview`]. Who may ask what is decided in the agent.
//! Answers may gain fields within a release; bodies of requests may not: an unknown field is refused.

mod activation;
mod alerts;
mod answers;
mod certificates;
mod check;
mod console;
mod messages;
mod pairing;
mod people;
mod preview;
mod requests;
mod status;
mod trust;

pub use activation::{ActivationView, HubView, ModeView};
pub use alerts::{
    AlertDetail, AlertPage, AlertStanding, AlertStatus, AlertVerification, AlertView, ConsumerStatus, HEALTH_WORDS,
    SeverityHour, StreamStatus, StreamVerification, health_advice,
};
pub use answers::{
    ActivationAnswer, Actor, AuditRecord, Diagnosis, Explanation, Outcome, OutcomeResult, Progress, VerifyAnswer,
};
pub use certificates::{CertificateView, KeyKind};
pub use check::{CheckLine, CheckStep, EndpointRole, StepResult};
pub use console::{
    RecoveryGrant, RecoveryStart, SetupCodeTry, SetupCodeView, SetupState, parse_person, parse_setup_code,
};
pub use messages::{Gravity, Message, firewall_now};
pub use pairing::{MAX_PAIRING, Pairing, parse_pairing};
pub use people::{PeopleDeed, PeopleRecord, parse_people_record};
pub use preview::{Change, FirewallRule, Manner, Present, Preview};
pub use requests::{
    NameChange, ProxyPassword, ProxySettings, ProxyView, Reset, Start, TrustConfirmation, parse_name, parse_proxy,
    parse_reset, parse_trust_confirmation,
};
pub use status::{Active, AgentStatus, Candidate, Clock, Deactivated, HubStatus, Link, Proof, ProofStep, SensorState};
pub use status::{KeyKept, NetworkAccess, Status, UpstreamKind, UpstreamStatus};
pub use trust::{TrustKeyView, TrustRootView};

/// The routes of the local API. One table, used by both ends.
pub mod routes {
    /// `GET`: [`Status`](super::Status).
    pub const STATUS: &str = "/v1/status";
    /// `GET`: [`Status`](super::Status), one a line: now, and at each change.
    pub const STATUS_FOLLOW: &str = "/v1/status/follow";
    /// `GET`: [`TrustRootView`](super::TrustRootView)s. `POST`: pins the trust root in the body; uid 0.
    pub const TRUST: &str = "/v1/trust";
    /// `POST`: [`TrustConfirmation`](super::TrustConfirmation).
    pub const TRUST_CONFIRM: &str = "/v1/trust/confirm";
    /// `POST` of a file: [`VerifyAnswer`](super::VerifyAnswer).
    pub const VERIFY: &str = "/v1/verify";
    /// `POST` of a file: [`Preview`](super::Preview).
    pub const PREVIEW: &str = "/v1/preview";
    /// `POST` of a file: [`ActivationAnswer`](super::ActivationAnswer).
    pub const ACTIVATION: &str = "/v1/activation";
    /// `GET`: [`Outcome`](super::Outcome)s, the newest first.
    pub const ACTIVATIONS: &str = "/v1/activations";
    /// `POST`: switch to the candidate without waiting for its proof.
    pub const CANDIDATE_NOW: &str = "/v1/candidate/now";
    /// `POST`: keep the present activation.
    pub const CANDIDATE_KEEP: &str = "/v1/candidate/keep";
    /// `POST`: try the last candidate again.
    pub const CANDIDATE_RETRY: &str = "/v1/candidate/retry";
    /// `PUT`: [`NameChange`](super::NameChange).
    pub const NAME: &str = "/v1/name";
    /// `GET`: [`ProxyView`](super::ProxyView) or null. `PUT`: [`ProxySettings`](super::ProxySettings). `DELETE`.
    pub const PROXY: &str = "/v1/proxy";
    /// `PUT`: [`Pairing`](super::Pairing). `DELETE`: without a management console from now on.
    pub const MANAGEMENT_CONSOLE: &str = "/v1/management-console";
    /// `POST`: [`CheckLine`](super::CheckLine)s, one JSON value a line, as they come.
    pub const CHECK: &str = "/v1/check";
    /// `POST`: the bytes of a signed request document.
    pub const REQUEST: &str = "/v1/request";
    /// `GET`: [`CertificateView`](super::CertificateView)s.
    pub const CERTIFICATES: &str = "/v1/certificates";
    /// `GET ?after=&before=&limit=&text=`: [`AuditRecord`](super::AuditRecord)s, the oldest first.
    pub const AUDIT: &str = "/v1/audit";
    /// `POST`: [`PeopleRecord`](super::PeopleRecord).
    pub const AUDIT_PEOPLE: &str = "/v1/audit/people";
    /// `GET ?after=&before=&limit=&severity=&epoch=`: [`AlertView`](super::AlertView)s.
    pub const ALERTS: &str = "/v1/alerts";
    /// `GET ?before=&limit=&severity=&epoch=&from=&until=&text=`: [`AlertPage`](super::AlertPage).
    pub const ALERTS_SEARCH: &str = "/v1/alerts/search";
    /// `GET ?hours=`: [`SeverityHour`](super::SeverityHour)s, the oldest first.
    pub const ALERTS_SEVERITIES: &str = "/v1/alerts/severities";
    /// `GET …/PLACE`: [`AlertDetail`](super::AlertDetail).
    pub const ALERTS_AT: &str = "/v1/alerts/at";
    /// `GET ?after=&severity=&epoch=`: [`AlertView`](super::AlertView)s, one a line, as they come.
    pub const ALERTS_FOLLOW: &str = "/v1/alerts/follow";
    /// `GET ?after=&severity=&epoch=`: [`AlertView`](super::AlertView)s, one a line, all that the log holds now.
    pub const ALERTS_EXPORT: &str = "/v1/alerts/export";
    /// `GET`: [`AlertVerification`](super::AlertVerification).
    pub const ALERTS_VERIFY: &str = "/v1/alerts/verify";
    /// `GET`: [`Diagnosis`](super::Diagnosis).
    pub const DIAGNOSE: &str = "/v1/diagnose";
    /// `POST`: [`Reset`](super::Reset); uid 0.
    pub const RESET: &str = "/v1/reset";
    /// `GET …/CODE`: [`Explanation`](super::Explanation).
    pub const EXPLAIN: &str = "/v1/explain";
    /// `GET`: [`SetupCodeView`](super::SetupCodeView); root or the agent's own user. `POST`:
    /// [`SetupCodeTry`](super::SetupCodeTry).
    pub const SETUP_CODE: &str = "/v1/setup-code";
    /// `POST`: the console has an admin.
    pub const SETUP_DONE: &str = "/v1/setup-code/done";
    /// `POST`: [`RecoveryStart`](super::RecoveryStart).
    pub const RECOVERY: &str = "/v1/recovery";
    /// `POST` of a recovery document: [`RecoveryGrant`](super::RecoveryGrant).
    pub const RECOVERY_REDEEM: &str = "/v1/recovery/redeem";
    /// `GET`: OpenMetrics text.
    pub const METRICS: &str = "/metrics";
}

/// Names the person for whom the sensor console asks, percent-encoded. See [`parse_person`].
pub const HEADER_PERSON: &str = "picket-person";

/// Most bytes of a JSON body, but for the one below.
pub const MAX_BODY: usize = 8 * 1024;
/// Most bytes of a body that carries a file as text ([`TrustConfirmation`]).
pub const MAX_BODY_WITH_FILE: usize = crate::wire::MAX_ARMOURED * 4 / 3 + MAX_BODY;
/// Most audit records in an answer.
pub const MAX_AUDIT_PAGE: u32 = 1000;
/// Most alerts in a list.
pub const MAX_ALERTS_PAGE: usize = 1000;
/// The media type of answers that are lines of JSON.
pub const MEDIA_LINES: &str = "application/x-ndjson";
/// The media type of a request document.
pub const MEDIA_REQUEST: &str = "application/picket-request+cwt";
/// The media type of the metrics.
pub const MEDIA_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests;
