//! The deactivation: how the portal ends an activation when its sensor was deleted.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Cti, SensorId, Serial, TrustRootId},
    time::UnixSeconds,
};

/// Ends every activation and candidate of (iss, sub) with a lower serial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deactivation {
    /// `iss`.
    pub issuer: TrustRootId,
    /// `sub`.
    pub sensor: SensorId,
    /// `iat`: when it was decided.
    pub issued_at: UnixSeconds,
    /// `cti`.
    pub cti: Cti,
    /// Its own serial, above every activation it ends.
    pub serial: Serial,
    /// Why, in a sentence for the sensor's people. At most [`Self::MAX_REASON`] characters.
    pub reason: String,
    /// Who decided it at the portal. At most [`Self::MAX_DECIDED_BY`] characters.
    pub decided_by: String,
}

impl Deactivation {
    /// Most characters of a reason.
    pub const MAX_REASON: usize = 256;
    /// Most characters of who decided.
    pub const MAX_DECIDED_BY: usize = 128;
}
