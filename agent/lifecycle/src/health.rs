//! Health by component, and since when. Records what is reported; measures nothing.

use alloc::{borrow::ToOwned as _, collections::BTreeMap};

use picket_protocol::{
    heartbeat::{Component, Health},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

/// The code of a component that is well.
pub const OK: &str = "ok";

/// The health of every component that was heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HealthBoard(BTreeMap<Component, Health>);

impl HealthBoard {
    /// Takes a report; true if the code is another than before.
    pub(crate) fn report(&mut self, component: Component, code: &str, at: UnixSeconds) -> bool {
        let changed = self.0.get(&component).is_none_or(|known| known.code != code);
        if changed {
            self.0.insert(component, Health { code: code.to_owned(), since: at });
        }
        changed
    }

    /// The component is not there any more.
    pub(crate) fn forget(&mut self, component: Component) {
        self.0.remove(&component);
    }

    /// As the upstream is told.
    #[must_use]
    pub const fn by_component(&self) -> &BTreeMap<Component, Health> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_moves_only_when_the_code_changes() {
        let mut board = HealthBoard::default();
        assert!(board.report(Component::Disk, OK, UnixSeconds(1)));
        assert!(!board.report(Component::Disk, OK, UnixSeconds(2)));
        assert_eq!(board.by_component()[&Component::Disk].since, UnixSeconds(1));
        assert!(board.report(Component::Disk, "disk.full", UnixSeconds(3)));
        assert_eq!(board.by_component()[&Component::Disk].since, UnixSeconds(3));
    }
}
