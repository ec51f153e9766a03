//! Makes answers: JSON, bytes, or a refusal as an RFC 9457 problem.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use picket_protocol::{refusal::Refusal, wire};
use serde::Serialize;

/// A refusal on its way to the caller.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = self.0.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json(status, wire::MEDIA_PROBLEM, &problem)
    }
}

/// 200 with a value.
pub(super) fn value(value: &impl Serialize) -> Response {
    json(StatusCode::OK, "application/json", value)
}

/// 202 with a value.
pub(super) fn accepted(value: &impl Serialize) -> Response {
    json(StatusCode::ACCEPTED, "application/json", value)
}

/// 200 with content of a media type.
pub(super) fn content(media: &'static str, content: impl Into<Body>) -> Response {
    response(StatusCode::OK, media, content.into())
}

fn json(status: StatusCode, media: &'static str, value: &impl Serialize) -> Response {
    // The types are ours: strings for keys, no failing serializers.
    let body = serde_json::to_vec(value).unwrap_or_default();
    response(status, media, body.into())
}

fn response(status: StatusCode, media: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let fixed: [(HeaderName, &'static str); 2] = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, "no-store")];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
