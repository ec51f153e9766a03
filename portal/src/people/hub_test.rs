//! Whether a hub can be reached from here: its name, its port, and a certificate that comes from its CAs. Sends nothing
//! there. Whether it takes a sensor's alerts, only a sensor's probe shows: its key is the sensor's alone.

use axum::{extract::State, http::StatusCode};
use picket_protocol::{
    documents::activation::HubKind,
    endpoint_url::{EndpointUrl, Scheme},
    refusal::Refusal,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Shared,
    answers::{Answer, json},
    body::Named,
};
use crate::{
    domain::{refused::Refused, registration::HubId},
    portal::Portal,
    sharing::{
        destination::{Kind, Target},
        link,
    },
    store::HubRow,
};

/// The hub was reached.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HubReached {
    reached: bool,
}

pub(super) async fn test(State(portal): Shared, Named(id): Named<Uuid>) -> Answer {
    reach(&find(&portal, HubId(id)).await?).await?;
    Ok(json(StatusCode::OK, &HubReached { reached: true }))
}

/// A hub by its id.
pub(crate) async fn find(portal: &Portal, id: HubId) -> Result<HubRow, Refused> {
    let hubs = portal.store.hubs().await?;
    let found = hubs.into_iter().find(|row| row.id == id);
    found.ok_or_else(|| Refusal::NotFound { what: format!("hub {}", id.0) }.into())
}

/// Connects as far as a certificate that its CAs vouch for.
pub(crate) async fn reach(hub: &HubRow) -> Result<(), Refused> {
    let scheme = match hub.hub.kind {
        HubKind::Https => Scheme::Https,
        HubKind::Mqtt => Scheme::Mqtts,
    };
    let endpoint = &hub.hub.endpoint;
    let EndpointUrl { host, port } =
        EndpointUrl::parse(&endpoint.url, scheme).map_err(|error| Refused::HubNotReached { why: error.to_string() })?;
    let authorities = endpoint.ca_certificates.clone();
    // What would be spoken there does not matter: nothing is.
    let target = Target { host, port, authorities, kind: Kind::Syslog };
    link::reach(&target).await.map_err(|failure| Refused::HubNotReached { why: failure.why })
}
