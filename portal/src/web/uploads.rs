//! Forms with a file in them, or with its text pasted: read within bounds, and let through only with the session's token.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts as _, Request},
};
use picket_guard::{forms, uploads};

use super::{forms::refusal, gate::SignedIn};
use crate::{
    domain::refused::Refused,
    people::{many::MAX_BYTES, problem::Problem},
};

/// Most bytes of the whole form: a table, and what is around it.
const MAX_UPLOAD: usize = MAX_BYTES + 16 * 1024;

/// A form with a file of somebody who signed in.
#[derive(Debug)]
pub(super) struct Upload {
    /// Who sent it.
    pub(super) by: SignedIn,
    /// The file's bytes, or the pasted text's; empty when neither was given.
    pub(super) file: Bytes,
}

impl<S: Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, state).await?;
        let bytes = forms::collect(&parts.headers, body, MAX_UPLOAD, forms::FORM_TIMEOUT).await.map_err(refusal)?;
        let fields = uploads::fields(Request::from_parts(parts, Body::from(bytes))).await;
        let fields = fields.map_err(|_| Refused::invalid("a form with a file"))?;
        if !forms::same_token(by.csrf(), uploads::text(&fields, "csrf")) {
            return Err(Refused::Forged.into());
        }
        Ok(Self { by, file: uploads::file(&fields) })
    }
}
