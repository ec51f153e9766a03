//! The two roles of one program: the portal in the cloud, the management console on the premises.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What this upstream is to its sensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Registers sensors and issues activation files.
    Portal,
    /// Takes heartbeats of locally managed sensors that were paired with it; issues nothing.
    ManagementConsole,
}

impl Role {
    /// The role as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::ManagementConsole => "management-console",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Portal, Self::ManagementConsole]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("expected portal or management-console, found {text:?}"))
    }
}
