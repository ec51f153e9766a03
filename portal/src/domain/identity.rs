//! An identity: one key of one sensor, and what it may still do.

use picket_protocol::{
    ids::{Cti, HeartbeatDigest, SensorId, Serial, Thumbprint},
    time::UnixSeconds,
};

use super::chain::HeartbeatChain;

/// One key that the portal gave a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub thumbprint: Thumbprint,
    /// The registration it speaks for.
    pub sensor: SensorId,
    /// The serial of the activation it enrolled for; 0 at a management console until it speaks.
    pub serial: Serial,
    /// That activation; none when the portal learnt of the key from its certificate alone.
    pub cti: Option<Cti>,
    /// What it may do.
    pub state: IdentityState,
    /// When it enrolled.
    pub enrolled_at: UnixSeconds,
    /// Its heartbeats so far.
    pub chain: HeartbeatChain,
    /// When it was last heard.
    pub last_seen: Option<UnixSeconds>,
    /// Which trust root versions it has.
    pub roots: RootsKnown,
}

/// The life of an identity. Deleting the sensor ends all of its identities, whatever their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityState {
    /// Enrolled for an activation that is not in force yet.
    Candidate,
    /// A heartbeat said that its serial is committed.
    Committed,
    /// An identity with a higher serial was committed since.
    Superseded,
}

impl IdentityState {
    /// The state as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Committed => "committed",
            Self::Superseded => "superseded",
        }
    }

    /// The state from how it is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Candidate, Self::Committed, Self::Superseded].into_iter().find(|state| state.as_str() == text)
    }
}

/// Which trust root versions the sensor has: those of the file it claimed, and those it was answered with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RootsKnown {
    /// The newest version it certainly has.
    pub version: u64,
    /// The heartbeat last answered with newer ones, and up to which version. Its successor proves the answer arrived.
    pub offered: Option<(HeartbeatDigest, u64)>,
}

impl RootsKnown {
    /// Notes a heartbeat; returns after which version the answer carries roots, if any.
    pub fn answer(&mut self, previous: Option<HeartbeatDigest>, digest: HeartbeatDigest, newest: u64) -> Option<u64> {
        if let Some((carrier, version)) = self.offered
            && previous == Some(carrier)
        {
            *self = Self { version: version.max(self.version), offered: None };
        }
        if self.version >= newest {
            return None;
        }
        self.offered = Some((digest, newest));
        Some(self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_roots_are_sent_until_the_sensor_shows_that_it_got_them() {
        let digest = |n| HeartbeatDigest::from_bytes([n; 32]);
        let mut roots = RootsKnown { version: 1, offered: None };
        assert_eq!(roots.answer(None, digest(1), 1), None);
        assert_eq!(roots.answer(Some(digest(1)), digest(2), 3), Some(1));
        assert_eq!(roots.answer(Some(digest(1)), digest(3), 3), Some(1), "the answer was lost");
        assert_eq!(roots.answer(Some(digest(3)), digest(4), 3), None);
        assert_eq!(roots.answer(Some(digest(4)), digest(5), 4), Some(3));
    }
}
