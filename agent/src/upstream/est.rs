//! Enrolment over Secure Transport (RFC 7030), as bytes: the request's body and the answer's.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_protocol::{ids::SensorId, refusal::Refusal};

use crate::identity::{IssuedCertificate, Key};

/// Most bytes of an answer with certificates.
pub(super) const MAX_ANSWER: usize = 64 * 1024;

/// The body of `simpleenroll` and `simplereenroll`: PKCS#10 in base64.
pub(super) fn body(key: &Key, sensor: SensorId) -> Result<String, Refusal> {
    let failed =
        |error: crate::identity::KeyFailure| Refusal::StorageFailed { path: "key".into(), why: error.to_string() };
    Ok(STANDARD.encode(key.signing_request(sensor).map_err(failed)?))
}

/// The certificate in the answer, which must be for our key.
pub(super) fn certificate(answer: &[u8], key: &Key, host: &str) -> Result<IssuedCertificate, Refusal> {
    let bad = |why: String| Refusal::BadAnswer { host: host.to_owned(), why };
    // RFC 8951 §3.1: white space anywhere, and no Content-Transfer-Encoding to go by.
    let text: Vec<u8> = answer.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let message = STANDARD.decode(text).map_err(|_| bad("it is not base64".into()))?;
    IssuedCertificate::from_certs_only(&message, key.thumbprint()).map_err(|error| bad(error.to_string()))
}
