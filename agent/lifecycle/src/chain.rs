//! The heartbeat chain of one key: counter, nonce, digest of the last answered heartbeat. Shows a copied disk.

use picket_protocol::{heartbeat, ids::HeartbeatDigest};
use serde::{Deserialize, Serialize};

/// Where the chain stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    counter: u64,
    answered: Option<HeartbeatDigest>,
}

impl Chain {
    /// The link of the next heartbeat.
    pub(crate) const fn next(&mut self, nonce: [u8; 16]) -> heartbeat::Chain {
        self.counter = self.counter.saturating_add(1);
        heartbeat::Chain { counter: self.counter, nonce, previous: self.answered }
    }

    /// A heartbeat was answered: the next ones build on it.
    pub(crate) const fn answered(&mut self, digest: HeartbeatDigest) {
        self.answered = Some(digest);
    }

    /// Its answers since could not be stored: the next heartbeats build on what `stored` knows. An upstream takes as many on
    /// one answer as come, but none on an older one: after a power cut that would look like a second sensor.
    pub(crate) const fn build_on(&mut self, stored: &Self) {
        self.answered = stored.answered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_on_the_last_answered_heartbeat_however_many_were_lost() {
        let mut chain = Chain::default();
        assert_eq!(chain.next([1; 16]), heartbeat::Chain { counter: 1, nonce: [1; 16], previous: None });
        let first = HeartbeatDigest::from_bytes([1; 32]);
        chain.answered(first);
        assert_eq!(chain.next([2; 16]).previous, Some(first));
        assert_eq!(chain.next([3; 16]), heartbeat::Chain { counter: 3, nonce: [3; 16], previous: Some(first) });
    }
}
