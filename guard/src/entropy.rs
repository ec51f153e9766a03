//! Draws random bytes from the operating system: tokens, salts, generated passwords.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `N` random bytes.
///
/// # Panics
/// When the operating system gives none, which a running Linux does not do: nothing may go on then.
#[must_use]
pub fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a running Linux gives random bytes");
    bytes
}

/// A token of 256 bits, base64url.
#[must_use]
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(draw::<32>())
}
