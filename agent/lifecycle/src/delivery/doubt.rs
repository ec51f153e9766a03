//! The search for the one item that a hub will not take, by halves. Counts items; holds none.
//!
//! A hub that refuses everything, as one behind a broken gateway does, must not talk a sensor into putting its alerts
//! aside one by one. So an alert goes aside only if it was refused alone, the hub then took another alert, and it was
//! refused alone again. Until one is taken, another alert is tried alone, each time after a longer wait.

use super::item::Place;

/// A single item that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    /// Which.
    pub(super) place: Place,
    /// Whether the hub took an alert since.
    pub(super) others_taken: bool,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Doubt {
    search: Option<Search>,
    /// How many single items were refused in a row while no other was accepted.
    unclear: usize,
    too_large: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Search {
    /// Most items of a batch.
    narrow: usize,
    /// How many items of the refused batch are still to come.
    left: usize,
}

impl Doubt {
    /// A batch of `count` was refused.
    pub(super) fn halve(&mut self, count: usize) {
        let left = self.search.map_or(count, |search| search.left.max(count));
        self.search = Some(Search { narrow: (count / 2).max(1), left });
    }

    /// Most items of the next batch.
    pub(super) fn narrowed(&self, most: usize) -> usize {
        self.search.map_or(most, |search| search.narrow.min(search.left).min(most))
    }

    /// A batch of `count` was accepted.
    pub(super) const fn accepted(&mut self, count: usize) {
        self.unclear = 0;
        if let Some(search) = &mut self.search {
            search.left = search.left.saturating_sub(count);
            if search.left == 0 {
                self.search = None;
                self.too_large = true;
            }
        }
    }

    /// The search found its item.
    pub(super) const fn found(&mut self) {
        self.search = None;
        self.unclear = 0;
    }

    /// A single item was refused, and nothing tells why.
    pub(super) const fn unclear(&mut self) {
        self.unclear = self.unclear.saturating_add(1);
    }

    /// The hub took something: the next refusal is clear.
    pub(super) const fn cleared(&mut self) {
        self.unclear = 0;
    }

    pub(super) const fn is_unclear(&self) -> bool {
        self.unclear > 0
    }

    /// Which of so many alerts is tried next, so that each has its turn.
    pub(super) const fn turn(&self, alerts: usize) -> Option<usize> {
        self.unclear.checked_rem(alerts)
    }

    pub(super) const fn take_too_large(&mut self) -> bool {
        let too_large = self.too_large;
        self.too_large = false;
        too_large
    }
}
