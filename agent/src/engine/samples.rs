//! Shows samples of bad lines in the log: at most one of a kind each minute, and not much of it.

use std::{collections::BTreeMap, time::Duration};

use crate::clock;

const EVERY: Duration = Duration::from_secs(60);
/// Most bytes of a line that are shown.
const SHOWN: usize = 160;

/// When each kind was shown last, and how many were not since.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<&'static str, (Duration, u64)>);

impl Samples {
    pub(super) fn show(&mut self, kind: &'static str, line: &[u8]) {
        if let Some(unshown) = self.due(kind, clock::since_boot()) {
            let sample = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
            // Debug escapes what a terminal would obey.
            tracing::warn!(kind, unshown, sample = ?sample, "a line of the engine is no record");
        }
    }

    /// How many of this kind were not shown, if one is due now.
    fn due(&mut self, kind: &'static str, now: Duration) -> Option<u64> {
        match self.0.get_mut(kind) {
            Some((shown, unshown)) if now.saturating_sub(*shown) < EVERY => {
                *unshown += 1;
                None
            }
            known => {
                let unshown = known.map_or(0, |(_, unshown)| *unshown);
                self.0.insert(kind, (now, 0));
                Some(unshown)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_shown_each_minute() {
        let mut samples = Samples::default();
        let at = Duration::from_secs;
        assert_eq!(samples.due("a", at(0)), Some(0));
        assert_eq!(samples.due("b", at(1)), Some(0));
        assert_eq!((samples.due("a", at(1)), samples.due("a", at(59))), (None, None));
        assert_eq!(samples.due("a", at(60)), Some(2));
    }
}
