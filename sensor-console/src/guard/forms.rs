//! Forms, read within bounds, and let through only with the session's token in them.
//!
//! Every handler that changes anything takes one of these: [`Changing`] (an admin), [`Own`] (anybody, for their own account
//! and sessions), [`Unsigned`] (before the sign-in; the gate has looked at the origin), or `uploads::Upload`.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts as _, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use super::signed_in::SignedIn;
use crate::{page::Failed, refused, texts};

/// Most bytes of a form without a file.
const MAX_FORM: usize = 16 * 1024;
/// For a form without a file to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);
const MEDIA: &str = "application/x-www-form-urlencoded";

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
        read(&collect_form(&parts.headers, body).await?).map(Self)
    }
}

async fn signed<S: Sync>(request: Request, state: &S) -> Result<(SignedIn, Bytes), Failed> {
    let (mut parts, body) = request.into_parts();
    let by = SignedIn::from_request_parts(&mut parts, state).await?;
    let form = collect_form(&parts.headers, body).await?;
    let Token { csrf } = serde_urlencoded::from_bytes(&form).map_err(|_| Failed::Forged)?;
    check_token(&by, &csrf)?;
    Ok((by, form))
}

/// Compares in a time that tells nothing.
///
/// # Errors
/// [`Failed::Forged`].
pub(crate) fn check_token(by: &SignedIn, token: &str) -> Result<(), Failed> {
    if token.as_bytes().ct_eq(by.csrf.as_bytes()).into() { Ok(()) } else { Err(Failed::Forged) }
}

async fn collect_form(headers: &HeaderMap, body: Body) -> Result<Bytes, Failed> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if media.split(';').next().map(str::trim) != Some(MEDIA) {
        return Err(refused::problem(&texts::refused::NOT_UNDERSTOOD, vec![("media type", shortened(media))]).into());
    }
    collect(headers, body, MAX_FORM, FORM_TIMEOUT).await
}

/// A body within bounds: refused unread when its length is announced, else as soon as the bound is passed.
///
/// # Errors
/// The pages `console.too-large` and `console.too-slow`.
pub(crate) async fn collect(headers: &HeaderMap, body: Body, limit: usize, within: Duration) -> Result<Bytes, Failed> {
    let too_large = || {
        let found = vec![("limit", format!("{limit} bytes"))];
        Failed::from(refused::problem(&texts::refused::TOO_LARGE, found))
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(too_large());
    }
    match timeout(within, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(refused::problem(&texts::refused::NOT_UNDERSTOOD, vec![]).into()),
        Err(_) => {
            let found = vec![("waited", format!("{} s", within.as_secs()))];
            Err(refused::problem(&texts::refused::TOO_SLOW, found).into())
        }
    }
}

fn read<T: DeserializeOwned>(form: &[u8]) -> Result<T, Failed> {
    serde_urlencoded::from_bytes(form).map_err(|error| {
        let found = vec![("why", shortened(&error.to_string()))];
        refused::problem(&texts::refused::NOT_UNDERSTOOD, found).into()
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
