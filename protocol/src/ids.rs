//! The identifiers of the design, each a type of its own so that two of them cannot be swapped.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that is not the identifier it was offered as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}")]
pub struct InvalidId {
    /// The kind of identifier that was expected.
    pub kind: &'static str,
}

macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the 32 bytes of a SHA-256 digest.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The digest itself.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight hexadecimal characters, for a line that a person reads.
            #[must_use]
            pub fn short(&self) -> String {
                self.to_string().chars().take(8).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = hex_digits(&self.0);
                f.write_str(core::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode_hex(text).map(Self).ok_or(InvalidId { kind: $kind })
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = InvalidId;

            fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
                bytes.try_into().map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

digest_id!(
    /// A key id: SHA-256 of the raw Ed25519 public key.
    Kid,
    "key id"
);
digest_id!(
    /// A trust root's id: SHA-256 of the signed bytes of its version 1. It is `iss` in what it signs.
    TrustRootId,
    "trust root id"
);
digest_id!(
    /// SHA-256 of the SubjectPublicKeyInfo (DER) of a sensor's P-256 key.
    Thumbprint,
    "key thumbprint"
);
digest_id!(
    /// SHA-256 of the bytes of a heartbeat: the link of the heartbeat chain.
    HeartbeatDigest,
    "heartbeat digest"
);

impl TrustRootId {
    /// How many last characters of the fingerprint a person types to compare it (64 bits).
    pub const CONFIRMATION_LENGTH: usize = 16;

    /// The last characters of the fingerprint, which a person compares with what the portal shows.
    #[must_use]
    pub fn confirmation(&self) -> String {
        let text = self.to_string();
        text[text.len() - Self::CONFIRMATION_LENGTH..].to_string()
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes the 16 bytes of a UUID.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the UUID.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = InvalidId;

            fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
                Uuid::from_slice(bytes).map(Self).map_err(|_| InvalidId { kind: $kind })
            }
        }
    };
}

uuid_id!(
    /// One registration at a portal.
    SensorId,
    "sensor id"
);
uuid_id!(
    /// Whom the sensor belongs to at its portal.
    SubscriptionId,
    "subscription id"
);
uuid_id!(
    /// The id of one issued document (`cti`). It names one activation, its key, and everything done on its behalf.
    Cti,
    "document id"
);
uuid_id!(
    /// Names an alert stream. Alert id = stream/number.
    StreamId,
    "stream id"
);

/// Orders the documents of one registration. Drawn by the portal: max(last issued, Unix milliseconds) + 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Serial(pub u64);

impl Serial {
    /// The highest: what JSON's numbers and every database's integers hold exactly. Milliseconds reach it in 285,000
    /// years; a slip of an issuer must not use up what comes after.
    pub const MAX: Self = Self((1 << 53) - 1);
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the commits (activations, deactivations) on one appliance. 0 is the unactivated sensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of the next commit.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names the hardware: 16 base32 characters (Crockford, no look-alikes) and a check character. Never secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplianceId(String);

impl ApplianceId {
    const ALPHABET: &'static [u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const BODY: usize = 16;

    /// From the first 80 bits of a digest over the hardware's own identifier.
    #[must_use]
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        let mut bits = 0u128;
        for byte in &digest[..10] {
            bits = (bits << 8) | u128::from(*byte);
        }
        let body: Vec<usize> =
            (0..Self::BODY).map(|position| ((bits >> (5 * (Self::BODY - 1 - position))) & 31) as usize).collect();
        Self::from_values(&body)
    }

    fn from_values(body: &[usize]) -> Self {
        let characters = body.iter().copied().chain([Self::check(body)]);
        Self(characters.map(|value| char::from(Self::ALPHABET[value])).collect())
    }

    /// Weighted sum modulo 32 with odd weights: catches every single wrong character.
    fn check(body: &[usize]) -> usize {
        body.iter().enumerate().map(|(position, value)| value * (2 * position + 1)).sum::<usize>() % 32
    }

    /// The id without grouping, as it is compared and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplianceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ApplianceId {
    type Err = InvalidId;

    /// Accepts lower case, spaces and hyphens, and the look-alikes I, L (1) and O (0), as a person types them.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        const INVALID: InvalidId = InvalidId { kind: "appliance id" };
        let mut values = Vec::with_capacity(Self::BODY + 1);
        for character in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            if values.len() > Self::BODY {
                return Err(INVALID);
            }
            let character = match character.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            };
            let value = Self::ALPHABET.iter().position(|known| char::from(*known) == character);
            values.push(value.ok_or(INVALID)?);
        }
        if values.len() != Self::BODY + 1 {
            return Err(INVALID);
        }
        let check = values.pop();
        if check != Some(Self::check(&values)) {
            return Err(INVALID);
        }
        Ok(Self::from_values(&values))
    }
}

impl TryFrom<String> for ApplianceId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<ApplianceId> for String {
    fn from(id: ApplianceId) -> Self {
        id.0
    }
}

/// Whose sensor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// The trust root that signed for it.
    pub trust_root: TrustRootId,
    /// The subscription at that issuer.
    pub subscription: SubscriptionId,
}

/// 64 hexadecimal digits of either case.
fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (value(*high)? << 4) | value(*low)?;
    }
    Some(bytes)
}

fn hex_digits(bytes: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    digits
}

/// Bytes as lower-case hexadecimal, for a line that a person compares.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appliance_id_survives_a_persons_typing() {
        let id = ApplianceId::from_digest(&[0xA7; 32]);
        assert_eq!(id.as_str().len(), 17);
        let typed = format!("{}-{} {}", &id.as_str()[..4], id.as_str()[4..12].to_lowercase(), &id.as_str()[12..]);
        assert_eq!(typed.parse(), Ok(id));
    }

    #[test]
    fn appliance_id_catches_every_single_wrong_character() {
        let id = ApplianceId::from_digest(&[0x3C; 32]);
        for position in 0..17 {
            for wrong in ApplianceId::ALPHABET {
                let mut text: Vec<u8> = id.as_str().bytes().collect();
                if text[position] == *wrong {
                    continue;
                }
                text[position] = *wrong;
                let text = String::from_utf8(text).unwrap();
                assert!(text.parse::<ApplianceId>().is_err(), "{text} passed");
            }
        }
    }

    #[test]
    fn digest_ids_read_only_64_hexadecimal_characters() {
        let kid = Kid::from_bytes([0xAB; 32]);
        assert_eq!(kid.to_string().parse(), Ok(kid));
        assert!("ab".parse::<Kid>().is_err());
        assert!("+1".repeat(32).parse::<Kid>().is_err());
    }
}
