//! A place of a campaign: where faults are made, how many, and which sabotages must be found out there.

use picket_lab::Binaries;

use super::{sabotage::Sabotage, sheet::Outcome};

/// A place of a campaign.
pub(super) struct Place {
    pub(super) name: &'static str,
    /// How many faults, unless the command says otherwise.
    pub(super) faults: u32,
    /// The broken builds on which this place must not come out well.
    pub(super) finds: &'static [Sabotage],
    /// Makes the faults and compares. An error is a scene that could not be played: it finds nothing out.
    pub(super) act: fn(&Setting<'_>) -> anyhow::Result<Outcome>,
}

/// With what a place is played.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) faults: u32,
    /// Chooses the moments of the faults.
    pub(super) seed: u64,
}
