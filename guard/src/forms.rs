//! Bodies of forms, read within bounds, and the token that tells a form of the session from a forged one.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

/// Most bytes of a form without a file.
pub const MAX_FORM: usize = 16 * 1024;
/// For a form without a file to arrive.
pub const FORM_TIMEOUT: Duration = Duration::from_secs(10);
const MEDIA: &str = "application/x-www-form-urlencoded";

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRead {
    /// It is no form; what it says it is.
    Media(String),
    /// Larger than so many bytes.
    TooLarge(usize),
    /// It did not arrive within so long.
    TooSlow(Duration),
    /// It broke off.
    BrokenOff,
}

/// A form without a file, of at most [`MAX_FORM`] bytes.
///
/// # Errors
/// [`NotRead`].
pub async fn collect_form(headers: &HeaderMap, body: Body) -> Result<Bytes, NotRead> {
    collect_form_of(headers, body, MAX_FORM).await
}

/// A form without a file, of at most so many bytes.
///
/// # Errors
/// [`NotRead`].
pub async fn collect_form_of(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, NotRead> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if media.split(';').next().map(str::trim) != Some(MEDIA) {
        return Err(NotRead::Media(shortened(media)));
    }
    collect(headers, body, limit, FORM_TIMEOUT).await
}

/// A body within bounds: refused unread when its length is announced, else as soon as the bound is passed.
///
/// # Errors
/// [`NotRead`].
pub async fn collect(headers: &HeaderMap, body: Body, limit: usize, within: Duration) -> Result<Bytes, NotRead> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(NotRead::TooLarge(limit));
    }
    match timeout(within, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(NotRead::TooLarge(limit)),
        Ok(Err(_)) => Err(NotRead::BrokenOff),
        Err(_) => Err(NotRead::TooSlow(within)),
    }
}

/// Whether a token is the one that is known. Compares in a time that tells nothing.
#[must_use]
pub fn same_token(known: &str, given: &str) -> bool {
    given.as_bytes().ct_eq(known.as_bytes()).into()
}

/// As much of what somebody sent as is shown back.
#[must_use]
pub fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
