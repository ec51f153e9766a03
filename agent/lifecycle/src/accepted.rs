//! Documents that passed the reading, as the state keeps them. Made from [`Verified`] values only: what nobody verified
//! cannot reach the state.

use alloc::vec::Vec;

use picket_protocol::{
    documents::{
        activation::{Activation, ManagementConsole, Mode, ModeSettings},
        deactivation::Deactivation,
        recovery::Recovery,
    },
    floors::InForce,
    ids::Kid,
    refusal::Refusal,
    verified::Verified,
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

    /// What its commit tells the floors.
    pub(crate) const fn in_force(&self) -> InForce {
        InForce {
            issuer: self.activation.issuer,
            sensor: self.activation.sensor,
            serial: self.activation.serial,
            cti: self.activation.cti,
            signer: self.signer,
        }
    }

    /// Committed: its roots are in the trust store now, and are not kept twice.
    pub(crate) fn without_roots(self) -> Self {
        Self { roots: Vec::new(), ..self }
    }

    /// With this management console, or without one, by a person's word and not by the file's: a locally managed file leaves
    /// that open to whoever has the appliance. Changes no other mode.
    pub(crate) fn with_console(mut self, console: Option<ManagementConsole>) -> Self {
        if let ModeSettings::LocallyManaged(local) = &mut self.activation.mode {
            local.management_console = console;
        }
        self
    }

    /// For tests of this crate, which are about what follows the reading.
    #[cfg(test)]
    pub(crate) fn unread(activation: Activation, signer: Kid) -> Self {
        Self { activation, signer, roots: Vec::new(), window_overridden: false }
    }
}

impl From<&Verified<Activation>> for Accepted {
    fn from(verified: &Verified<Activation>) -> Self {
        Self {
            activation: Activation::clone(verified),
            signer: verified.signer(),
            roots: verified.roots().to_vec(),
            window_overridden: verified.window_overridden(),
        }
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

    /// What it tells the floors.
    pub(crate) const fn in_force(&self) -> InForce {
        InForce {
            issuer: self.deactivation.issuer,
            sensor: self.deactivation.sensor,
            serial: self.deactivation.serial,
            cti: self.deactivation.cti,
            signer: self.signer,
        }
    }

    /// The deactivation as a reason.
    pub(crate) fn reason(&self) -> Refusal {
        Refusal::Deactivated {
            reason: self.deactivation.reason.clone(),
            decided_by: self.deactivation.decided_by.clone(),
            at: self.deactivation.issued_at,
        }
    }

    /// For tests of this crate, which are about what follows the reading.
    #[cfg(test)]
    pub(crate) const fn unread(deactivation: Deactivation, signer: Kid) -> Self {
        Self { deactivation, signer }
    }
}

impl From<&Verified<Deactivation>> for Ended {
    fn from(verified: &Verified<Deactivation>) -> Self {
        Self { deactivation: Deactivation::clone(verified), signer: verified.signer() }
    }
}

/// A verified recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered(Recovery);

impl Recovered {
    /// What it says.
    #[must_use]
    pub const fn recovery(&self) -> &Recovery {
        &self.0
    }

    /// For tests of this crate, which are about what follows the reading.
    #[cfg(test)]
    pub(crate) const fn unread(recovery: Recovery) -> Self {
        Self(recovery)
    }
}

impl From<&Verified<Recovery>> for Recovered {
    fn from(verified: &Verified<Recovery>) -> Self {
        Self(Recovery::clone(verified))
    }
}
