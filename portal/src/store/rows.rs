//! Between rows and values: numbers, ids, JSON, and the columns of a sensor.

use picket_protocol::{
    documents::activation::Subscription,
    ids::{SensorId, Serial, SubscriptionId},
    time::UnixSeconds,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::database::Row;
use crate::domain::registration::{Deletion, Filed, Origin, Push, Registration, UploadWindow};

/// Integers of databases are signed; serials and counters stay far below.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn serial(number: i64) -> Serial {
    Serial(u64::try_from(number).unwrap_or(0))
}

pub(crate) fn id<T: for<'a> TryFrom<&'a [u8]>>(bytes: &[u8]) -> Result<T, sqlx::Error> {
    T::try_from(bytes).map_err(|_| wrong("an id"))
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

pub(crate) fn from_text<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|_| wrong("a name"))
}

fn wrong(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("the database holds {what} that is none").into())
}

/// The columns that [`registration`] reads; `sensors` is `s`, `subscriptions` is `u`.
pub(super) const REGISTRATION: &str = "s.id, s.origin, s.name, s.subscription, u.name AS subscription_name, s.site, \
    s.zone, s.tags, s.mode, s.binding, s.licence_until, s.upload_days, s.created_at, s.committed, s.push_serial, \
    s.push_file, s.deletion, s.acknowledged_at";

#[derive(Serialize, serde::Deserialize)]
pub(super) struct StoredDeletion {
    pub(super) serial: Serial,
    pub(super) cti: picket_protocol::ids::Cti,
    pub(super) reason: picket_protocol::names::Label,
    pub(super) decided_by: picket_protocol::names::Label,
    pub(super) at: UnixSeconds,
}

pub(super) fn registration(row: &Row) -> Result<Registration, sqlx::Error> {
    let optional = |column: &str| -> Result<_, sqlx::Error> {
        row.try_get::<Option<String>>(column)?.map(|text| from_text(&text)).transpose()
    };
    let push_file: Option<Vec<u8>> = row.try_get("push_file")?;
    let push_serial: Option<i64> = row.try_get("push_serial")?;
    let upload_days: u32 = row.small("upload_days")?.unwrap_or(0);
    Ok(Registration {
        id: sensor_id(row, "id")?,
        origin: origin(row.try_get("origin")?),
        filed: Filed {
            name: from_text(row.try_get("name")?)?,
            subscription: Subscription {
                id: id::<SubscriptionId>(row.try_get("subscription")?)?,
                name: from_text(row.try_get("subscription_name")?)?,
            },
            site: optional("site")?,
            zone: optional("zone")?,
            tags: from_json(row.try_get("tags")?)?,
            mode: from_json(row.try_get("mode")?)?,
            binding: from_json(row.try_get("binding")?)?,
            licence_until: row.try_get::<Option<i64>>("licence_until")?.map(UnixSeconds),
            upload_window: UploadWindow::try_from(upload_days).unwrap_or_default(),
        },
        created_at: UnixSeconds(row.try_get("created_at")?),
        committed: row.try_get::<Option<i64>>("committed")?.map(serial),
        push: push_serial.zip(push_file).map(|(number, file)| Push { serial: serial(number), file }),
        deletion: deletion(row)?,
    })
}

pub(crate) fn sensor_id(row: &Row, column: &str) -> Result<SensorId, sqlx::Error> {
    id(row.try_get(column)?)
}

fn deletion(row: &Row) -> Result<Option<Deletion>, sqlx::Error> {
    let Some(text) = row.try_get::<Option<&str>>("deletion")? else { return Ok(None) };
    let StoredDeletion { serial, cti, reason, decided_by, at } = from_json(text)?;
    let acknowledged_at = row.try_get::<Option<i64>>("acknowledged_at")?.map(UnixSeconds);
    Ok(Some(Deletion { serial, cti, reason, decided_by, at, acknowledged_at }))
}

fn origin(text: &str) -> Origin {
    let known = [Origin::Onboarded, Origin::Adopted, Origin::Paired];
    known.into_iter().find(|origin| origin.as_str() == text).unwrap_or(Origin::Adopted)
}
