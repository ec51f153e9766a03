//! Signs the body of a webhook's request: `picket-signature: t=UNIX,v1=HEX`. HEX is HMAC-SHA256 (RFC 2104) of `UNIX.BODY`
//! with the destination's key. The time in it stops a replay.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use picket_protocol::{documents::activation::Secret, time::UnixSeconds};

/// The header that carries it.
pub const HEADER: &str = "picket-signature";

/// The header's value.
#[must_use]
pub fn sign(key: &Secret, at: UnixSeconds, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes()));
    context.update(at.0.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    let mut value = format!("t={},v1=", at.0);
    for byte in context.sign().as_ref() {
        let _ = write!(value, "{byte:02x}"); // writing to a String cannot fail
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_others_compute() {
        let key = Secret::new("0123456789abcdefghijkl".to_owned()).unwrap();
        // printf '1800000000.[{"id":"ü"}]' | openssl dgst -sha256 -hmac 0123456789abcdefghijkl
        let known = "t=1800000000,v1=42cb8b4282c69a82c6846bec383fd61978aa320bdbaf3d0e295dbad722552a15";
        assert_eq!(sign(&key, UnixSeconds(1_800_000_000), "[{\"id\":\"ü\"}]".as_bytes()), known);
    }
}
