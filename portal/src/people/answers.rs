//! JSON answers.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// What a handler returns.
pub(crate) type Answer = Result<Response, super::problem::Problem>;

pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The instant as it is shown.
pub(crate) fn shown(at: Option<picket_protocol::time::UnixSeconds>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// Nothing to say but that it was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Nothing {}
