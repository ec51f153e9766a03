//! What configuration and build tell the state at each start. Kept in the state, replaced at each start.

use core::time::Duration;

use picket_protocol::{local_api::ProxySettings, time::UnixSeconds, typed_code::TypedCode};
use serde::{Deserialize, Serialize};

/// Values that hold from one start to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// When the software was built: no right clock is before it.
    pub build_date: UnixSeconds,
    /// Between heartbeats, until the upstream sets another. 1 s to 15 min.
    pub heartbeat_interval: Duration,
    /// How long a candidate may take to be proved.
    pub probation: Duration,
    /// The proxy that holds until one is chosen at run time.
    pub proxy: Option<ProxySettings>,
    /// The setup code that the vendor chose; else one is drawn.
    #[serde(default)]
    pub setup_code: Option<TypedCode>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            build_date: UnixSeconds(0),
            heartbeat_interval: Duration::from_secs(60),
            probation: Duration::from_secs(15 * 60),
            proxy: None,
            setup_code: None,
        }
    }
}
