//! A sensor as the API shows it. No token is in it.

use std::collections::BTreeMap;

use picket_protocol::{
    documents::activation::{Binding, Subscription},
    heartbeat::{Heartbeat, TiStatus},
    ids::{SensorId, Serial},
    names::{Label, SensorName},
    time::UnixSeconds,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::answers::shown;
use crate::{
    domain::{
        connection::{Connection, Health},
        registration::{ModeChoice, Origin},
    },
    store::views::{ActivationView, IdentityView, SensorView},
};

#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) id: SensorId,
    name: SensorName,
    origin: Origin,
    connection_type: String,
    mode: Value,
    subscription: Subscription,
    site: Option<Label>,
    zone: Option<Label>,
    tags: BTreeMap<Label, Label>,
    binding: Binding,
    licence_until: Option<String>,
    upload_days: u32,
    created_at: String,
    version: Option<String>,
    ti: Option<TiStatus>,
    pub(crate) connection: Connection,
    health: Health,
    last_seen: Option<String>,
    serial_in_force: Option<Serial>,
    serial_issued: Option<Serial>,
    reissue_waiting: Option<Serial>,
    deleted: Option<Value>,
}

impl Shown {
    pub(crate) fn of(view: SensorView, now: UnixSeconds) -> Self {
        let SensorView { registration, facts, version, last_heartbeat } = view;
        let heartbeat = last_heartbeat.and_then(|bytes| Heartbeat::decode(&bytes).ok());
        let ti = heartbeat.and_then(|heartbeat| heartbeat.status).map(|status| status.ti);
        let filed = registration.filed;
        let deleted = registration.deletion.map(|deletion| {
            json!({
                "at": deletion.at.to_string(),
                "reason": deletion.reason,
                "decided_by": deletion.decided_by,
                "serial": deletion.serial,
                "acknowledged_at": shown(deletion.acknowledged_at),
            })
        });
        Self {
            id: registration.id,
            name: filed.name,
            origin: registration.origin,
            connection_type: facts.mode.to_string(),
            mode: mode(&filed.mode),
            subscription: filed.subscription,
            site: filed.site,
            zone: filed.zone,
            tags: filed.tags,
            binding: filed.binding,
            licence_until: shown(filed.licence_until),
            upload_days: filed.upload_window.into(),
            created_at: registration.created_at.to_string(),
            version,
            ti,
            connection: facts.connection(now),
            health: facts.health(now),
            last_seen: shown(facts.last_seen),
            serial_in_force: facts.committed,
            serial_issued: facts.issued,
            reissue_waiting: registration.push.map(|push| push.serial),
            deleted,
        }
    }
}

fn mode(choice: &ModeChoice) -> Value {
    match choice {
        ModeChoice::CloudConnected { hub, automatic_ti } => {
            json!({ "mode": "cloud-connected", "hub": hub, "automatic_ti": automatic_ti })
        }
        ModeChoice::LocallyManaged { console } => {
            let url = console.as_ref().map(|console| console.endpoint.url.as_str());
            json!({ "mode": "locally-managed", "console_url": url })
        }
    }
}

/// What only the sensor's own page shows.
pub(crate) fn detail(view: &SensorView, activations: &[ActivationView], identities: &[IdentityView]) -> Value {
    let heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
    let activation = |file: &ActivationView| {
        json!({
            "serial": file.serial,
            "mode": file.mode,
            "issued_at": file.issued_at.to_string(),
            "upload_until": file.upload_until.to_string(),
            "voided_at": shown(file.voided_at),
            "claimed_at": shown(file.claimed_at),
            "committed_at": shown(file.committed_at),
        })
    };
    let identity = |identity: &IdentityView| {
        json!({
            "key": identity.thumbprint,
            "serial": identity.serial,
            "state": identity.state,
            "enrolled_at": identity.enrolled_at.to_string(),
            "last_seen": shown(identity.last_seen),
        })
    };
    json!({
        "last_heartbeat": heartbeat,
        "activations": activations.iter().map(activation).collect::<Vec<_>>(),
        "identities": identities.iter().map(identity).collect::<Vec<_>>(),
    })
}
