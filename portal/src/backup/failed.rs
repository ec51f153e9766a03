//! Why a backup could not be made, or not be restored.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{authority::Unusable, database::OpenError, domain::refused::Refused};

/// Why it failed.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The file, or where it is to go, is not as it must be.
    #[error("{}", .0.problem().detail)]
    Refused(Refused),
    /// The file system said no.
    #[error("{path}")]
    File {
        /// Of what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database said no.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file of the data folder cannot be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Failed {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// What is wrong with the content of a backup.
    pub(super) fn damaged(why: impl Into<String>) -> Self {
        Self::Refused(Refused::BackupDamaged { why: why.into() })
    }

    /// What reading a backup met: its content, or the file system.
    pub(super) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::InvalidData => Self::damaged(source.to_string()),
            io::ErrorKind::UnexpectedEof => Self::damaged("it ends too soon"),
            _ => Self::File { path: path.clone(), source },
        }
    }
}
