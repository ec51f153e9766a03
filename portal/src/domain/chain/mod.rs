//! Clone detection: heartbeats chain per key, and a copied key shows as a fork. It blocks nothing; it only tells.
//!
//! Each heartbeat names the last one its sender saw *answered*. One sensor alone can only link to
//! - the newest heartbeat accepted (a **tip**): the normal case;
//! - what that one linked to (the **base**): the answer was lost, or the sensor crashed before it kept it. Then two or
//!   more tips share a base, and the sensor may go on from the latest (crash) or from the one with the highest counter
//!   (a straggler was overtaken), from no other;
//! - something never seen, with a higher counter: the portal was restored from a backup and is behind.
//!
//! Anything else is a second branch. If only one branch speaks for 24 hours, that one is the sensor (its disk was
//! restored). If both speak, two sensors hold one key.

mod branch;
#[cfg(test)]
mod tests;

use picket_protocol::{heartbeat::Chain, ids::HeartbeatDigest, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use branch::{Branch, Taken};

/// For how long one branch must be the only one that speaks before it is taken for the sensor.
pub const ALONE_SECONDS: i64 = 24 * 3600;

/// What the portal remembers of the heartbeats of one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatChain {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    main: Option<Branch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fork: Option<Fork>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restored_at: Option<UnixSeconds>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fork {
    since: UnixSeconds,
    other: Branch,
    main_spoke: bool,
    other_spoke: bool,
}

/// How a heartbeat fits what was heard before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// In order, a repetition included.
    InOrder,
    /// It links to something that this portal never saw, further on: the portal is behind.
    PortalBehind,
    /// It belongs to a second branch.
    Forked,
}

/// Something that people should hear of, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Two sensors speak with one key.
    PossibleClone,
    /// The sensor's state was restored from an earlier copy.
    Restored,
}

/// What stands to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// Nothing.
    None,
    /// Both branches speak.
    PossibleClone { since: UnixSeconds },
    /// One branch took over.
    Restored { at: UnixSeconds },
}

impl HeartbeatChain {
    /// Takes a heartbeat into the chain: how it fits, and what is new about it.
    pub fn hear(&mut self, said: &Chain, digest: HeartbeatDigest, now: UnixSeconds) -> (Fit, Option<News>) {
        let Some(main) = &mut self.main else {
            self.main = Some(Branch::starting(said, digest));
            return (if said.previous.is_some() { Fit::PortalBehind } else { Fit::InOrder }, None);
        };
        match main.take(said, digest) {
            Taken::InOrder => (Fit::InOrder, self.main_spoke(now)),
            Taken::Impossible => (Fit::Forked, self.both_spoke(Branch::starting(said, digest), now)),
            Taken::Unknown => self.hear_stranger(said, digest, now),
        }
    }

    /// What stands to be shown of this key.
    #[must_use]
    pub fn suspicion(&self) -> Suspicion {
        match (&self.fork, self.restored_at) {
            (Some(fork), _) if fork.main_spoke && fork.other_spoke => Suspicion::PossibleClone { since: fork.since },
            (_, Some(at)) => Suspicion::Restored { at },
            _ => Suspicion::None,
        }
    }

    /// An admin looked into it. Both branches stay known, so that two that still speak are shown again.
    pub fn clear(&mut self, now: UnixSeconds) {
        self.restored_at = None;
        if let Some(fork) = &mut self.fork {
            (fork.since, fork.main_spoke, fork.other_spoke) = (now, false, false);
        }
    }

    fn main_spoke(&mut self, now: UnixSeconds) -> Option<News> {
        let fork = self.fork.as_mut()?;
        if !fork.other_spoke && now.since(fork.since) >= ALONE_SECONDS {
            self.fork = None; // the other branch fell silent after an admin cleared it
            return None;
        }
        let newly = !fork.main_spoke && fork.other_spoke;
        fork.main_spoke = true;
        newly.then_some(News::PossibleClone)
    }

    fn other_spoke(&mut self, now: UnixSeconds) -> Option<News> {
        let fork = self.fork.as_mut()?;
        let newly = fork.main_spoke && !fork.other_spoke;
        fork.other_spoke = true;
        if !fork.main_spoke && now.since(fork.since) >= ALONE_SECONDS {
            self.main = self.fork.take().map(|fork| fork.other);
            self.restored_at = Some(now);
            return Some(News::Restored);
        }
        newly.then_some(News::PossibleClone)
    }

    fn both_spoke(&mut self, other: Branch, now: UnixSeconds) -> Option<News> {
        let known = matches!(self.suspicion(), Suspicion::PossibleClone { .. });
        let since = self.fork.as_ref().filter(|_| known).map_or(now, |fork| fork.since);
        self.fork = Some(Fork { since, other, main_spoke: true, other_spoke: true });
        (!known).then_some(News::PossibleClone)
    }

    fn hear_stranger(&mut self, said: &Chain, digest: HeartbeatDigest, now: UnixSeconds) -> (Fit, Option<News>) {
        if let Some(fork) = &mut self.fork {
            match fork.other.take(said, digest) {
                Taken::InOrder => return (Fit::Forked, self.other_spoke(now)),
                Taken::Impossible => return (Fit::Forked, self.both_spoke(Branch::starting(said, digest), now)),
                Taken::Unknown => {}
            }
        }
        if self.main.as_ref().is_none_or(|main| said.counter > main.highest_counter()) {
            self.main = Some(Branch::starting(said, digest));
            return (Fit::PortalBehind, self.main_spoke(now));
        }
        let branch = Branch::starting(said, digest);
        if self.fork.is_some() {
            return (Fit::Forked, self.both_spoke(branch, now)); // a third branch: certainly more than one speaks
        }
        self.fork = Some(Fork { since: now, other: branch, main_spoke: false, other_spoke: true });
        (Fit::Forked, None)
    }
}
