//! What marks everything that is done for one activation, so that results of another are ignored.

use core::fmt;

use picket_protocol::ids::{Cti, Epoch};
use serde::{Deserialize, Serialize};

/// Epoch and document on whose behalf something is done. A candidate carries the epoch that its commit would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The epoch.
    pub epoch: Epoch,
    /// The activation.
    pub cti: Cti,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.epoch, self.cti)
    }
}

/// Names one attempt: the answer to an attempt that was given up since is ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(pub u64);
