//! Ranges of numbers, both ends included. Arithmetic only.

use alloc::vec::Vec;

/// First and last; empty if the last is below the first.
pub type Range = (u64, u64);

/// What is left of a range without these others, in order. They may overlap, lie anywhere and have any order.
#[must_use]
pub fn without(range: Range, others: &[Range]) -> Vec<Range> {
    let mut others: Vec<Range> = others.iter().copied().filter(|(from, to)| from <= to).collect();
    others.sort_unstable();
    let (mut next, last) = range;
    let mut left = Vec::new();
    for (from, to) in others {
        if next > last {
            break;
        }
        if from > next {
            left.push((next, last.min(from - 1)));
        }
        if to >= next {
            match to.checked_add(1) {
                Some(behind) => next = behind,
                None => return left,
            }
        }
    }
    if next <= last {
        left.push((next, last));
    }
    left
}

#[cfg(test)]
mod tests {
    use std::vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_ranges_out() {
        assert_eq!(without((1, 10), &[]), vec![(1, 10)]);
        assert_eq!(without((1, 10), &[(4, 5)]), vec![(1, 3), (6, 10)]);
        assert_eq!(without((1, 10), &[(8, 20), (0, 2)]), vec![(3, 7)]);
        assert_eq!(without((1, 10), &[(0, u64::MAX)]), vec![]);
        assert_eq!(without((1, 0), &[]), vec![]);
        assert_eq!(without((1, u64::MAX), &[(5, u64::MAX), (2, 3)]), vec![(1, 1), (4, 4)]);
    }

    proptest! {
        #[test]
        fn leaves_exactly_what_no_other_holds(
            range in (0_u64..40, 0_u64..40),
            others in prop::collection::vec((0_u64..40, 0_u64..40), 0..6),
        ) {
            let within = |(from, to): Range, number: u64| from <= number && number <= to;
            let left = without(range, &others);
            for number in 0..42 {
                let wanted = within(range, number) && !others.iter().any(|other| within(*other, number));
                prop_assert_eq!(left.iter().filter(|left| within(**left, number)).count(), usize::from(wanted));
            }
            prop_assert!(left.is_sorted());
        }
    }
}
