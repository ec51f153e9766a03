//! Recovery documents: issued for one appliance and the nonce that its console shows, each on record.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse as _,
};
use picket_protocol::{
    documents::{DocumentType, recovery::Recovery},
    ids::{ApplianceId, Cti},
    typed_code::TypedCode,
};
use serde::Deserialize;

use super::{Shared, answers::Answer, body::Json};
use crate::{clock, entropy, store::Actor};

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRecovery)]
pub(super) struct RecoveryBody {
    #[schema(value_type = String)]
    appliance: ApplianceId,
    #[schema(value_type = String)]
    nonce: TypedCode,
}

/// Whether the appliance is one of ours shows at the sensor: it takes the document from its owner alone.
pub(super) async fn issue(
    State(portal): Shared,
    Extension(actor): Extension<Actor>,
    Json(RecoveryBody { appliance, nonce }): Json<RecoveryBody>,
) -> Answer {
    let trust = portal.trust()?;
    let recovery = Recovery {
        issuer: trust.id(),
        issued_at: clock::now(),
        cti: Cti::from(entropy::uuid()),
        appliance,
        nonce,
        decided_by: actor.0.chars().take(Recovery::MAX_DECIDED_BY).collect(),
    };
    let document = trust.recovery(&recovery)?;
    // On record before anybody holds it.
    portal.store.note_recovery(recovery, actor).await?;
    let headers = [(header::CONTENT_TYPE, DocumentType::Recovery.as_str()), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, headers, document).into_response())
}
