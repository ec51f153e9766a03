//! Requests as values: JSON bodies, queries and paths, each refused with a problem when it is not what it should be.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderValue, request::Parts},
};
use picket_protocol::refusal::Refusal;
use serde::{Deserialize as _, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

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
        Ok(Self(read(&bytes)?))
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
        let body = read(&bytes)?;
        let asked = digest_of(&bytes);
        Ok(Self { body, key: key.map(|key| OnboardingKey { key, asked }) })
    }
}

/// A body is an object: an array of its fields in their order, which serde takes as well, is not what is described.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(Refused::invalid("the body is a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| Refused::invalid(error.to_string()))
}

/// A field that is an object, as [`read`] has it.
pub(crate) fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let fields = Map::<String, Value>::deserialize(deserializer)?;
    T::deserialize(Value::Object(fields)).map_err(serde::de::Error::custom)
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

/// The query of a program: unlike a form it leaves out what it does not say.
#[derive(Debug)]
pub(crate) struct Said<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Said<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        if let Some(empty) = pairs.filter_map(|pair| pair.strip_suffix('=')).next() {
            return Err(Refused::invalid(format!("{empty} is empty: leave it out")).into());
        }
        Asked::from_request_parts(parts, state).await.map(|Asked(query)| Self(query))
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
