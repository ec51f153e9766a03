//! What each commit leaves behind for the alerts detected under it: whose they are, where they may go, from where in the
//! engine's output on. Records it; [`crate::routes`] says what follows.

use alloc::vec::Vec;

use picket_protocol::{
    documents::activation::{Activation, ModeSettings},
    ids::{Epoch, Owner, SensorId},
};
use serde::{Deserialize, Serialize};

use crate::turn::Turn;

/// How many epochs are remembered. Alerts of older ones stay in the alert log, and are exported from there.
pub const MAX_EPOCHS: usize = 32;

/// Where the detection engine's output stood. What lies before it belongs to the epoch before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum EngineMark {
    /// Nobody knows: there was no output that could be read.
    #[default]
    Unknown,
    /// A file of this length.
    File {
        /// The device that the file lies on.
        device: u64,
        /// The file on that device.
        inode: u64,
        /// Its length, bytes.
        length: u64,
    },
    /// A socket, which has no places.
    Socket,
}

/// Where alerts of an epoch may go at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Routing {
    /// To the owner's IoT hub.
    CloudConnected,
    /// To nobody, or to the owner's management console.
    LocallyManaged {
        /// Whether there is a management console.
        paired: bool,
    },
    /// To nobody.
    Deactivated,
}

impl Routing {
    pub(crate) const fn of(mode: &ModeSettings) -> Self {
        match mode {
            ModeSettings::CloudConnected(_) => Self::CloudConnected,
            ModeSettings::LocallyManaged(local) => Self::LocallyManaged { paired: local.management_console.is_some() },
        }
    }
}

/// One epoch, as the alerts detected under it need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Which.
    pub epoch: Epoch,
    /// Whose sensor it was.
    pub owner: Owner,
    /// As which registration.
    pub sensor: SensorId,
    /// Where its alerts may go.
    pub routing: Routing,
    /// Where the engine's output stood when it began.
    pub boundary: EngineMark,
}

/// The last [`MAX_EPOCHS`] epochs, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Epochs(Vec<EpochRecord>);

impl Epochs {
    pub(crate) const fn all(&self) -> &[EpochRecord] {
        self.0.as_slice()
    }
}

/// Records the epoch in force, which just began. It is stored with the commit that began it.
pub(crate) fn begin(turn: &mut Turn<'_>, activation: &Activation, routing: Routing) {
    let record = EpochRecord {
        epoch: turn.appliance.epoch,
        owner: activation.owner(),
        sensor: activation.sensor,
        routing,
        boundary: turn.now.engine,
    };
    let epochs = &mut turn.appliance.epochs.0;
    if epochs.len() >= MAX_EPOCHS {
        epochs.remove(0);
    }
    epochs.push(record);
}
