//! Keys from passphrases, for files that leave the machine: argon2id with more memory than a sign-in may take, since
//! whoever has the file may try as long as they like.

use argon2::{Algorithm, Argon2, Params, Version};

/// What a key is made with; stands in the file that it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u8,
}

impl Cost {
    /// What new files are made with (RFC 9106 §4, the second choice).
    pub const NEW: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// The most that a file may ask for.
    const MOST: Self = Self { memory_kib: 256 * 1024, passes: 16 };
}

/// `N` bytes that only the passphrase gives. None for a cost out of range, which only a damaged file has.
#[must_use]
pub fn stretch<const N: usize>(passphrase: &str, salt: &[u8; 16], cost: Cost) -> Option<[u8; N]> {
    if cost.memory_kib > Cost::MOST.memory_kib || cost.passes > Cost::MOST.passes {
        return None;
    }
    let parameters = Params::new(cost.memory_kib, cost.passes.into(), 1, Some(N)).ok()?;
    let mut made = [0; N];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    argon.hash_password_into(passphrase.as_bytes(), salt, &mut made).ok()?;
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_passphrase_salt_and_cost() {
        let cost = Cost { memory_kib: 64, passes: 1 };
        let made = |passphrase: &str, salt: u8, cost| stretch::<48>(passphrase, &[salt; 16], cost).unwrap();
        let one = made("correct horse battery", 1, cost);
        assert_eq!(one, made("correct horse battery", 1, cost));
        assert_ne!(one, made("correct horse batterz", 1, cost));
        assert_ne!(one, made("correct horse battery", 2, cost));
        assert_ne!(one, made("correct horse battery", 1, Cost { passes: 2, ..cost }));
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        assert!(stretch::<32>("x", &[0; 16], Cost { memory_kib: u32::MAX, passes: 1 }).is_none());
        assert!(stretch::<32>("x", &[0; 16], Cost { memory_kib: 64, passes: 255 }).is_none());
    }
}
