//! The floor under the wall clock: what the sensor knows the time to be at least. Reads no clock.

use picket_protocol::time::UnixSeconds;
use serde::{Deserialize, Serialize};

/// The parts of the floor, beside the build date. Each is replaced, never maximised over history, so that a wrong one
/// passes. The wall clock and refused files never touch them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeFloor {
    activation: Option<UnixSeconds>,
    upstream: Option<UnixSeconds>,
}

impl TimeFloor {
    /// Just committed: the activation's `iat` counts, and what an earlier upstream said does not any more.
    pub(crate) const fn committed(issued_at: UnixSeconds) -> Self {
        Self { activation: Some(issued_at), upstream: None }
    }

    /// The upstream in force said what time it is. A time beyond the end of its own certificate is not believed: it
    /// would make every later answer look like an expired one's.
    pub(crate) fn told(&mut self, time: UnixSeconds, certificate_until: Option<UnixSeconds>) {
        if certificate_until.is_none_or(|until| time <= until) {
            self.upstream = Some(time);
        }
    }

    /// The floor.
    #[must_use]
    pub fn at(&self, build_date: UnixSeconds) -> UnixSeconds {
        [self.activation, self.upstream].into_iter().flatten().fold(build_date, UnixSeconds::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: UnixSeconds = UnixSeconds(1_000);

    #[test]
    fn is_the_highest_of_its_parts() {
        let mut floor = TimeFloor::default();
        assert_eq!(floor.at(BUILT), BUILT);
        floor = TimeFloor::committed(UnixSeconds(2_000));
        assert_eq!(floor.at(BUILT), UnixSeconds(2_000));
        floor.told(UnixSeconds(3_000), None);
        assert_eq!(floor.at(BUILT), UnixSeconds(3_000));
    }

    #[test]
    fn follows_an_upstream_that_corrects_its_clock() {
        let mut floor = TimeFloor::committed(UnixSeconds(2_000));
        floor.told(UnixSeconds(9_000), None);
        floor.told(UnixSeconds(3_000), None);
        assert_eq!(floor.at(BUILT), UnixSeconds(3_000));
    }

    #[test]
    fn forgets_the_earlier_upstream_at_a_commit() {
        let mut floor = TimeFloor::committed(UnixSeconds(2_000));
        floor.told(UnixSeconds(9_000), None);
        floor = TimeFloor::committed(UnixSeconds(2_500));
        assert_eq!(floor.at(BUILT), UnixSeconds(2_500));
    }

    #[test]
    fn does_not_believe_a_time_beyond_the_upstreams_own_certificate() {
        let mut floor = TimeFloor::committed(UnixSeconds(2_000));
        floor.told(UnixSeconds(9_000), Some(UnixSeconds(8_000)));
        assert_eq!(floor.at(BUILT), UnixSeconds(2_000));
        floor.told(UnixSeconds(8_000), Some(UnixSeconds(8_000)));
        assert_eq!(floor.at(BUILT), UnixSeconds(8_000));
    }
}
