//! Overview.

pub const TITLE: &str = "Overview";
pub const NO_NAME: &str = "Sensor without a name";

pub const UNACTIVATED: &str = "Not activated";
pub const CLOUD: &str = "Cloud-connected";
pub const LOCAL: &str = "Locally managed";
pub const DEACTIVATED: &str = "Deactivated";

pub const LEAD_UNACTIVATED: &str = "This sensor belongs to nobody yet. It takes nothing in and sends nothing.";
pub const LEAD_CLOUD: &str = "Alerts go to the IoT hub. The portal knows how this sensor is.";
pub const LEAD_LOCAL: &str = "Alerts stay on this sensor. It sends nothing to anybody.";
pub const LEAD_LOCAL_CONSOLE: &str = "Alerts go to the management console, which knows how this sensor is.";
pub const LEAD_DEACTIVATED: &str =
    "The portal ended the last activation. This sensor detects and stores, and sends nothing.";

pub const STATUS: &str = "Activation";
pub const STATE: &str = "Status";
pub const ACTIVE: &str = "Active";
pub const PENDING: &str = "Pending first connection";
pub const PROVING: &str = "A reactivation is being proved";
pub const SHOW_REACTIVATION: &str = "Show reactivation";
pub const MODE: &str = "Mode";
pub const EPOCH: &str = "Epoch";
pub const SINCE: &str = "In force since";
pub const SUBSCRIPTION: &str = "Subscription";
pub const SITE: &str = "Site";
pub const ZONE: &str = "Zone";
pub const LICENCE: &str = "Licence until";
pub const REASON: &str = "Reason";
pub const DECIDED_BY: &str = "Decided by";

pub const SENSOR: &str = "This sensor";
pub const NAME: &str = "Name";
pub const ADDRESSES: &str = "Addresses";
pub const NO_ADDRESSES: &str = "none";
pub const VERSION: &str = "Agent version";
pub const UPTIME: &str = "Agent up for";

pub const CONNECTIONS: &str = "Connections";
pub const NO_CONNECTIONS: &str = "There is none: this mode sends nothing to anybody.";
pub const PORTAL: &str = "Portal";
pub const MANAGEMENT_CONSOLE: &str = "Management console";
pub const HUB: &str = "IoT hub";
pub const LAST_CONTACT: &str = "Last contact";
pub const NEVER: &str = "never";
pub const LINK_PENDING: &str = "Waiting for the first connection";
pub const LINK_CONNECTED: &str = "Connected";
pub const LINK_RETRYING: &str = "Trying again";
pub const LINK_DISCONNECTED: &str = "Disconnected";
pub const LINK_REJECTED: &str = "Rejects this sensor";
pub const LINK_CLOCK: &str = "This sensor's clock is wrong";

pub const HEALTH: &str = "Health";
pub const OK: &str = "OK";
pub const COMPONENT_ENGINE: &str = "Detection engine";
pub const COMPONENT_ALERT_LOG: &str = "Alert log";
pub const COMPONENT_DISK: &str = "Disk";
pub const COMPONENT_CLOCK: &str = "Clock";
pub const COMPONENT_UPSTREAM: &str = "Upstream";
pub const COMPONENT_HUB: &str = "IoT hub";
pub const COMPONENT_TI: &str = "Threat intelligence";
pub const COMPONENT_CONTROL_STATE: &str = "Control state";
pub const NOT_REPORTED: &str = "No component has reported yet.";

pub const ALERTS: &str = "Alerts";
pub const ALL_ALERTS: &str = "All alerts";
pub const TAKEN_IN: &str = "Taken in";
pub const BACKLOG: &str = "Waiting for delivery";
pub const UNCONFIRMED: &str = "Delivered, not confirmed yet";
pub const DROPPED: &str = "Dropped";
pub const OLDEST: &str = "Oldest waiting";
pub const SOURCE: &str = "Taken from";
pub const LAST_DAY: &str = "Alerts by severity, last 24 hours";
pub const HOUR: &str = "Hour (UTC)";
pub const NO_HOURS: &str = "Counts by hour are not known at this moment.";

/// What the chart shows, in a sentence.
#[must_use]
pub fn chart(total: &str, high: &str) -> String {
    format!("{total} in all, {high} of them high.")
}
