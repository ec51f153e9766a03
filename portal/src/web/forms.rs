//! Forms, read within bounds, and let through only with the session's token in them.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts as _, Request},
};
use picket_guard::forms::{self, NotRead};
use serde::{Deserialize, de::DeserializeOwned};

use super::gate::SignedIn;
use crate::{domain::refused::Refused, people::problem::Problem};

/// Most bytes of a form: one with several CA certificates in it.
const MAX_FORM: usize = 128 * 1024;

/// A form of somebody who signed in.
#[derive(Debug)]
pub(super) struct Form<T> {
    /// Who sent it.
    pub(super) by: SignedIn,
    /// What is in it.
    pub(super) form: T,
}

/// A form of somebody who has not signed in.
#[derive(Debug)]
pub(super) struct Unsigned<T>(pub(super) T);

/// For forms with nothing in them but the token.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, state).await?;
        let form = forms::collect_form_of(&parts.headers, body, MAX_FORM).await.map_err(refusal)?;
        let Token { csrf } = serde_urlencoded::from_bytes(&form).map_err(|_| Refused::Forged)?;
        if !forms::same_token(by.csrf(), &csrf) {
            return Err(Refused::Forged.into());
        }
        Ok(Self { by, form: read(&form)? })
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Unsigned<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        read(&forms::collect_form(&parts.headers, body).await.map_err(refusal)?).map(Self)
    }
}

fn read<T: DeserializeOwned>(form: &Bytes) -> Result<T, Problem> {
    serde_urlencoded::from_bytes(form).map_err(|error| Refused::invalid(forms::shortened(&error.to_string())).into())
}

pub(super) fn refusal(not_read: NotRead) -> Refused {
    Refused::invalid(match not_read {
        NotRead::Media(media) => format!("a form, not {media:?}"),
        NotRead::TooLarge(limit) => format!("at most {limit} bytes"),
        NotRead::TooSlow(within) => format!("it did not arrive within {} s", within.as_secs()),
        NotRead::BrokenOff => "it broke off".to_owned(),
    })
}
