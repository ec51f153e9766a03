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
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

#[derive(Debug, Deserialize, utoipa::IntoParams)]
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

/// Whether this server can sign files now; asked before anything is changed for a file.
pub(crate) fn can_sign(portal: &Portal) -> Result<(), Refused> {
    portal.trust()?;
    portal.issuer().map(drop)
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

/// The trust root's newest version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrustRoot {
    /// Of version 1: it never changes.
    fingerprint: String,
    /// Its last characters, to type at a sensor console.
    confirmation: String,
    version: u64,
    /// How many root keys sign the next version.
    threshold: u8,
    root_keys: Vec<String>,
    keys: Vec<ShownKey>,
    /// Keys that sign nothing any more.
    withdrawn: Vec<String>,
}

/// A key that signs documents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SigningKey)]
struct ShownKey {
    kid: String,
    roles: Vec<String>,
}

pub(crate) async fn trust_root(State(portal): Shared) -> Answer {
    let trust = portal.trust()?;
    let newest = trust.newest();
    let keys = newest.keys.iter().map(|listed| ShownKey {
        kid: listed.key.kid().to_string(),
        roles: listed.roles.iter().map(ToString::to_string).collect(),
    });
    let value = TrustRoot {
        fingerprint: trust.id().to_string(),
        confirmation: trust.id().confirmation().to_string(),
        version: newest.version,
        threshold: newest.threshold,
        root_keys: newest.root_keys.iter().map(|key| key.kid().to_string()).collect(),
        keys: keys.collect(),
        withdrawn: newest.withdrawn.iter().map(ToString::to_string).collect(),
    };
    Ok(json(StatusCode::OK, &value))
}

pub(crate) async fn trust_root_file(State(portal): Shared) -> Answer {
    let file = portal.trust()?.file();
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/octet-stream")], file).into_response())
}
