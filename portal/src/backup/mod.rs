//! Everything a portal keeps in one file, and back: for a backup, and from one database to the other.
//!
//! The file is the same whichever database it is of: tables row by row, as the migrations up to one version make them, and
//! the files of the data folder. It is packed, sealed by a passphrase, and read to its end before anything is written.

mod envelope;
mod failed;
mod files;
mod loader;
mod make;
mod pages;
mod records;
mod relocate;
mod restore;
mod sum;
#[cfg(test)]
mod tests;

use picket_protocol::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use crate::{alerts, database::Part, store};

pub use failed::Failed;
pub use make::make;
pub use relocate::relocate;
pub use restore::{check, restore};
pub use sum::Summary;

/// Not in a backup: who was signed in when it was made is nobody's sign-in when it is restored.
const LEFT_OUT: [&str; 1] = ["sessions"];

/// The databases, in the order in which they are looked at. Sharing's cursors are in the first and count rows of the
/// second: seen later, it has every row that a cursor is beyond.
const PARTS: [&Part; 2] = [&store::PART, &alerts::PART];

/// What stands first in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// When it was begun.
    pub made_at: UnixSeconds,
    /// The release that made it.
    pub release: String,
    /// How far each database's migrations had come, by schema.
    pub versions: std::collections::BTreeMap<String, i64>,
}
