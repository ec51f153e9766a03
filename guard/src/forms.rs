//! Bodies of forms, read within bounds, and the token that tells a form of the session from a forged one.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

/// Most bytes of a form without a file.
pub const MAX_FORM: usize = 16 * 1024;
/// For a form without a file to arrive.
pub const FORM_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes beyond a bound that are read all the same, so that whoever sends them reads why they were refused.
const MOST_LET_GO: usize = 1024 * 1024;
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

/// A body within bounds. What is a little too large is read to its end and let go of, since a browser that still sends would
/// see a broken connection in place of the refusal; what is announced as much too large is refused unread.
///
/// # Errors
/// [`NotRead`].
pub async fn collect(headers: &HeaderMap, body: Body, limit: usize, within: Duration) -> Result<Bytes, NotRead> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = limit + MOST_LET_GO;
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return Err(NotRead::TooLarge(limit));
    }
    timeout(within, read(body, limit, most)).await.unwrap_or(Err(NotRead::TooSlow(within)))
}

async fn read(mut body: Body, limit: usize, most: usize) -> Result<Bytes, NotRead> {
    let (mut kept, mut length) = (BytesMut::new(), 0);
    while length <= most
        && let Some(frame) = body.frame().await
    {
        let Ok(data) = frame.map_err(|_| NotRead::BrokenOff)?.into_data() else { continue };
        length += data.len();
        if length <= limit {
            kept.extend_from_slice(&data);
        }
    }
    if length > limit { Err(NotRead::TooLarge(limit)) } else { Ok(kept.freeze()) }
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
