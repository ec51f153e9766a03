//! Around every page.

pub const PRODUCT: &str = "Sensor console";
pub const OVERVIEW: &str = "Overview";
pub const ALERTS: &str = "Alerts";
pub const SETTINGS: &str = "System settings";
pub const ACCOUNT: &str = "Your account";
pub const UNNAMED: &str = "Sensor without a name";
pub const UNKNOWN: &str = "Sensor";
pub const UNACTIVATED: &str = "Not activated";
pub const DEACTIVATED: &str = "Deactivated";
pub const CLOUD_CONNECTED: &str = "Cloud-connected";
pub const LOCALLY_MANAGED: &str = "Locally managed";
pub const HEALTHY: &str = "Healthy";
pub const NOT_ALL_WELL: &str = "Needs attention";
pub const IMPAIRED: &str = "Impaired";
pub const NO_AGENT: &str = "No answer";
pub const AS_OF: &str = "As of";
pub const LOAD_AGAIN: &str = "Load again";
pub const WHAT_NEXT: &str = "What to do next";
pub const CERTIFICATE_ENDING: &str = "This console's certificate ends on";
pub const CERTIFICATE_OVER: &str = "This console's certificate ended on";
pub const CERTIFICATE_NEXT: &str = "Import another under System settings, SSL/TLS certificate.";
