//! What a database failure means to who keeps one: is the disk full, the database corrupt, or something else.

use std::{io, path::Path};

use picket_protocol::refusal::Refusal;
use rusqlite::ErrorCode;

/// Why the database could not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No space left.
    #[error("the disk is full")]
    Full(String),
    /// What lies there is no database, or a damaged one.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The folder or file cannot be written.
    #[error("cannot be written: {0}")]
    ReadOnly(String),
    /// Another agent holds it.
    #[error("in use by another agent")]
    InUse,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// The refusal for people.
    pub(crate) fn refusal(&self, path: &Path) -> Refusal {
        Refusal::StorageFailed { path: path.display().to_string(), why: self.to_string() }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(why),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(why),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly(why),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            // A table of another shape, a value of another type: not what we wrote.
            Some(ErrorCode::Unknown) | None => Self::Corrupt(why),
            Some(_) => Self::Other(why),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let why = error.to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(why),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly(why),
            _ => Self::Other(why),
        }
    }
}
