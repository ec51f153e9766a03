//! The vendor's terms: a plain text beside the settings, if the vendor ships one. Shown as text, never as markup.

use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Most bytes of the file.
const MAX_FILE: usize = 256 * 1024;

/// The terms as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorTerms {
    /// The text.
    pub text: String,
    /// Its SHA-256: what was accepted.
    pub digest: String,
}

/// Reads them; none where there is no readable text.
#[must_use]
pub fn read(path: &Path) -> Option<VendorTerms> {
    let content = picket_durable::read_bounded(path, MAX_FILE).ok()?;
    let digest = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(VendorTerms { text: String::from_utf8_lossy(&content).into_owned(), digest })
}
