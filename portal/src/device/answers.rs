//! HTTP answers of the sensors' port.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use picket_protocol::wire::{MEDIA_CERTS_ONLY, MEDIA_PROBLEM};

use crate::domain::refused::{RETRY_AFTER_SECONDS, Refused};

pub(super) type Answer = Response<Full<Bytes>>;

pub(super) fn ok(media: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    answer
}

/// Certificates as EST answers them (RFC 7030 §4.2.3, RFC 8951 §3.3).
pub(super) fn certificates(base64: String) -> Answer {
    let mut answer = ok(MEDIA_CERTS_ONLY, base64);
    let encoding = HeaderName::from_static("content-transfer-encoding");
    answer.headers_mut().insert(encoding, HeaderValue::from_static("base64"));
    answer
}

/// A problem (RFC 9457).
pub(super) fn problem(refused: &Refused) -> Answer {
    let body = serde_json::to_vec(&refused.problem()).unwrap_or_default();
    let mut answer = ok(MEDIA_PROBLEM, body);
    *answer.status_mut() = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    answer
}
