//! Reads the body of a request, never more than its limit, never for longer than its time.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use http_body_util::BodyExt as _;
use picket_protocol::refusal::Refusal;

/// For a whole body. Over a Unix socket even the largest takes milliseconds.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// The whole body.
///
/// # Errors
/// [`Refusal::TooLarge`]: before reading where the length is announced, else after at most one frame beyond `limit`.
/// [`Refusal::InvalidRequest`] when it does not arrive.
pub(super) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = body.size_hint().lower();
    too_large(announced, limit)?;
    tokio::time::timeout(BODY_TIMEOUT, frames(body, limit))
        .await
        .map_err(|_| invalid("the body did not arrive within 20 s"))?
}

async fn frames(mut body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| invalid("the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        too_large((content.len() + data.len()) as u64, limit)?;
        content.extend_from_slice(&data);
    }
    Ok(content)
}

fn too_large(found: u64, limit: usize) -> Result<(), Refusal> {
    let limit = limit as u64;
    if found > limit { Err(Refusal::TooLarge { found, limit }) } else { Ok(()) }
}

fn invalid(why: &str) -> Refusal {
    Refusal::InvalidRequest { why: why.to_owned() }
}
