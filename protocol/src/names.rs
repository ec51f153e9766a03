//! Names that people give: of sensors, sites, zones, subscriptions, tags. Checked once, here.

use alloc::string::String;
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A name outside the rules, with the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// 1–64 characters.
    #[error("a sensor name has 1 to 64 characters, found {0}")]
    Length(usize),
    /// Letters, digits, space and `. _ : -`.
    #[error("a sensor name has letters, digits, space and . _ : - only, found {0:?}")]
    Character(char),
    /// Letter or digit at both ends.
    #[error("a sensor name begins and ends with a letter or digit, found {0:?}")]
    End(char),
    /// Labels (site, zone, subscription, tags) hold 1–128 characters without control characters.
    #[error("a label has 1 to 128 characters and no control characters")]
    Label,
}

/// A sensor's name: 1–64 characters, letters, digits, space and `. _ : -`, letter or digit at both ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SensorName(String);

impl SensorName {
    /// Most characters in a name.
    pub const MAX_LENGTH: usize = 64;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SensorName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let length = text.chars().count();
        if !(1..=Self::MAX_LENGTH).contains(&length) {
            return Err(InvalidName::Length(length));
        }
        if let Some(found) = text.chars().find(|c| !(c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | ':' | '-'))) {
            return Err(InvalidName::Character(found));
        }
        for end in [text.chars().next(), text.chars().next_back()].into_iter().flatten() {
            if !end.is_alphanumeric() {
                return Err(InvalidName::End(end));
            }
        }
        Ok(Self(text))
    }
}

/// What a site, zone, subscription or tag is called: 1–128 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// Most characters in a label.
    pub const MAX_LENGTH: usize = 128;

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let length = text.chars().count();
        if !(1..=Self::MAX_LENGTH).contains(&length) || text.chars().any(char::is_control) {
            return Err(InvalidName::Label);
        }
        Ok(Self(text))
    }
}

macro_rules! checked_text {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                String::from(text).try_into()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(SensorName);
checked_text!(Label);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_that_plants_use() {
        for name in ["a", "Pump house 3", "ot-sensor_12.east:10.0.0.4", "Werk Süd 1", &"x".repeat(64)] {
            assert!(name.parse::<SensorName>().is_ok(), "{name} refused");
        }
    }

    #[test]
    fn says_which_rule_a_name_breaks() {
        assert_eq!("".parse::<SensorName>(), Err(InvalidName::Length(0)));
        assert_eq!("x".repeat(65).parse::<SensorName>(), Err(InvalidName::Length(65)));
        assert_eq!("a/b".parse::<SensorName>(), Err(InvalidName::Character('/')));
        assert_eq!("a\u{202e}b".parse::<SensorName>(), Err(InvalidName::Character('\u{202e}')));
        assert_eq!("-a".parse::<SensorName>(), Err(InvalidName::End('-')));
        assert_eq!("a ".parse::<SensorName>(), Err(InvalidName::End(' ')));
    }
}
