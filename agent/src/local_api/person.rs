//! The person for whom the sensor console asks, by its word. Whoever may change nothing has no word.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use picket_protocol::{
    local_api::{HEADER_PERSON, parse_person},
    refusal::Refusal,
};

use super::{LocalApi, Right, answer::Refused, serve::Caller};

/// Puts the person beside the uid.
pub(super) async fn name(
    State(api): State<Arc<LocalApi>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let mut named = request.headers().get_all(HEADER_PERSON).iter();
    let Some(header) = named.next() else { return Ok(next.run(request).await) };
    if named.next().is_some() {
        return Err(Refused(Refusal::InvalidRequest { why: "picket-person stands twice".to_owned() }));
    }
    let person: Arc<str> = parse_person(header.as_bytes())?.into();
    let caller = request.extensions_mut().get_mut::<Caller>();
    match caller.filter(|caller| api.grants.allow(caller.uid, Right::Change)) {
        Some(caller) => caller.person = Some(person),
        None => return Err(Refused(Refusal::Forbidden { needs: Right::Change.needs().to_owned() })),
    }
    Ok(next.run(request).await)
}
