//! Codes that a person reads off one screen and types at another: setup codes and recovery nonces. Draws nothing.

use alloc::string::{String, ToString as _};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A code as it is compared: letters and digits, in upper case.
///
/// Shown in groups of four; case, spaces and hyphens do not matter when it is typed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TypedCode(String);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl TypedCode {
    /// What drawn codes are made of: no two of them look alike (no `B` and `8`, `5` and `S`, `2` and `Z`, `U` and `V`).
    pub const ALPHABET: [u8; 24] = *b"ACDEFGHJKMNPQRTVWXY34679";
    /// Characters of a drawn code: 55 bits.
    pub const DRAWN: usize = 12;
    /// Least characters of a code that somebody else chose.
    pub const MIN: usize = 8;
    /// Most of it.
    pub const MAX: usize = 64;
    const GROUP: usize = 4;

    /// A code made of draws, each spread evenly over all 64 bits.
    #[must_use]
    pub fn drawn(draws: [u64; Self::DRAWN]) -> Self {
        let character = |draw: u64| {
            let index = (u128::from(draw) * Self::ALPHABET.len() as u128) >> 64;
            char::from(Self::ALPHABET[usize::try_from(index).unwrap_or(0)])
        };
        Self(draws.into_iter().map(character).collect())
    }

    /// Whether they are the same, in a time that does not tell where they differ.
    #[must_use]
    pub fn matches(&self, typed: &Self) -> bool {
        let (known, typed) = (self.0.as_bytes(), typed.0.as_bytes());
        let differences = known.iter().zip(typed).fold(0, |differences, (a, b)| differences | (a ^ b));
        known.len() == typed.len() && differences == 0
    }

    /// As it is compared, without groups.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TypedCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        if text.len() > 4 * Self::MAX {
            return Err(NotACode);
        }
        let kept = text.chars().filter(|character| !character.is_whitespace() && *character != '-');
        let code: String = kept.map(|character| character.to_ascii_uppercase()).collect();
        let sound = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if sound && (Self::MIN..=Self::MAX).contains(&code.len()) { Ok(Self(code)) } else { Err(NotACode) }
    }
}

impl TryFrom<String> for TypedCode {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

impl From<TypedCode> for String {
    fn from(code: TypedCode) -> Self {
        code.to_string()
    }
}

impl fmt::Display for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.0.chars().enumerate() {
            if position > 0 && position.is_multiple_of(Self::GROUP) {
                f.write_str("-")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TypedCode {
    /// A setup code is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(…)")
    }
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a code has {} to {} letters and digits", TypedCode::MIN, TypedCode::MAX)
    }
}

impl core::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    #[test]
    fn drawn_code_uses_its_whole_alphabet_and_survives_typing() {
        let step = u64::MAX / 24 + 1;
        let low: [u64; 12] = core::array::from_fn(|index| index as u64 * step);
        let high: [u64; 12] = core::array::from_fn(|index| (index as u64 + 12) * step + (step - 9));
        assert_eq!(TypedCode::drawn(low).to_string(), "ACDE-FGHJ-KMNP");
        assert_eq!(TypedCode::drawn(high).to_string(), "QRTV-WXY3-4679");
        assert_eq!("acde fghj\tkmnp".parse(), Ok(TypedCode::drawn(low)));
    }

    #[test]
    fn no_two_characters_look_alike() {
        for pair in ["0O", "1I", "1L", "IL", "2Z", "5S", "8B", "UV", "OQ"] {
            let both = pair.bytes().filter(|byte| TypedCode::ALPHABET.contains(byte)).count();
            assert!(both < 2, "{pair}");
        }
    }

    #[test]
    fn codes_match_as_a_whole_only() {
        let code: TypedCode = "ACDE-FGHJ".parse().unwrap();
        assert!(code.matches(&"acdefghj".parse().unwrap()));
        assert!(!code.matches(&"ACDE-FGHK".parse().unwrap()));
        assert!(!code.matches(&"ACDE-FGHJ-KMNP".parse().unwrap()));
    }

    #[test]
    fn refuses_what_is_too_short_too_long_or_no_letter() {
        for text in ["ACDE-FGH", "ACDE-FGH?", "ÄCDE-FGHJ", &"A".repeat(65), ""] {
            assert_eq!(text.parse::<TypedCode>(), Err(NotACode), "{text}");
        }
    }
}
