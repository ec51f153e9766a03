//! What is sent again and when: acknowledged long ago, unconfirmed, and the portal has stored a later number.
//!
//! While confirmations merely lag, no later number is stored, and nothing is sent again. But the last numbers of a quiet
//! sensor have no later ones: of what lies above the portal's word, the very last number alone is sent again. Once the
//! portal has it, it says itself what it lacks below.

use core::time::Duration;

use picket_protocol::ids::StreamId;

use super::marks::{Acknowledged, Marks};
use crate::moment::BootMillis;

/// From acknowledgement to the first sending again.
pub const FIRST_PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The longest wait between two.
pub const LONGEST_PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// Numbers to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) stream: StreamId,
    pub(super) from: u64,
    pub(super) to: u64,
}

/// What is to be sent again now, the longest waiting first.
pub(super) fn due(marks: &Marks, now: BootMillis) -> Option<Wanted> {
    let (at, wanted) = candidates(marks).min_by_key(|(at, wanted)| (*at, wanted.from))?;
    (at <= now).then_some(wanted)
}

/// When [`due`] will have something, if nothing else happens.
pub(super) fn next(marks: &Marks) -> Option<BootMillis> {
    candidates(marks).map(|(at, _)| at).min()
}

fn candidates(marks: &Marks) -> impl Iterator<Item = (BootMillis, Wanted)> {
    marks.unconfirmed.iter().filter_map(|range| Some((range.at.plus(patience(range.tries)), wanted(marks, range)?)))
}

fn wanted(marks: &Marks, range: &Acknowledged) -> Option<Wanted> {
    let Acknowledged { stream, from, to, .. } = *range;
    let stored_up_to = marks.confirmed.get(&stream)?.up_to;
    if to < stored_up_to {
        return Some(Wanted { stream, from, to });
    }
    (to == marks.head(stream)).then_some(Wanted { stream, from: to, to })
}

/// Doubling from 15 min to 6 h.
fn patience(tries: u32) -> Duration {
    FIRST_PATIENCE.saturating_mul(1 << tries.min(8)).min(LONGEST_PATIENCE)
}
