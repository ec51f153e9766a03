//! Forms, read within bounds, and let through only with the session's token in them.
//!
//! Every handler that changes anything takes one of these: [`Changing`] (an admin), [`Own`] (anybody, for their own account
//! and sessions), [`Unsigned`] (before the sign-in; the gate has looked at the origin), or `uploads::Upload`.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts as _, Request},
    http::HeaderMap,
};
use picket_guard::forms::{self, NotRead};
use serde::{Deserialize, de::DeserializeOwned};

use super::signed_in::SignedIn;
use crate::{page::Failed, refused, texts};

/// A form of an admin.
#[derive(Debug)]
pub struct Changing<T> {
    /// Who sent it.
    pub by: SignedIn,
    /// What is in it.
    pub form: T,
}

/// A form of anybody, for what is their own.
#[derive(Debug)]
pub struct Own<T> {
    /// Who sent it.
    pub by: SignedIn,
    /// What is in it.
    pub form: T,
}

/// A form of somebody who has not signed in.
#[derive(Debug)]
pub struct Unsigned<T>(pub T);

/// For forms with nothing in them but the token.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Changing<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failed> {
        let (by, form) = signed(request, state).await?;
        by.as_admin()?;
        Ok(Self { by, form: read(&form)? })
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Own<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failed> {
        let (by, form) = signed(request, state).await?;
        Ok(Self { by, form: read(&form)? })
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Unsigned<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failed> {
        let (parts, body) = request.into_parts();
        let form = forms::collect_form(&parts.headers, body).await.map_err(|not_read| refusal(&not_read))?;
        read(&form).map(Self)
    }
}

async fn signed<S: Sync>(request: Request, state: &S) -> Result<(SignedIn, Bytes), Failed> {
    let (mut parts, body) = request.into_parts();
    let by = SignedIn::from_request_parts(&mut parts, state).await?;
    let form = forms::collect_form(&parts.headers, body).await.map_err(|not_read| refusal(&not_read))?;
    let Token { csrf } = serde_urlencoded::from_bytes(&form).map_err(|_| Failed::Forged)?;
    check_token(&by, &csrf)?;
    Ok((by, form))
}

/// Lets a form through only with its session's token.
///
/// # Errors
/// [`Failed::Forged`].
pub(crate) fn check_token(by: &SignedIn, token: &str) -> Result<(), Failed> {
    if forms::same_token(&by.csrf, token) { Ok(()) } else { Err(Failed::Forged) }
}

/// A body within bounds.
///
/// # Errors
/// The pages `console.too-large` and `console.too-slow`.
pub(crate) async fn collect(headers: &HeaderMap, body: Body, limit: usize, within: Duration) -> Result<Bytes, Failed> {
    forms::collect(headers, body, limit, within).await.map_err(|not_read| refusal(&not_read))
}

fn refusal(not_read: &NotRead) -> Failed {
    use texts::refused::{NOT_UNDERSTOOD, TOO_LARGE, TOO_SLOW};
    let (words, found) = match not_read {
        NotRead::Media(media) => (&NOT_UNDERSTOOD, vec![("media type", media.clone())]),
        NotRead::TooLarge(limit) => (&TOO_LARGE, vec![("limit", format!("{limit} bytes"))]),
        NotRead::TooSlow(within) => (&TOO_SLOW, vec![("waited", format!("{} s", within.as_secs()))]),
        NotRead::BrokenOff => (&NOT_UNDERSTOOD, vec![]),
    };
    refused::problem(words, found).into()
}

fn read<T: DeserializeOwned>(form: &[u8]) -> Result<T, Failed> {
    serde_urlencoded::from_bytes(form).map_err(|error| {
        let found = vec![("why", forms::shortened(&error.to_string()))];
        refused::problem(&texts::refused::NOT_UNDERSTOOD, found).into()
    })
}
