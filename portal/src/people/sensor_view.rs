//! A sensor as the API shows it. No token is in it.

use std::{borrow::Cow, collections::BTreeMap};

use picket_protocol::{
    documents::activation::{Binding, Subscription},
    heartbeat::{Heartbeat, TiStatus},
    ids::{SensorId, Serial},
    names::{Label, SensorName},
    time::UnixSeconds,
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema},
};
use uuid::Uuid;

use super::{answers::shown, openapi::words, streams::Stream};
use crate::{
    domain::{
        connection::{Connection, Health},
        registration::{ModeChoice, Origin},
    },
    store::views::{ActivationView, IdentityView, SensorView},
};

/// A sensor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sensor)]
pub(crate) struct Shown {
    #[schema(value_type = String)]
    pub(crate) id: SensorId,
    #[schema(value_type = String)]
    name: SensorName,
    origin: Origin,
    connection_type: String,
    mode: ShownMode,
    #[schema(value_type = words::Subscription)]
    subscription: Subscription,
    #[schema(value_type = Option<String>)]
    site: Option<Label>,
    #[schema(value_type = Option<String>)]
    zone: Option<Label>,
    #[schema(value_type = HashMap<String, String>)]
    tags: BTreeMap<Label, Label>,
    #[schema(value_type = words::Binding)]
    binding: Binding,
    licence_until: Option<String>,
    upload_days: u32,
    created_at: String,
    version: Option<String>,
    #[schema(value_type = Option<words::TiStatus>)]
    ti: Option<TiStatus>,
    pub(crate) connection: Connection,
    health: Health,
    last_seen: Option<String>,
    #[schema(value_type = Option<u64>)]
    serial_in_force: Option<Serial>,
    #[schema(value_type = Option<u64>)]
    serial_issued: Option<Serial>,
    #[schema(value_type = Option<u64>)]
    reissue_waiting: Option<Serial>,
    deleted: Option<Deleted>,
}

impl Shown {
    pub(crate) fn of(view: SensorView, now: UnixSeconds) -> Self {
        let SensorView { registration, facts, version, last_heartbeat } = view;
        let heartbeat = last_heartbeat.and_then(|bytes| Heartbeat::decode(&bytes).ok());
        let ti = heartbeat.and_then(|heartbeat| heartbeat.status).map(|status| status.ti);
        let filed = registration.filed;
        let deleted = registration.deletion.map(|deletion| Deleted {
            at: deletion.at.to_string(),
            reason: deletion.reason,
            decided_by: deletion.decided_by,
            serial: deletion.serial,
            acknowledged_at: shown(deletion.acknowledged_at),
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

fn mode(choice: &ModeChoice) -> ShownMode {
    match choice {
        ModeChoice::CloudConnected { hub, automatic_ti } => {
            ShownMode::CloudConnected { hub: hub.map(|hub| hub.0), automatic_ti: *automatic_ti }
        }
        ModeChoice::LocallyManaged { console } => {
            ShownMode::LocallyManaged { console_url: console.as_ref().map(|console| console.endpoint.url.clone()) }
        }
    }
}

/// The mode of the next file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mode)]
#[serde(tag = "mode", rename_all = "kebab-case")]
enum ShownMode {
    CloudConnected {
        /// Null is the one built into the portal.
        hub: Option<Uuid>,
        automatic_ti: bool,
    },
    LocallyManaged {
        console_url: Option<String>,
    },
}

/// That a sensor was deleted.
#[derive(Debug, Serialize, ToSchema)]
struct Deleted {
    at: String,
    #[schema(value_type = String)]
    reason: Label,
    #[schema(value_type = String)]
    decided_by: Label,
    #[schema(value_type = u64)]
    serial: Serial,
    /// When the sensor said that it knows.
    acknowledged_at: Option<String>,
}

/// A sensor with everything that is on record of it.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    sensor: Shown,
    #[serde(flatten)]
    more: More,
}

/// What only the sensor's own page shows.
#[derive(Debug, Serialize, ToSchema)]
struct More {
    /// As the sensor said it; what a heartbeat holds is the protocol's.
    #[schema(value_type = Option<Object>)]
    last_heartbeat: Option<Heartbeat>,
    activations: Vec<Activation>,
    identities: Vec<Identity>,
    streams: Vec<Stream>,
}

/// One issued file.
#[derive(Debug, Serialize, ToSchema)]
struct Activation {
    #[schema(value_type = u64)]
    serial: Serial,
    mode: String,
    issued_at: String,
    upload_until: String,
    voided_at: Option<String>,
    claimed_at: Option<String>,
    committed_at: Option<String>,
}

/// One key of a sensor.
#[derive(Debug, Serialize, ToSchema)]
struct Identity {
    key: String,
    #[schema(value_type = u64)]
    serial: Serial,
    state: String,
    enrolled_at: String,
    last_seen: Option<String>,
}

/// The fields of both in one object, which can be closed.
impl PartialSchema for Detail {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new();
        for part in [Shown::schema(), More::schema()] {
            let RefOr::T(Schema::Object(part)) = part else { continue };
            for (name, schema) in part.properties {
                object = object.property(name, schema);
            }
            for name in part.required {
                object = object.required(name);
            }
        }
        RefOr::T(Schema::Object(object.build()))
    }
}

impl ToSchema for Detail {
    fn name() -> Cow<'static, str> {
        "SensorDetail".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Shown::schemas(schemas);
        More::schemas(schemas);
    }
}

impl Detail {
    pub(crate) fn of(
        view: SensorView,
        activations: &[ActivationView],
        identities: &[IdentityView],
        streams: Vec<Stream>,
        now: UnixSeconds,
    ) -> Self {
        let last_heartbeat = view.last_heartbeat.as_deref().and_then(|bytes| Heartbeat::decode(bytes).ok());
        let activation = |file: &ActivationView| Activation {
            serial: file.serial,
            mode: file.mode.clone(),
            issued_at: file.issued_at.to_string(),
            upload_until: file.upload_until.to_string(),
            voided_at: shown(file.voided_at),
            claimed_at: shown(file.claimed_at),
            committed_at: shown(file.committed_at),
        };
        let identity = |identity: &IdentityView| Identity {
            key: identity.thumbprint.to_string(),
            serial: identity.serial,
            state: identity.state.clone(),
            enrolled_at: identity.enrolled_at.to_string(),
            last_seen: shown(identity.last_seen),
        };
        let more = More {
            last_heartbeat,
            activations: activations.iter().map(activation).collect(),
            identities: identities.iter().map(identity).collect(),
            streams,
        };
        Self { sensor: Shown::of(view, now), more }
    }
}
