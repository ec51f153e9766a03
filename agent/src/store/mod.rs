//! The control state on disk: one SQLite database, a second copy beside it, and a reserve for a full disk.
//!
//! Opening never fails: what cannot be used is set aside, copied or left alone, and [`Store::health`] says which.
//! Knows nothing of what the state means.

mod audit;
mod database;
pub(crate) mod failure;
mod open;
pub(crate) mod reserve;
mod second_copy;
pub(crate) mod set_aside;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use picket_lifecycle::{audit::AuditRecord, effect::Durability};
use picket_protocol::{local_api, refusal::Refusal};

pub(crate) use self::database::version_on_disk;
pub use self::open::{Accept, Opened, Places};
use self::{
    database::{Database, Stored},
    failure::Failure,
    reserve::Reserve,
    second_copy::SecondCopy,
};

/// The control state on disk.
#[derive(Debug)]
pub struct Store {
    places: Places,
    backing: Backing,
    reserve: Reserve,
    second_copy: SecondCopy,
    /// What the second copy is still to be replaced by.
    copy_due: Option<Stored>,
    health: Health,
}

/// What stands behind the store.
#[derive(Debug)]
enum Backing {
    /// The database, open for writing.
    Writable(Database),
    /// Nothing is written; a copy may be there to read the audit from.
    Refusing { why: Refusal, copy: Option<Database> },
}

/// How the control state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Ok,
    /// A corrupt database was set aside at this start; the second copy took its place, or nothing did.
    SetAside {
        /// Where it lies now.
        path: PathBuf,
        /// Whether a second copy was there.
        recovered: bool,
    },
    /// The last write failed, or writing is refused.
    Refusing(Refusal),
}

impl Health {
    /// The code told to people and upstream.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::SetAside { recovered: true, .. } => "recovered-from-second-copy",
            Self::SetAside { recovered: false, .. } => "set-aside",
            Self::Refusing(why) => why.code(),
        }
    }
}

impl Store {
    /// How the control state is.
    #[must_use]
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Makes state and audit durable in one transaction. With [`Durability::Required`] the reserve is spent for it if the
    /// disk is full, and [`Self::settle`] is to be called soon.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`] or [`Refusal::NewerState`]; what was durable before still is.
    pub fn persist(&mut self, state: &[u8], audit: &[AuditRecord], durability: Durability) -> Result<(), Refusal> {
        let result = self.write(state, audit, durability);
        match &result {
            Ok(()) => {
                if matches!(self.health, Health::Refusing(_)) {
                    tracing::info!(path = %self.places.state.display(), "the control state can be written again");
                    self.health = Health::Ok;
                }
                if let Err(error) = self.reserve.replenish() {
                    tracing::debug!(%error, "the reserve for a full disk cannot be made yet");
                }
            }
            Err(why) => {
                tracing::warn!(code = why.code(), %why, "the control state was not written");
                self.health = Health::Refusing(why.clone());
            }
        }
        result
    }

    /// Whether nothing is left for [`Self::settle`].
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.copy_due.is_none()
    }

    /// Replaces the second copy by the state of the last required write. That state is durable without it: the copy is
    /// for a database that rots, so whoever waits for the write need not wait for this.
    pub fn settle(&mut self) {
        let Some(stored) = self.copy_due.take() else { return };
        let mut copied = self.second_copy.write(&stored);
        if copied.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull) {
            self.reserve.release();
            copied = self.second_copy.write(&stored);
        }
        // A failure is told, and made good by the next one.
        if let Err(error) = copied {
            tracing::warn!(path = %self.second_copy.path().display(), %error, "the second copy was not written");
        }
    }

    /// Audit records after this number, the oldest first, at most `limit` and 1000.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    pub fn audit(&self, after: u64, limit: u32) -> Result<Vec<local_api::AuditRecord>, Refusal> {
        match &self.backing {
            Backing::Writable(database) | Backing::Refusing { copy: Some(database), .. } => {
                database.audit(after, limit).map_err(|failure| failure.refusal(&self.places.database()))
            }
            Backing::Refusing { copy: None, .. } => Ok(Vec::new()),
        }
    }

    /// Lets go of what earlier states left behind: second copy, journal and databases set aside. For a sensor that is
    /// erased.
    pub fn scrub(&mut self) {
        self.settle();
        let scrubbed = match &self.backing {
            Backing::Writable(database) => database.empty_journal(),
            Backing::Refusing { .. } => Ok(()),
        };
        let forgotten = set_aside::forget_all(&self.places.database()).map_err(Failure::from);
        for failure in [scrubbed, forgotten].into_iter().filter_map(Result::err) {
            tracing::warn!(%failure, "something of an earlier state could not be erased yet");
        }
    }

    fn write(&mut self, state: &[u8], audit: &[AuditRecord], durability: Durability) -> Result<(), Refusal> {
        let required = durability == Durability::Required;
        let path = self.places.database();
        let database = self.writable()?;
        let generation = match database.write(state, audit, required) {
            Err(Failure::Full(_)) if required => {
                // The reserve is for this: what a person or the portal decided must still fit.
                self.reserve.release();
                self.writable()?.write(state, audit, required)
            }
            Err(Failure::Corrupt(why)) => {
                tracing::error!(path = %path.display(), %why, "the control state is corrupt and is set aside");
                self.start_afresh()?.write(state, audit, required)
            }
            other => other,
        }
        .map_err(|failure| failure.refusal(&path))?;
        if required {
            self.copy_due = Some(Stored { generation, content: state.to_vec() });
        }
        Ok(())
    }

    /// The database to write to. One that was refusing for want of a disk is tried again.
    fn writable(&mut self) -> Result<&mut Database, Refusal> {
        if let Backing::Refusing { why, .. } = &self.backing {
            if matches!(why, Refusal::NewerState { .. }) {
                return Err(why.clone());
            }
            let opened = Database::open(&self.places.database());
            self.backing = Backing::Writable(opened.map_err(|failure| failure.refusal(&self.places.database()))?);
        }
        match &mut self.backing {
            Backing::Writable(database) => Ok(database),
            Backing::Refusing { why, .. } => Err(why.clone()),
        }
    }

    /// In the middle of work: the state in memory is good, only what lies on disk is not.
    fn start_afresh(&mut self) -> Result<&mut Database, Refusal> {
        let path = self.places.database();
        let refused = |failure: Failure| failure.refusal(&path);
        let placeholder = Refusal::StorageFailed { path: path.display().to_string(), why: "set aside".into() };
        // Closed before it is renamed: a close writes.
        self.backing = Backing::Refusing { why: placeholder, copy: None };
        let aside = set_aside::set_aside(&path).map_err(|error| refused(error.into()))?;
        self.backing = Backing::Writable(Database::open(&path).map_err(refused)?);
        self.health = Health::SetAside { path: aside, recovered: true };
        self.writable()
    }
}

fn database_in(folder: &Path) -> PathBuf {
    folder.join("control.db")
}
