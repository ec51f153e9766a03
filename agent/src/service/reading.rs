//! Reads what comes from outside against the state as it is: upload, deactivation, reissue. The reading itself is
//! `picket-protocol`'s.

use picket_lifecycle::State;
use picket_protocol::{
    ids::{ApplianceId, Thumbprint},
    reading::{Reading, ReadingContext, read_activation},
    refusal::Refusal,
    time::UnixSeconds,
    trust::TrustStore,
};

/// What an activation is judged against, beside the state.
pub(super) struct Circumstances<'a> {
    pub(super) appliance: &'a ApplianceId,
    pub(super) keys: &'a [Thumbprint],
    pub(super) wall: UnixSeconds,
    pub(super) override_window: bool,
}

/// Reads an activation file in full.
pub(super) fn activation(
    file: &[u8],
    state: &State,
    trust: &TrustStore,
    circumstances: &Circumstances<'_>,
) -> Result<Reading, Refusal> {
    let known = state.appliance();
    let context = ReadingContext {
        trust,
        wall_clock: circumstances.wall,
        build_date: known.settings().build_date,
        appliance: circumstances.appliance,
        keys: circumstances.keys,
        floors: known.floors(),
        override_window: circumstances.override_window,
    };
    read_activation(file, &context)
}
