//! From which address a request came, for handlers: noted by the listener.

use std::net::IpAddr;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

/// From which address a request came.
#[derive(Debug, Clone, Copy)]
pub struct From(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().copied().ok_or(StatusCode::NOT_FOUND)
    }
}
