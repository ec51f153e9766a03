//! Alerts.

use picket_protocol::{alerts::Severity, local_api::EndpointRole};

pub const TITLE: &str = "Alerts";
pub const BACK: &str = "All alerts";

/// A severity's word.
#[must_use]
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Informational => "Informational",
    }
}

pub const SEVERITY: &str = "Severity";
pub const ANY_SEVERITY: &str = "All";
pub const HIGH: &str = "High";
pub const MEDIUM_UP: &str = "Medium and up";
pub const LOW_UP: &str = "Low and up";
pub const TIME: &str = "Detected";
pub const ANY_TIME: &str = "Any time";
pub const LAST_HOUR: &str = "Last hour";
pub const LAST_DAY: &str = "Last 24 h";
pub const LAST_WEEK: &str = "Last 7 d";
pub const TEXT: &str = "Text in the record";
pub const SEARCH: &str = "Search";
pub const CLEAR: &str = "Clear filters";

pub const SIGNATURE: &str = "Signature";
pub const FROM: &str = "From";
pub const TO: &str = "To";
pub const EPOCH: &str = "Epoch";
pub const NO_SIGNATURE: &str = "Record without a signature";

pub const NEWEST: &str = "Newest";
pub const NEWER: &str = "Newer";
pub const OLDER: &str = "Older";
pub const EXPORT_CSV: &str = "Export CSV";
pub const EXPORT_NDJSON: &str = "Export NDJSON";
pub const LIST: &str = "Alerts, the newest first";

pub const NONE_YET: &str = "No alerts yet.";
pub const NONE_YET_NEXT: &str = "Whatever the detection engine finds from now on appears here.";
pub const NONE_MATCH: &str = "No alert matches these filters.";
pub const NOT_ACTIVATED: &str = "This sensor is not activated, so nothing is taken in.";
pub const MORE_TO_LOOK: &str = "Nothing on this page matches; there are older alerts that have not been looked at yet.";

pub const ID: &str = "Alert id";
pub const CATEGORY: &str = "Category";
pub const PROTOCOL: &str = "Protocol";
pub const STANDING: &str = "Where it stands";
pub const CONFIRMED: &str = "Confirmed";
pub const DELIVERED: &str = "Delivered";
pub const WAITING: &str = "Waiting";
pub const KEPT: &str = "Kept on this sensor";
pub const RECORD: &str = "The detection engine's record, untouched";

/// Of a confirmed alert.
#[must_use]
pub fn confirmed(by: &EndpointRole) -> String {
    format!("Taken by the {by}, and stored at its destination.")
}

/// Of a delivered one.
#[must_use]
pub fn delivered(by: &EndpointRole) -> String {
    format!("Acknowledged by the {by}. Nobody has confirmed yet that it is stored.")
}

/// Of one on its way.
#[must_use]
pub fn waiting(to: &EndpointRole) -> String {
    format!("For the {to}.")
}
