//! Which alerts an owner must have, and which it may have: also what was written while a switch to or from it went on.

use std::collections::BTreeSet;

use picket_lab::{Tally, generator::id_of};
use serde_json::Value;

use super::stand::{Owner, Period};

#[derive(Default)]
pub(super) struct Expected {
    pub(super) required: BTreeSet<u64>,
    pub(super) allowed: BTreeSet<u64>,
}

impl Expected {
    /// Of one owner, by the periods in their order.
    pub(super) fn of(owner: Owner, periods: &[Period]) -> Self {
        let mut expected = Self::default();
        let is_theirs = |period: &Period| period.stand.owner() == Some(owner);
        for period in periods.iter().filter(|period| is_theirs(period)) {
            expected.required.extend(period.before + 1..=period.last);
            expected.required.extend(&period.burst);
        }
        for (one, next) in periods.iter().zip(periods.iter().skip(1)) {
            let between = one.last + 1..=next.before;
            match (is_theirs(one), is_theirs(next)) {
                (true, true) => expected.required.extend(between),
                (true, false) | (false, true) => expected.allowed.extend(between),
                (false, false) => {}
            }
        }
        expected.allowed.extend(&expected.required);
        expected
    }

    /// Compares with what the owner's portal has stored.
    pub(super) fn tally(&self, stored: &[Value]) -> Tally {
        let mut tally = Tally::of(&self.required, stored);
        let ids: BTreeSet<_> = stored.iter().filter_map(|alert| id_of(&alert["record"])).collect();
        tally.foreign = ids.difference(&self.allowed).copied().collect();
        tally
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::stand::Stand, *};

    #[test]
    fn what_is_written_during_a_switch_may_be_either_side_s_but_no_third_one_s() {
        let period = |stand, before, last| {
            let (from, until) = (Duration::ZERO, Duration::ZERO);
            Period { stand, from, until, before, last, burst: BTreeSet::new() }
        };
        let periods = [
            period(Stand::Local, 0, 10),
            period(Stand::FirstHub, 12, 20),
            period(Stand::SecondHub, 22, 30),
            period(Stand::OtherOwner, 32, 40),
        ];
        let first = Expected::of(Owner::First, &periods);
        assert_eq!(first.required, (13..=30).collect());
        assert_eq!(first.allowed, (11..=32).collect());
        let second = Expected::of(Owner::Second, &periods);
        assert_eq!(second.required, (33..=40).collect());
        assert_eq!(second.allowed, (31..=40).collect());
    }
}
