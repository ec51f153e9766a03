//! The recovery: how an owner lets a person choose a new admin password at a sensor console.

use alloc::string::String;

use crate::{
    ids::{ApplianceId, Cti, TrustRootId},
    time::UnixSeconds,
    typed_code::TypedCode,
};

/// Lets the admin's password of one appliance be replaced, once.
///
/// No date ends it: the nonce is of this one recovery, and an appliance that needs one may have lost its clock too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// `iss`.
    pub issuer: TrustRootId,
    /// `iat`: when it was decided.
    pub issued_at: UnixSeconds,
    /// `cti`.
    pub cti: Cti,
    /// The appliance whose console it is for.
    pub appliance: ApplianceId,
    /// The nonce that the appliance drew for it.
    pub nonce: TypedCode,
    /// Who decided it at the portal. At most [`Self::MAX_DECIDED_BY`] characters.
    pub decided_by: String,
}

impl Recovery {
    /// Most characters of who decided.
    pub const MAX_DECIDED_BY: usize = 128;
}
