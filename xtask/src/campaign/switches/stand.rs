//! Where a sensor stands between switches, and what may then leave it.

use std::{collections::BTreeSet, time::Duration};

/// Who has the sensor, and by which hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Locally managed, by the first owner's file.
    Local,
    /// The first owner's, by the first broker.
    FirstHub,
    /// The first owner's, by the second broker.
    SecondHub,
    /// The second owner's, by the hub that is built into its portal.
    OtherOwner,
}

impl Stand {
    pub(super) const ALL: [Self; 4] = [Self::Local, Self::FirstHub, Self::SecondHub, Self::OtherOwner];

    /// Whose alerts are detected now; nobody's but the sensor's while it is locally managed.
    pub(super) const fn owner(self) -> Option<Owner> {
        match self {
            Self::Local => None,
            Self::FirstHub | Self::SecondHub => Some(Owner::First),
            Self::OtherOwner => Some(Owner::Second),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    First,
    Second,
}

/// How long a sensor surely stood somewhere: from when its status said so until just before the next upload.
#[derive(Debug, Clone)]
pub(super) struct Period {
    pub(super) stand: Stand,
    /// Since 1970.
    pub(super) from: Duration,
    pub(super) until: Duration,
    /// The last alert that was surely written before it, and in it.
    pub(super) before: u64,
    pub(super) last: u64,
    /// Alerts written at its very end, with ids of their own.
    pub(super) burst: BTreeSet<u64>,
}
