//! Who asks, for handlers: there only behind the gate.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
pub use picket_guard::from::From;
use picket_protocol::local_api::Status;

use crate::{
    accounts::{PersonName, Role},
    agent::NoAnswer,
    page::Failed,
    sessions::{Session, SessionId},
};

/// Who asks, and how the sensor is.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub name: PersonName,
    /// What they may do, as it is now.
    pub role: Role,
    /// What each form must bring along, in the field `csrf`.
    pub csrf: Arc<str>,
    /// Which session.
    pub session: Arc<Session>,
    /// How the sensor is, asked once for this request.
    status: Arc<Result<Status, NoAnswer>>,
}

impl SignedIn {
    pub(super) fn new(session: Session, role: Role, status: Result<Status, NoAnswer>) -> Self {
        Self {
            name: session.person.clone(),
            role,
            csrf: Arc::clone(&session.csrf),
            session: Arc::new(session),
            status: Arc::new(status),
        }
    }

    /// How the sensor is.
    ///
    /// # Errors
    /// The page that says that the agent does not answer.
    pub fn status(&self) -> Result<&Status, Failed> {
        self.status.as_ref().as_ref().map_err(|_| Failed::Agent(NoAnswer::BrokenOff))
    }

    /// How the sensor is, or why that is not known.
    pub fn agent(&self) -> &Result<Status, NoAnswer> {
        &self.status
    }

    /// The session's id.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// Refuses whoever is no admin, for pages that only an admin may see.
    ///
    /// # Errors
    /// The page that says so.
    pub const fn as_admin(&self) -> Result<&Self, Failed> {
        if self.role.may_change() { Ok(self) } else { Err(Failed::NotAdmin) }
    }

    /// Refuses whoever takes nothing away in bulk.
    ///
    /// # Errors
    /// The page that says so.
    pub const fn as_exporter(&self) -> Result<&Self, Failed> {
        if self.role.may_export() { Ok(self) } else { Err(Failed::MayNotExport) }
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failed> {
        parts.extensions.get().cloned().ok_or(Failed::NotFound)
    }
}
