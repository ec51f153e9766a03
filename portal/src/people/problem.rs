//! A refusal as the people's API answers it.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use picket_protocol::wire::MEDIA_PROBLEM;

use crate::domain::refused::{RETRY_AFTER_SECONDS, Refused};

#[derive(Debug)]
pub(crate) struct Problem(pub(crate) Refused);

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0.problem()).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_PROBLEM)], body).into_response();
        response.extensions_mut().insert(self.0);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            }
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
