//! Requests as values: JSON bodies, queries and paths, each refused with a problem when it is not what it should be.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderValue, request::Parts},
};
use picket_protocol::refusal::Refusal;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::{
    domain::refused::Refused,
    store::{OnboardingKey, tokens::digest_of},
};

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| Refused::invalid(rejection.body_text()))?;
        let value = serde_json::from_slice(&bytes).map_err(|error| Refused::invalid(error.to_string()))?;
        Ok(Self(value))
    }
}

/// A JSON body that creates something, with the key under which it may be asked again (Idempotency-Key).
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    pub(crate) body: T,
    pub(crate) key: Option<OnboardingKey>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let key = request.headers().get("idempotency-key").map(read_key).transpose()?;
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| Refused::invalid(rejection.body_text()))?;
        let body = serde_json::from_slice(&bytes).map_err(|error| Refused::invalid(error.to_string()))?;
        let asked = digest_of(&bytes);
        Ok(Self { body, key: key.map(|key| OnboardingKey { key, asked }) })
    }
}

fn read_key(value: &HeaderValue) -> Result<String, Refused> {
    let key = value.to_str().ok().filter(|key| (1..=OnboardingKey::MOST).contains(&key.len()));
    let why = || Refused::invalid(format!("Idempotency-Key: 1 to {} visible ASCII characters", OnboardingKey::MOST));
    key.map(str::to_owned).ok_or_else(why)
}

/// The query.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query =
            Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| Refused::invalid(rejection.body_text()))?;
        Ok(Self(query.0))
    }
}

/// What the path names.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        let what = || Refused::Protocol(Refusal::NotFound { what: parts.uri.path().to_owned() });
        Ok(Self(named.map_err(|_| what())?.0))
    }
}
