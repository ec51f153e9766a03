//! Many sensors at once: onboarded from a table, all or none; their activation files in one archive.

pub(crate) mod archive;
mod records;
pub(crate) mod rows;
mod zip;

use axum::{Extension, extract::State, http::StatusCode};
use picket_protocol::ids::{SensorId, SubscriptionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    answers::{Answer, json},
    body::Json,
    sensors::portal_only,
};
use crate::{
    domain::{
        access::Caller,
        refused::{Refused, Wrong},
    },
    entropy,
    portal::Portal,
    store::{Actor, sensors::Newcomer},
};
pub(crate) use records::MAX_BYTES;

/// A table of sensors.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SensorTable)]
pub(crate) struct TableBody {
    /// RFC 4180: a header, and a row for each sensor.
    csv: String,
}

/// What was onboarded, in the table's order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnboardedTable)]
pub(crate) struct Onboarded {
    pub(crate) sensors: Vec<OnboardedRow>,
}

/// A sensor of the table.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnboardedRow {
    /// As a spreadsheet counts, the header being the first.
    row: usize,
    #[schema(value_type = String)]
    pub(crate) id: SensorId,
    pub(crate) name: String,
}

/// Asked again it onboards nothing twice: names are unique.
pub(crate) async fn onboard(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<TableBody>,
) -> Answer {
    let sensors = register(&portal, caller, actor, body.csv.as_bytes()).await?;
    Ok(json(StatusCode::CREATED, &Onboarded { sensors }))
}

/// Onboards every sensor of a table, or none.
pub(crate) async fn register(
    portal: &Portal,
    caller: Caller,
    actor: Actor,
    table: &[u8],
) -> Result<Vec<OnboardedRow>, Refused> {
    portal_only(portal)?;
    let hubs = portal.store.hubs().await?;
    let candidates = rows::read(table, &hubs, || SubscriptionId::from(entropy::uuid())).map_err(Refused::table)?;
    let newcomers: Vec<Newcomer> = candidates
        .into_iter()
        .map(|candidate| Newcomer { row: candidate.row, id: SensorId::from(entropy::uuid()), filed: candidate.filed })
        .collect();
    let onboarded = newcomers.iter().map(|new| (new.row, new.id, new.filed.name.to_string()));
    let onboarded = onboarded.map(|(row, id, name)| OnboardedRow { row, id, name }).collect();
    portal.store.onboard_all(newcomers, caller.scope, actor).await?;
    Ok(onboarded)
}

fn wrong(row: usize, column: Option<&str>, code: &str, why: String) -> Wrong {
    Wrong { row, column: column.map(str::to_owned), code: code.to_owned(), why }
}
