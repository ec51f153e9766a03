//! Whether the state has anything to send, for the seal on the network. Decides it from what the lifecycle says.

use picket_lifecycle::State;

use super::snapshot::has_targets;
use crate::sandbox::Need;

/// See the module.
pub(super) fn network_need(state: &State) -> Need {
    if has_targets(state) {
        return Need::Some;
    }
    if state.epochs().is_empty() { Need::Undecided } else { Need::None }
}
