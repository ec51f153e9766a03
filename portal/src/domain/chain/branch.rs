//! One branch of a heartbeat chain: what its next heartbeat may link to.

use picket_protocol::{heartbeat::Chain, ids::HeartbeatDigest};
use serde::{Deserialize, Serialize};

/// Most tips kept on one base: more lost answers in a row than this forget the oldest.
const MAX_TIPS: usize = 8;
/// Most abandoned tips remembered.
const MAX_ABANDONED: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Branch {
    /// What every tip linked to; none before the first answer.
    base: Option<HeartbeatDigest>,
    /// Accepted heartbeats on that base, oldest first; never empty.
    tips: Vec<Tip>,
    /// Tips that the sensor did not go on from: whoever does is another sensor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    abandoned: Vec<HeartbeatDigest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tip {
    digest: HeartbeatDigest,
    counter: u64,
}

/// What a branch says to a heartbeat.
pub(super) enum Taken {
    /// It continues or repeats this branch, and was taken.
    InOrder,
    /// It goes on from where the speaker of this branch did not: a second speaker.
    Impossible,
    /// It links to nothing known here.
    Unknown,
}

impl Branch {
    pub(super) fn starting(said: &Chain, digest: HeartbeatDigest) -> Self {
        Self { base: said.previous, tips: vec![Tip { digest, counter: said.counter }], abandoned: Vec::new() }
    }

    pub(super) fn highest_counter(&self) -> u64 {
        self.tips.iter().map(|tip| tip.counter).max().unwrap_or(0)
    }

    pub(super) fn take(&mut self, said: &Chain, digest: HeartbeatDigest) -> Taken {
        if self.tips.iter().any(|tip| tip.digest == digest) {
            return Taken::InOrder;
        }
        let tip = Tip { digest, counter: said.counter };
        if let Some(position) = self.tips.iter().position(|tip| Some(tip.digest) == said.previous) {
            let latest = self.tips.len() - 1;
            if position != latest && position != self.highest() {
                return Taken::Impossible;
            }
            self.go_on_from(position, tip);
            return Taken::InOrder;
        }
        if said.previous == self.base {
            self.add(tip);
            return Taken::InOrder;
        }
        match said.previous {
            Some(previous) if self.abandoned.contains(&previous) => Taken::Impossible,
            _ => Taken::Unknown,
        }
    }

    /// The tip with the highest counter; of equals, the latest.
    fn highest(&self) -> usize {
        self.tips.iter().enumerate().max_by_key(|(_, tip)| tip.counter).map_or(0, |(position, _)| position)
    }

    fn go_on_from(&mut self, position: usize, tip: Tip) {
        let mut left = std::mem::take(&mut self.tips);
        self.base = Some(left.remove(position).digest);
        self.abandoned.extend(left.into_iter().map(|tip| tip.digest));
        let surplus = self.abandoned.len().saturating_sub(MAX_ABANDONED);
        self.abandoned.drain(..surplus);
        self.tips.push(tip);
    }

    fn add(&mut self, tip: Tip) {
        if self.tips.len() == MAX_TIPS {
            let oldest = usize::from(self.highest() == 0);
            self.abandoned.push(self.tips.remove(oldest).digest);
        }
        self.tips.push(tip);
    }
}
