//! What the fuzz targets share: seeds from the test vectors, signing anew, a tally of what was reached, and the planted
//! panic.

pub mod differential;
#[path = "../../../protocol/vectors/manifest.rs"]
pub mod manifest;
#[path = "../../../protocol/tests/documents/reader.rs"]
pub mod reader;
pub mod seeds;
pub mod sign;
pub mod tally;

use std::{path::Path, sync::OnceLock};

use manifest::Manifest;
use reader::Ready;

/// The folder of the test vectors.
pub fn vectors_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../protocol/vectors"))
}

/// The contexts of the manifest in the order of their names, ready for use.
pub fn contexts() -> &'static [Ready] {
    static CONTEXTS: OnceLock<Vec<Ready>> = OnceLock::new();
    CONTEXTS.get_or_init(|| Manifest::read(vectors_folder()).contexts.values().map(Ready::new).collect())
}

/// Bit of the first byte of an input: sign the rest anew before it is read, so that what lies behind a signature is
/// reached. The other bits choose a context.
pub const SIGN_ANEW: u8 = 0x80;

/// The first byte of an input, and the rest.
pub fn split(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(first, rest)| (*first, rest))
}

/// With the feature `planted-panic`: panics on inputs that hold "FUZZ" from their second byte on. One comparison of four
/// bytes: one in 2^32 by chance, so the fuzzer must learn it from its trace of comparisons.
pub fn planted(data: &[u8]) {
    #[cfg(feature = "planted-panic")]
    if let Some(bytes) = data.get(1..).and_then(|rest| rest.first_chunk::<4>()) {
        let found = std::hint::black_box(u32::from_le_bytes(*bytes));
        assert!(found != u32::from_le_bytes(*b"FUZZ"), "the planted panic");
    }
    let _ = data;
}
