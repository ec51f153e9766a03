//! One thing that is tried until it succeeds: enrolment, heartbeat, probe, renewal. Exponential back-off, full jitter.

use core::time::Duration;

use picket_protocol::{refusal::Refusal, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use crate::{
    event::Failure,
    moment::{BootMillis, Dice},
    stamp::Ticket,
};

/// Longest wait between two tries, unless the other end asks for more.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// Longest wait that the other end may ask for.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);
/// Shortest wait between two tries: full jitter may draw zero, and a refused connection costs nothing.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// Where the trying stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pursuit {
    stage: Stage,
    failures: u32,
    attempts: u64,
    succeeded: Option<Success>,
    failed: Option<FailedTry>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    #[default]
    Resting,
    Due(BootMillis),
    UnderWay(Ticket),
}

/// The last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// By the effective time.
    pub at: UnixSeconds,
    /// By the boot-time clock; none if it was in an earlier boot.
    pub boot: Option<BootMillis>,
    /// Successes since the agent started.
    pub count: u64,
}

/// The last failure, if no success came after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTry {
    /// By the effective time.
    pub at: UnixSeconds,
    /// Why.
    pub why: Refusal,
}

impl Pursuit {
    /// Not yet tried, due at this instant.
    pub(crate) fn due(at: BootMillis) -> Self {
        Self { stage: Stage::Due(at), ..Self::default() }
    }

    /// Sets the next try, whatever was under way before: its result will be ignored.
    pub(crate) const fn set_due(&mut self, at: BootMillis) {
        self.stage = Stage::Due(at);
    }

    /// Pulls a waiting try forward, but leaves a back-off alone.
    pub(crate) fn hasten(&mut self, at: BootMillis) {
        if let Stage::Due(due) = self.stage
            && self.failures == 0
        {
            self.stage = Stage::Due(due.min(at));
        }
    }

    pub(crate) const fn is_due(&self, now: BootMillis) -> bool {
        matches!(self.stage, Stage::Due(at) if at.0 <= now.0)
    }

    pub(crate) const fn is_resting(&self) -> bool {
        matches!(self.stage, Stage::Resting)
    }

    /// When it wants to be tried next; none while resting or under way.
    #[must_use]
    pub const fn next(&self) -> Option<BootMillis> {
        match self.stage {
            Stage::Due(at) => Some(at),
            Stage::Resting | Stage::UnderWay(_) => None,
        }
    }

    pub(crate) const fn begin(&mut self, ticket: Ticket) {
        self.stage = Stage::UnderWay(ticket);
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Whether this is the attempt under way; the result of any other is ignored.
    pub(crate) fn is_under_way(&self, ticket: Ticket) -> bool {
        self.stage == Stage::UnderWay(ticket)
    }

    pub(crate) fn succeeded(&mut self, at: UnixSeconds, boot: BootMillis) {
        let count = self.succeeded.map_or(0, |last| last.count).saturating_add(1);
        self.succeeded = Some(Success { at, boot: Some(boot), count });
        self.failed = None;
        self.failures = 0;
        self.stage = Stage::Resting;
    }

    pub(crate) fn failed(&mut self, failure: Failure, at: UnixSeconds, boot: BootMillis, dice: &mut Dice) {
        self.failures = self.failures.saturating_add(1);
        let asked = Duration::from_secs(failure.retry_after.unwrap_or(0).into()).min(LONGEST_RETRY_AFTER);
        let wait = dice.between(SHORTEST_WAIT, ceiling(self.failures)).max(asked);
        self.stage = Stage::Due(boot.plus(wait));
        self.failed = Some(FailedTry { at, why: failure.refusal });
    }

    /// A try was dropped by the sensor itself: tried again after a wait, and nobody is blamed.
    pub(crate) fn dropped(&mut self, boot: BootMillis, dice: &mut Dice) {
        if let Stage::UnderWay(_) = self.stage {
            self.stage = Stage::Due(boot.plus(dice.between(FIRST_WAIT, FIRST_WAIT * 5)));
        }
    }

    /// The agent started: what was under way is not, and instants of an earlier boot mean nothing.
    pub(crate) fn restarted(&mut self, due: BootMillis, same_boot: bool) {
        if !self.is_resting() {
            self.stage = Stage::Due(due);
        }
        self.failures = 0;
        if let Some(success) = &mut self.succeeded {
            success.count = 0;
            success.boot = success.boot.filter(|_| same_boot);
        }
    }

    /// The last success, if there was one.
    #[must_use]
    pub const fn last_success(&self) -> Option<Success> {
        self.succeeded
    }

    /// The last failure, if no success came after it.
    #[must_use]
    pub const fn last_failure(&self) -> Option<&FailedTry> {
        self.failed.as_ref()
    }

    /// Tries so far.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }
}

/// The longest wait after so many failures: doubling from 2 s to 5 min.
fn ceiling(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(retry_after: Option<u32>) -> Failure {
        Failure { refusal: Refusal::Rejected { status: 403 }, retry_after }
    }

    fn wait_after(failures: u32, retry_after: Option<u32>, entropy: u8) -> Duration {
        let mut pursuit = Pursuit::due(BootMillis(0));
        let mut dice = Dice::new(&[entropy; 32]);
        for _ in 1..failures {
            pursuit.failed(failure(None), UnixSeconds(0), BootMillis(0), &mut dice);
        }
        pursuit.failed(failure(retry_after), UnixSeconds(0), BootMillis(0), &mut dice);
        pursuit.next().unwrap().since(BootMillis(0))
    }

    #[test]
    fn waits_grow_to_five_minutes_and_no_further() {
        for entropy in 0..=255 {
            assert!(wait_after(1, None, entropy) <= Duration::from_secs(2));
            assert!(wait_after(40, None, entropy) <= LONGEST_WAIT);
        }
        let longest = (0..=255).map(|entropy| wait_after(40, None, entropy)).max().unwrap();
        assert!(longest > Duration::from_secs(200), "the waits never grow: {longest:?}");
    }

    #[test]
    fn jitter_is_full() {
        let waits: std::vec::Vec<_> = (0..=255).map(|entropy| wait_after(40, None, entropy)).collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(60)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(240)));
        assert!(waits.iter().all(|wait| *wait >= SHORTEST_WAIT));
    }

    #[test]
    fn honours_retry_after_up_to_an_hour() {
        assert_eq!(wait_after(1, Some(1_800), 1), Duration::from_secs(1_800));
        assert_eq!(wait_after(1, Some(u32::MAX), 1), LONGEST_RETRY_AFTER);
    }

    #[test]
    fn hastening_leaves_a_back_off_alone() {
        let mut pursuit = Pursuit::due(BootMillis(60_000));
        pursuit.hasten(BootMillis(5_000));
        assert_eq!(pursuit.next(), Some(BootMillis(5_000)));
        pursuit.failed(failure(Some(600)), UnixSeconds(0), BootMillis(5_000), &mut Dice::new(&[7; 32]));
        pursuit.hasten(BootMillis(6_000));
        assert_eq!(pursuit.next(), Some(BootMillis(605_000)));
    }
}
