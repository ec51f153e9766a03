//! Documents that passed the reading, as the state keeps them. Made from verified values only: what nobody verified
//! cannot reach the state.

use alloc::vec::Vec;

use picket_protocol::{
    documents::{
        activation::{Activation, Mode},
        deactivation::Deactivation,
    },
    ids::Kid,
};
use serde::{Deserialize, Serialize};

/// A verified activation, with what its reading found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    activation: Activation,
    signer: Kid,
    roots: Vec<Vec<u8>>,
    window_overridden: bool,
}

impl Accepted {
    /// What it says.
    #[must_use]
    pub const fn activation(&self) -> &Activation {
        &self.activation
    }

    /// The key that signed it.
    #[must_use]
    pub const fn signer(&self) -> Kid {
        self.signer
    }

    /// Versions of its trust root that came with it and were new then.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// Whether an admin let it pass outside its upload window.
    #[must_use]
    pub const fn window_overridden(&self) -> bool {
        self.window_overridden
    }

    /// The mode it asks for.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.activation.mode.mode()
    }

    /// For tests of this crate, which are about what follows the reading.
    #[cfg(test)]
    pub(crate) fn unread(activation: Activation, signer: Kid) -> Self {
        Self { activation, signer, roots: Vec::new(), window_overridden: false }
    }
}

/// A verified deactivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    deactivation: Deactivation,
    signer: Kid,
}

impl Ended {
    /// What it says.
    #[must_use]
    pub const fn deactivation(&self) -> &Deactivation {
        &self.deactivation
    }

    /// The key that signed it.
    #[must_use]
    pub const fn signer(&self) -> Kid {
        self.signer
    }

    /// Whether it ends this activation: same issuer, same registration, lower serial.
    #[must_use]
    pub fn ends(&self, activation: &Activation) -> bool {
        self.deactivation.issuer == activation.issuer
            && self.deactivation.sensor == activation.sensor
            && self.deactivation.serial > activation.serial
    }

    /// For tests of this crate, which are about what follows the reading.
    #[cfg(test)]
    pub(crate) const fn unread(deactivation: Deactivation, signer: Kid) -> Self {
        Self { deactivation, signer }
    }
}
