//! The first sign-in: which step is due. What the agent knows is asked, the rest is in the console's notes, so that a
//! restart goes on where it was.

mod notes;
pub mod vendor_terms;

pub use self::notes::{Notes, Terms};

use picket_protocol::local_api::SensorState;

use crate::{console::Console, guard::SignedIn};

pub const TRUST: &str = "/first-sign-in/trust";
pub const ACTIVATION: &str = "/first-sign-in/activation";
pub const CERTIFICATE: &str = "/first-sign-in/certificate";

/// Pages of the flow, of what it refuses, and what belongs to a person: never led away from.
const ALWAYS_OPEN: [&str; 6] =
    ["/first-sign-in/", "/explain/", "/sign-out", "/account", "/events", "/settings/network"];

/// Where a request for this path is led instead, while the flow is not done.
#[must_use]
pub fn owed(console: &Console, by: &SignedIn, path: &str) -> Option<&'static str> {
    if ALWAYS_OPEN.iter().any(|open| path.starts_with(open)) {
        return None;
    }
    due(console, by)
}

/// The step that is due; none when the flow is done, or the agent does not say how the sensor is.
#[must_use]
pub fn due(console: &Console, by: &SignedIn) -> Option<&'static str> {
    let status = by.agent().as_ref().ok()?;
    match status.state {
        SensorState::Unactivated if status.trusted || status.candidate.is_some() => Some(ACTIVATION),
        SensorState::Unactivated => Some(TRUST),
        _ if !console.notes.certificate_settled() => Some(CERTIFICATE),
        _ => None,
    }
}
