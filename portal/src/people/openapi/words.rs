//! The schemas of values that the protocol defines. Only their words matter here: the protocol's own types are what is read
//! and written, and a test holds these against them.
#![expect(dead_code, reason = "only their schemas are used")]

use utoipa::ToSchema;

/// The two management modes.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    CloudConnected,
    LocallyManaged,
}

/// How grave; the gravest first.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    High,
    Medium,
    Low,
    Informational,
}

/// How an IoT hub is spoken to.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HubKind {
    Https,
    Mqtt,
}

/// Which sensor may use the file.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub(crate) enum Binding {
    None,
    Appliance(String),
    Key(String),
}

/// Threat intelligence as it runs.
#[derive(ToSchema)]
pub(crate) struct TiStatus {
    version: Option<String>,
    automatic: bool,
    status: String,
}

/// Whose a sensor is.
#[derive(ToSchema)]
pub(crate) struct Subscription {
    id: String,
    name: String,
}

/// What a destination wants. Everything that is said must hold; what is left out holds for all.
#[derive(ToSchema)]
pub(crate) struct Rule {
    #[schema(required = false)]
    alerts: bool,
    #[schema(required = false)]
    health: bool,
    /// At least as grave as this.
    #[schema(required = false)]
    severity: Severity,
    #[schema(required = false)]
    sites: Vec<String>,
    #[schema(required = false)]
    zones: Vec<String>,
}

/// A record of the audit.
#[derive(ToSchema)]
pub(crate) struct AuditRecord {
    id: i64,
    at: String,
    actor: String,
    action: String,
    sensor: Option<String>,
    /// What was.
    #[schema(value_type = Option<Object>)]
    before: Option<()>,
    /// What is.
    #[schema(value_type = Option<Object>)]
    after: Option<()>,
    /// Of this record and all before it.
    digest: String,
}

/// Which sensor may use the next file.
#[derive(ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "value")]
pub(crate) enum NextBinding {
    None,
    Appliance(String),
    /// A request document in base64: binds to its key.
    Request(String),
}
