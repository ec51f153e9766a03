//! Compares what a generator wrote with what a portal has stored, as sets of ids. Judges nothing: it counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use crate::generator::id_of;

/// The comparison.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// How many alerts were written.
    pub written: usize,
    /// Written, and not at the portal.
    pub lacking: BTreeSet<u64>,
    /// More than once at the portal.
    pub doubled: BTreeSet<u64>,
    /// At the portal, and not among those written.
    pub foreign: BTreeSet<u64>,
}

impl Tally {
    /// Compares; `stored` is what [`crate::Portal::alerts`] says.
    #[must_use]
    pub fn of(written: &BTreeSet<u64>, stored: &[Value]) -> Self {
        let mut times = BTreeMap::<u64, u32>::new();
        for id in stored.iter().filter_map(|alert| id_of(&alert["record"])) {
            *times.entry(id).or_default() += 1;
        }
        let of = |wanted: &dyn Fn(u64, u32) -> bool| {
            times.iter().filter(|(id, times)| wanted(**id, **times)).map(|(id, _)| *id).collect()
        };
        Self {
            written: written.len(),
            lacking: written.iter().filter(|id| !times.contains_key(id)).copied().collect(),
            doubled: of(&|_, times| times > 1),
            foreign: of(&|id, _| !written.contains(&id)),
        }
    }

    /// Whether each alert is at the portal, once, and nothing else is.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.lacking.is_empty() && self.doubled.is_empty() && self.foreign.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} written", self.written)?;
        for (what, ids) in [("lacking", &self.lacking), ("doubled", &self.doubled), ("foreign", &self.foreign)] {
            write!(f, ", {} {what}", ids.len())?;
            if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
                write!(f, " ({first}…{last})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_lost_doubled_and_foreign_apart() {
        let written = BTreeSet::from([1, 2, 3]);
        let stored = |ids: &[u64]| -> Vec<Value> {
            ids.iter().map(|id| json!({ "record": { "event_type": "alert", "flow_id": id } })).collect()
        };
        assert!(Tally::of(&written, &stored(&[3, 1, 2])).is_exact());
        let lost = Tally::of(&written, &stored(&[1, 3]));
        assert!(lost.lacking == BTreeSet::from([2]) && !lost.is_exact());
        let doubled = Tally::of(&written, &stored(&[1, 2, 3, 3]));
        assert!(doubled.doubled == BTreeSet::from([3]) && !doubled.is_exact());
        let foreign = Tally::of(&written, &stored(&[1, 2, 3, 4]));
        assert!(foreign.foreign == BTreeSet::from([4]) && !foreign.is_exact());
    }
}
