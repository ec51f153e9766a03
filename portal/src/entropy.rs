//! Draws random bytes from the operating system: ids, tokens, keys.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use picket_protocol::{documents::activation::Secret, typed_code::TypedCode};
use uuid::{Builder, Uuid};

/// `N` random bytes.
///
/// # Panics
/// When the operating system gives none, which a running Linux does not do: nothing may go on then.
#[must_use]
pub fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("a running Linux gives random bytes");
    bytes
}

/// A random UUID (RFC 9562 §5.4).
#[must_use]
pub fn uuid() -> Uuid {
    Builder::from_random_bytes(draw()).into_uuid()
}

/// A token of 256 bits.
///
/// # Panics
/// As [`draw`].
#[must_use]
pub fn token() -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(draw::<32>())).expect("43 base64url characters are a token")
}

/// A setup code, to be read off a screen and typed: 55 bits.
///
/// # Panics
/// As [`draw`].
#[must_use]
pub fn setup_code() -> TypedCode {
    TypedCode::drawn(std::array::from_fn(|_| u64::from_ne_bytes(draw())))
}
