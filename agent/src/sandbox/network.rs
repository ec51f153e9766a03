//! Whether the kernel lets the agent have a network: not while nothing is to be sent to anybody. A seal cannot be broken, so an
//! agent that has to send again ends, and whoever starts it anew does so without the seal.

use picket_protocol::local_api::NetworkAccess;

use super::{AT_START, Filter, Threads};

/// What the state says about the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The sensor was never activated: as it was.
    Undecided,
    /// Nothing is to be sent.
    None,
    /// Something is to be sent, or proved.
    Some,
}

/// See the module.
#[derive(Debug)]
pub struct NetworkSeal {
    /// Whether somebody starts the agent anew when it ends.
    started_anew: bool,
    access: NetworkAccess,
}

impl NetworkSeal {
    /// No seal yet; one is only set where an agent that ends is `started_anew`.
    #[must_use]
    pub const fn new(started_anew: bool) -> Self {
        Self { started_anew, access: AT_START }
    }

    /// As of an agent that the kernel refuses the network.
    #[cfg(test)]
    pub(crate) const fn set() -> Self {
        Self { started_anew: true, access: NetworkAccess::Refused }
    }

    /// How it stands.
    #[must_use]
    pub const fn access(&self) -> NetworkAccess {
        self.access
    }

    /// Seals when nothing is to be sent. False: something is to be sent and there is a seal, so the agent has to end.
    pub(crate) fn suits(&mut self, need: Need) -> bool {
        match (need, self.access) {
            (Need::Some, NetworkAccess::Refused) => return false,
            (Need::Some, _) => self.access = NetworkAccess::Open,
            (Need::None, NetworkAccess::Open) => self.access = self.seal(),
            (Need::None | Need::Undecided, _) => {}
        }
        true
    }

    fn seal(&self) -> NetworkAccess {
        if !self.started_anew {
            return NetworkAccess::NotEnforced;
        }
        match Filter::against_networks().install(Threads::All) {
            Ok(()) => {
                tracing::info!("nothing is to be sent: the kernel refuses the agent any network");
                NetworkAccess::Refused
            }
            Err(error) => {
                tracing::warn!(%error, "the kernel could not be told to refuse the agent the network");
                NetworkAccess::NotEnforced
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_started_anew_keeps_the_network_and_says_so() {
        let mut seal = NetworkSeal::new(false);
        for (need, access) in [
            (Need::Undecided, NetworkAccess::Open),
            (Need::None, NetworkAccess::NotEnforced),
            (Need::Some, NetworkAccess::Open),
        ] {
            assert!(seal.suits(need));
            assert_eq!(seal.access(), access);
        }
    }

    #[test]
    fn only_what_is_to_be_sent_ends_a_sealed_agent() {
        let mut seal = NetworkSeal { started_anew: true, access: NetworkAccess::Refused };
        assert!(seal.suits(Need::None) && seal.suits(Need::Undecided));
        assert!(!seal.suits(Need::Some));
    }
}
