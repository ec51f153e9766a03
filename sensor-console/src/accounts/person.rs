//! What people may do at the console.

use serde::{Deserialize, Serialize};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Sees and exports; changes nothing.
    Analyst,
    /// Sees; changes nothing.
    Viewer,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Analyst, Self::Viewer];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Analyst => "analyst",
            Self::Viewer => "viewer",
        }
    }

    /// Whether it changes anything.
    #[must_use]
    pub const fn may_change(self) -> bool {
        matches!(self, Self::Admin)
    }

    /// Whether it takes alerts away in bulk.
    #[must_use]
    pub const fn may_export(self) -> bool {
        matches!(self, Self::Admin | Self::Analyst)
    }
}
