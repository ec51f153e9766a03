//! What is carried to sensors by hand: activation files, and the trust root.

use axum::{
    Extension,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::IntoResponse as _,
};
use picket_protocol::{
    armour::armour,
    ids::{Cti, SensorId, Serial},
    wire::MEDIA_ACTIVATION_FILE,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Shared,
    answers::{Answer, json},
    body::Asked,
    reached::Reached,
};
use crate::{
    domain::refused::Refused,
    entropy,
    portal::Portal,
    store::{Actor, Issued},
};

/// Carries the serial of the file in the answer.
const SERIAL: HeaderName = HeaderName::from_static("picket-serial");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DownloadQuery {
    /// As text, for pasting.
    #[serde(default)]
    armour: bool,
}

/// Each download is a new file, which voids earlier ones that were not used: hence POST.
pub(crate) async fn download(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Reached(id): Reached,
    Asked(query): Asked<DownloadQuery>,
) -> Answer {
    let (serial, file) = issue(&portal, id, false, actor).await?;
    let media = if query.armour { "text/plain; charset=utf-8" } else { MEDIA_ACTIVATION_FILE };
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.activation\"")),
        (SERIAL, serial.to_string()),
    ];
    let body = if query.armour { armour(&file).into_bytes() } else { file };
    Ok((StatusCode::OK, headers, body).into_response())
}

/// Issues a file for a sensor as it is filed now.
pub(crate) async fn issue(
    portal: &Portal,
    id: SensorId,
    push: bool,
    actor: Actor,
) -> Result<(Serial, Vec<u8>), Refused> {
    let (trust, issuer) = (portal.trust()?, portal.issuer()?);
    let (cti, token, root_version) = (Cti::from(entropy::uuid()), entropy::token(), trust.newest().version);
    let issued = Issued { cti, token, root_version, push };
    let make = move |filed: &_, hub, drawn: &_| trust.activation_file(&issuer.activation(id, filed, hub, drawn));
    portal.store.issue(id, issued, Box::new(make), actor).await
}

pub(crate) async fn trust_root(State(portal): Shared) -> Answer {
    let trust = portal.trust()?;
    let keys = trust.newest().keys.iter().map(|listed| json!({ "kid": listed.key.kid(), "roles": listed.roles }));
    let value = json!({
        "fingerprint": trust.id(),
        "confirmation": trust.id().confirmation(),
        "version": trust.newest().version,
        "threshold": trust.newest().threshold,
        "root_keys": trust.newest().root_keys.iter().map(|key| key.kid()).collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
        "withdrawn": trust.newest().withdrawn,
    });
    Ok(json(StatusCode::OK, &value))
}

pub(crate) async fn trust_root_file(State(portal): Shared) -> Answer {
    let file = portal.trust()?.file();
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/octet-stream")], file).into_response())
}
