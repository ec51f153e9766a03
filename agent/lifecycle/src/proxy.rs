//! Which proxy the sensor's connections take, as a value. Speaks to none.

use picket_protocol::local_api::ProxySettings;
use serde::{Deserialize, Serialize};

/// What was chosen at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "proxy")]
pub enum ProxyChoice {
    /// Nothing: the configuration's proxy holds, if it names one.
    #[default]
    AsConfigured,
    /// No proxy, whatever the configuration says.
    Direct,
    /// This one.
    Through(ProxySettings),
}

impl ProxyChoice {
    /// The proxy that holds, given the configuration's.
    #[must_use]
    pub fn resolve<'a>(&'a self, configured: Option<&'a ProxySettings>) -> Option<&'a ProxySettings> {
        match self {
            Self::AsConfigured => configured,
            Self::Direct => None,
            Self::Through(settings) => Some(settings),
        }
    }
}
