//! Passwords at rest: argon2id, 19 MiB, two passes, one lane (OWASP's second choice), a random salt each.
//!
//! Slow on purpose: call it on a blocking thread, one at a time ([`crate::attempts`]).

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::entropy;

/// KiB of memory.
const MEMORY: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Blocks of 1 KiB that are asked for. Only those of [`MEMORY`] are touched; but what is larger than 32 MiB glibc always
/// gives back to the system when freed, where smaller pieces stay with the process.
const BLOCKS_ASKED_FOR: usize = 33 * 1024;
const HASH: usize = 32;
const SALT: usize = 16;

/// A password that cannot be told from this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHash {
    algorithm: ArgonName,
    memory_kib: u32,
    passes: u32,
    salt: String,
    hash: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ArgonName {
    Argon2id,
}

impl PasswordHash {
    /// The hash of a password. Takes tens of milliseconds and 19 MiB.
    ///
    /// # Panics
    /// Never: the parameters are constants.
    #[must_use]
    pub fn of(password: &str) -> Self {
        let salt = entropy::draw::<SALT>();
        let hash = argon2id(password, &salt, MEMORY, PASSES).expect("the parameters are constants in range");
        Self {
            algorithm: ArgonName::Argon2id,
            memory_kib: MEMORY,
            passes: PASSES,
            salt: STANDARD_NO_PAD.encode(salt),
            hash: STANDARD_NO_PAD.encode(hash),
        }
    }

    /// The hash of a password that nobody knows: whoever tries an unknown name waits as long as with a known one.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self {
            algorithm: ArgonName::Argon2id,
            memory_kib: MEMORY,
            passes: PASSES,
            salt: STANDARD_NO_PAD.encode(entropy::draw::<SALT>()),
            hash: STANDARD_NO_PAD.encode(entropy::draw::<HASH>()),
        }
    }

    /// Whether it is the hash of this password. Takes as long as [`Self::of`].
    #[must_use]
    pub fn matches(&self, password: &str) -> bool {
        let (Ok(salt), Ok(expected)) = (STANDARD_NO_PAD.decode(&self.salt), STANDARD_NO_PAD.decode(&self.hash)) else {
            return false;
        };
        let found = argon2id(password, &salt, self.memory_kib, self.passes);
        found.is_some_and(|found| found.as_slice().ct_eq(&expected).into())
    }
}

/// None for parameters out of range, which only a damaged file has.
fn argon2id(password: &str, salt: &[u8], memory: u32, passes: u32) -> Option<[u8; HASH]> {
    if memory > MEMORY || passes > PASSES {
        return None;
    }
    let parameters = Params::new(memory, passes, 1, Some(HASH)).ok()?;
    let blocks = parameters.block_count();
    let mut scratch = Vec::with_capacity(BLOCKS_ASKED_FOR.max(blocks));
    scratch.resize(blocks, Block::default());
    let mut hash = [0; HASH];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut scratch).ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_password_from_any_other() {
        let hash = PasswordHash::of("correct horse battery");
        assert!(hash.matches("correct horse battery"));
        assert!(!hash.matches("correct horse batterz"));
        assert!(!hash.matches(""));
        assert!(!PasswordHash::of_nobody().matches("correct horse battery"));
    }

    #[test]
    fn salts_each_hash() {
        assert_ne!(PasswordHash::of("correct horse battery"), PasswordHash::of("correct horse battery"));
    }

    /// RFC 9106 has no vector without secret and associated data; this one is of the reference implementation:
    /// `echo -n password | argon2 somesalt -id -m 16 -t 2 -p 1`.
    #[test]
    fn agrees_with_the_reference_implementation() {
        let parameters = Params::new(1 << 16, 2, 1, Some(HASH)).unwrap();
        let mut hash = [0; HASH];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(b"password", b"somesalt", &mut hash)
            .unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
