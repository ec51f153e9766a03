//! The request: a sensor's public key and appliance id, for a portal to bind an activation file to.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ApplianceId, Cti},
    time::UnixSeconds,
};

/// Signed by the key it names (ES256), which proves possession.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The appliance that asks.
    pub appliance: ApplianceId,
    /// The SubjectPublicKeyInfo (DER) of its P-256 key.
    pub public_key: Vec<u8>,
    /// `iat` by the appliance's own clock, which may be wrong.
    pub issued_at: UnixSeconds,
    /// `cti`.
    pub cti: Cti,
}
