//! The name of a person who may use pages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person's name: 1–64 ASCII letters, digits and `. _ - @`, a letter or digit first, lower case.
///
/// ASCII alone, so that it stands in a header field, and no two names look the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// A name outside the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 letters, digits and . _ - @, and begins with a letter or digit")]
pub struct InvalidPersonName;

impl PersonName {
    /// Most characters.
    pub const MAX_LENGTH: usize = 64;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonName {
    type Error = InvalidPersonName;

    fn try_from(text: String) -> Result<Self, InvalidPersonName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if text.len() > Self::MAX_LENGTH || !begins_well || !text.chars().all(allowed) {
            return Err(InvalidPersonName);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
