//! The activation files of several sensors in one archive, each a new one.

use std::collections::BTreeSet;

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use picket_protocol::ids::SensorId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::zip::Zip;
use crate::{
    domain::{access::Caller, refused::Refused},
    people::{
        Shared,
        activation_files::{can_sign, issue},
        answers::Answer,
        body::Json,
        reached::reach,
        sensors::portal_only,
    },
    portal::Portal,
    store::Actor,
};

/// What the archive is.
pub(crate) const MEDIA: &str = "application/zip";
/// Most sensors of an archive: as many as a table has.
pub(crate) const MOST: usize = 1000;

/// The sensors by their ids.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SensorIds)]
pub(crate) struct Ids {
    #[schema(value_type = Vec<String>)]
    sensors: Vec<SensorId>,
}

/// Each is a new file, which voids earlier ones that were not used: hence POST.
pub(crate) async fn download(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Ids>,
) -> Answer {
    Ok(archive(&portal, &caller, &actor, &body.sensors).await?)
}

/// A new file of each, once all of them are the caller's and may have one.
pub(crate) async fn archive(
    portal: &Portal,
    caller: &Caller,
    actor: &Actor,
    sensors: &[SensorId],
) -> Result<Response, Refused> {
    portal_only(portal)?;
    let sensors: BTreeSet<SensorId> = sensors.iter().copied().collect();
    if !(1..=MOST).contains(&sensors.len()) {
        return Err(Refused::invalid(format!("1 to {MOST} sensors")));
    }
    let mut named = Vec::with_capacity(sensors.len());
    for id in sensors {
        reach(portal, caller, id).await?;
        let view = portal.store.sensor(id, portal.viewpoint()).await?;
        // Before the first file is issued: each voids an earlier one that may be on its way already.
        view.registration.may_have_a_file()?;
        named.push((id, file_name(view.registration.filed.name.as_str())));
    }
    can_sign(portal)?;
    let mut zip = Zip::default();
    let mut taken = BTreeSet::new();
    for (id, name) in named {
        let (_, file) = issue(portal, id, false, actor.clone()).await?;
        // Names are unique within a subscription, and what stands in a file's name less so.
        // Nor does every file system tell large letters from small ones.
        let name = if taken.insert(name.to_lowercase()) { name } else { format!("{name}-{id}") };
        zip.add(&format!("{name}.activation"), &file);
    }
    let headers = [
        (header::CONTENT_TYPE, MEDIA),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"activation-files.zip\""),
    ];
    Ok((StatusCode::OK, headers, zip.finish()).into_response())
}

/// Of a sensor's name what stands in a file's name anywhere.
pub(crate) fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' }).collect()
}
