//! How states are called on pages, and how good they are.

use picket_look::{Markup, Tone, badge};
use picket_protocol::documents::activation::Mode;

use crate::domain::{
    access::PersonRole,
    connection::{Connection, Health},
    role::Role,
};

pub(super) const fn role(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Owner => "Owner",
        PersonRole::SecurityAdmin => "Security admin",
        PersonRole::Contributor => "Contributor",
        PersonRole::Reader => "Reader",
    }
}

pub(super) const fn server(role: Role) -> &'static str {
    match role {
        Role::Portal => "Portal",
        Role::ManagementConsole => "Management console",
    }
}

pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::CloudConnected => "Cloud connected",
        Mode::LocallyManaged => "Locally managed",
    }
}

/// Every connection: its value in addresses, its tone, its words.
pub(super) const CONNECTIONS: [(Connection, &str, Tone, &str); 4] = [
    (Connection::Connected, "connected", Tone::Ok, "Connected"),
    (Connection::Disconnected, "disconnected", Tone::Critical, "Disconnected"),
    (Connection::NeverConnected, "never-connected", Tone::Neutral, "Never connected"),
    (Connection::DoesNotReport, "does-not-report", Tone::Neutral, "Does not report"),
];

/// Every health, likewise.
pub(super) const HEALTHS: [(Health, &str, Tone, &str); 10] = [
    (Health::Ok, "ok", Tone::Ok, "Ok"),
    (Health::Disconnected, "disconnected", Tone::Critical, "Disconnected"),
    (Health::Unavailable, "unavailable", Tone::Critical, "Unavailable"),
    (Health::PendingActivation, "pending-activation", Tone::Notice, "Pending activation"),
    (Health::PendingReactivation, "pending-reactivation", Tone::Notice, "Pending reactivation"),
    (Health::PartiallyConnected, "partially-connected", Tone::Warning, "Partially connected"),
    (Health::Deactivated, "deactivated", Tone::Neutral, "Deactivated"),
    (Health::Restored, "restored", Tone::Warning, "Restored"),
    (Health::PossibleClone, "possible-clone", Tone::Critical, "Possible clone"),
    (Health::NotReported, "not-reported", Tone::Neutral, "Not reported"),
];

pub(super) fn connection(connection: Connection) -> Markup {
    let found = CONNECTIONS.into_iter().find(|(known, ..)| *known == connection);
    found.map_or_else(|| badge(Tone::Neutral, "Unknown"), |(_, _, tone, word)| badge(tone, word))
}

pub(super) fn health(health: Health) -> Markup {
    let found = HEALTHS.into_iter().find(|(known, ..)| *known == health);
    found.map_or_else(|| badge(Tone::Neutral, "Unknown"), |(_, _, tone, word)| badge(tone, word))
}
