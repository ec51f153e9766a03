//! Registrations: onboarded, edited, deleted.

use picket_protocol::{
    documents::activation::Subscription,
    ids::{Cti, SensorId, Serial, SubscriptionId},
    names::{Label, SensorName},
    refusal::Refusal,
};
use serde_json::{Value, json};

use super::{
    Actor, Store, audit,
    change::{StoreError, Work},
    hubs, onboarding_keys,
    onboarding_keys::OnboardingKey,
    rows::{REGISTRATION, StoredDeletion, id, int, json as to_json, registration, serial},
};
use crate::database::{self, Connection};
use crate::domain::{
    access::{PersonRole, Scope},
    refused::{Refused, Wrong},
    registration::{Filed, ModeChoice, Origin, Registration},
    serials,
};

/// A sensor of a table, under an id drawn by the caller.
#[derive(Debug)]
pub struct Newcomer {
    /// Its row in the table.
    pub row: usize,
    /// Its id.
    pub id: SensorId,
    /// What the table says of it.
    pub filed: Filed,
}

/// What a person may change on a registration: takes what is filed, returns what shall be.
pub type Edit = Box<dyn FnOnce(Filed) -> Result<Filed, Refused> + Send>;

impl Store {
    /// Registers a sensor under an id drawn by the caller, in a subscription of their scope. Asked again under the same
    /// key, it is the same sensor.
    ///
    /// # Errors
    /// When the name is taken, or the database failed.
    pub async fn onboard(
        &self,
        id: SensorId,
        filed: Filed,
        scope: Scope,
        key: Option<OnboardingKey>,
        actor: Actor,
    ) -> Result<SensorId, Refused> {
        filed.check()?;
        self.write(move |work| {
            Box::pin(async move {
                let mut filed = filed;
                filed.subscription = file_subscription(work, filed.subscription, &scope).await?;
                if let Some(key) = &key
                    && let Some(sensor) = onboarding_keys::known(work, &actor, key).await?
                {
                    return Ok(sensor);
                }
                register(work, id, filed, &actor).await?;
                if let Some(key) = &key {
                    onboarding_keys::keep(work, &actor, key, id).await?;
                }
                Ok(id)
            })
        })
        .await
    }

    /// Registers all sensors of a table, or none.
    ///
    /// # Errors
    /// Everything that a single one would be refused for, by row; or the database failed.
    pub async fn onboard_all(&self, all: Vec<Newcomer>, scope: Scope, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let mut wrong = Vec::new();
                for Newcomer { row, id, filed } in all {
                    match onboard_one(work, id, filed, &scope, &actor).await {
                        Ok(()) => {}
                        // The others are looked at too: whoever mends a table wants to hear all of it.
                        Err(StoreError::Refused(refused)) => wrong.push(wrong_in(row, &refused)),
                        Err(failed) => return Err(failed),
                    }
                }
                if wrong.is_empty() { Ok(()) } else { Err(StoreError::Refused(Refused::table(wrong))) }
            })
        })
        .await
    }

    /// Changes what is filed. An adopted sensor is the owner's from then on.
    ///
    /// # Errors
    /// When the sensor does not exist or was deleted, the name is taken, or the database failed.
    pub async fn edit(
        &self,
        sensor: SensorId,
        edit: Edit,
        scope: Scope,
        actor: Actor,
    ) -> Result<Registration, Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let mut registration = living(&mut work.connection, sensor).await?;
                let before = told(&registration.filed);
                let mut filed = edit(registration.filed)?;
                filed.check()?;
                filed.subscription = file_subscription(work, filed.subscription, &scope).await?;
                refuse_taken_name(work, &filed, sensor).await?;
                hubs::named(work, &filed.mode).await?;
                registration.filed = filed;
                if registration.origin == Origin::Adopted {
                    registration.origin = Origin::Onboarded;
                }
                update(work, &registration).await?;
                let after = told(&registration.filed);
                audit::record(work, &actor, "sensor-edited", Some(sensor), Some(&before), Some(&after)).await?;
                Ok(registration)
            })
        })
        .await
    }

    /// Deletes a sensor: its keys open the heartbeat route only, and are answered with the deactivation.
    ///
    /// # Errors
    /// When the sensor does not exist or was deleted, or the database failed.
    pub async fn delete(&self, sensor: SensorId, cti: Cti, reason: Label, actor: Actor) -> Result<Serial, Refused> {
        let decided_by: Label =
            actor.0.parse().map_err(|_| Refused::invalid("the caller's name cannot stand in a deactivation"))?;
        self.write(move |work| {
            Box::pin(async move {
                living(&mut work.connection, sensor).await?;
                let serial = next_serial(work).await?;
                let stored = StoredDeletion { serial, cti, reason: reason.clone(), decided_by, at: work.now };
                database::query(
                    "UPDATE sensors SET deletion = ?, deleted_at = ?, push_serial = NULL, push_file = NULL WHERE id = ?",
                )
                .bind(to_json(&stored)?)
                .bind(work.now.0)
                .bind(&sensor.as_bytes()[..])
                .execute(&mut work.connection)
                .await?;
                work.touch(sensor);
                let after = json!({ "reason": reason, "serial": serial });
                audit::record(work, &actor, "sensor-deleted", Some(sensor), None, Some(&after)).await?;
                Ok(serial)
            })
        })
        .await
    }
}

async fn onboard_one(
    work: &mut Work,
    id: SensorId,
    mut filed: Filed,
    scope: &Scope,
    actor: &Actor,
) -> Result<(), StoreError> {
    filed.check()?;
    filed.subscription = file_subscription(work, filed.subscription, scope).await?;
    register(work, id, filed, actor).await
}

/// Registers a sensor whose subscription is known.
async fn register(work: &mut Work, id: SensorId, filed: Filed, actor: &Actor) -> Result<(), StoreError> {
    let (origin, created_at) = (Origin::Onboarded, work.now);
    let registration = Registration { id, origin, filed, created_at, committed: None, push: None, deletion: None };
    refuse_taken_name(work, &registration.filed, id).await?;
    hubs::named(work, &registration.filed.mode).await?;
    insert(work, &registration).await?;
    let after = told(&registration.filed);
    audit::record(work, actor, "sensor-onboarded", Some(id), None, Some(&after)).await?;
    Ok(())
}

fn wrong_in(row: usize, refused: &Refused) -> Wrong {
    let column = match refused {
        Refused::NameTaken { .. } => Some("name"),
        Refused::Forbidden { .. } => Some("subscription"),
        _ => None,
    };
    let problem = refused.problem();
    Wrong { row, column: column.map(str::to_owned), code: problem.code, why: problem.detail }
}

/// What an audit record says of a registration: no token.
fn told(filed: &Filed) -> Value {
    let mut value = serde_json::to_value(filed).unwrap_or_default();
    if let Some(console) = value.pointer_mut("/mode/console/pairing_token") {
        *console = Value::String("…".to_owned());
    }
    value
}

/// A registration that is not deleted.
pub(super) async fn living(connection: &mut Connection, sensor: SensorId) -> Result<Registration, StoreError> {
    let found = find(connection, sensor).await?.ok_or_else(|| Refused::no_sensor(sensor))?;
    if found.deletion.is_some() {
        return Err(StoreError::Refused(Refusal::Deleted { sensor }.into()));
    }
    Ok(found)
}

pub(super) async fn find(connection: &mut Connection, sensor: SensorId) -> Result<Option<Registration>, sqlx::Error> {
    let query =
        format!("SELECT {REGISTRATION} FROM sensors s JOIN subscriptions u ON u.id = s.subscription WHERE s.id = ?");
    let row = database::query(query).bind(&sensor.as_bytes()[..]).fetch_optional(connection).await?;
    row.as_ref().map(registration).transpose()
}

async fn refuse_taken_name(work: &mut Work, filed: &Filed, but: SensorId) -> Result<(), StoreError> {
    let query = database::scalar::<i64>(
        "SELECT count(*) FROM sensors WHERE subscription = ? AND name = ? AND id <> ? AND deleted_at IS NULL \
         AND origin = 'onboarded'",
    );
    let taken = query
        .bind(&filed.subscription.id.as_bytes()[..])
        .bind(filed.name.as_str())
        .bind(&but.as_bytes()[..])
        .fetch_one(&mut work.connection)
        .await?;
    if taken > 0 {
        return Err(StoreError::Refused(Refused::NameTaken { name: filed.name.to_string() }));
    }
    Ok(())
}

/// The subscription of that name; a new one gets the id that the caller drew. It must be in their scope.
async fn file_subscription(work: &mut Work, offered: Subscription, scope: &Scope) -> Result<Subscription, StoreError> {
    database::query("INSERT INTO subscriptions (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(&offered.id.as_bytes()[..])
        .bind(offered.name.as_str())
        .execute(&mut work.connection)
        .await?;
    let row = database::query("SELECT id FROM subscriptions WHERE name = ?")
        .bind(offered.name.as_str())
        .fetch_one(&mut work.connection)
        .await?;
    let id = id::<SubscriptionId>(row.try_get("id")?)?;
    if !scope.covers(id) {
        return Err(StoreError::Refused(Refused::Forbidden { needs: PersonRole::Contributor, everywhere: false }));
    }
    Ok(Subscription { id, name: offered.name })
}

pub(super) async fn insert(work: &mut Work, registration: &Registration) -> Result<(), sqlx::Error> {
    database::query(
        "INSERT INTO sensors (id, origin, name, subscription, tags, mode, binding, upload_days, created_at) \
         VALUES (?, ?, '', ?, '{}', '', '', 0, ?)",
    )
    .bind(&registration.id.as_bytes()[..])
    .bind(registration.origin.as_str())
    .bind(&registration.filed.subscription.id.as_bytes()[..])
    .bind(registration.created_at.0)
    .execute(&mut work.connection)
    .await?;
    update(work, registration).await
}

async fn update(work: &mut Work, registration: &Registration) -> Result<(), sqlx::Error> {
    let filed = &registration.filed;
    let hub = match &filed.mode {
        ModeChoice::CloudConnected { hub, .. } => *hub,
        ModeChoice::LocallyManaged { .. } => None,
    };
    work.touch(registration.id);
    database::query(
        "UPDATE sensors SET origin = ?, name = ?, subscription = ?, site = ?, zone = ?, tags = ?, mode = ?, hub = ?, \
         binding = ?, licence_until = ?, upload_days = ? WHERE id = ?",
    )
    .bind(registration.origin.as_str())
    .bind(filed.name.as_str())
    .bind(&filed.subscription.id.as_bytes()[..])
    .bind(filed.site.as_ref().map(Label::as_str))
    .bind(filed.zone.as_ref().map(Label::as_str))
    .bind(to_json(&filed.tags)?)
    .bind(to_json(&filed.mode)?)
    .bind(hub.as_ref().map(|hub| &hub.0.as_bytes()[..]))
    .bind(to_json(&filed.binding)?)
    .bind(filed.licence_until.map(|at| at.0))
    .bind(u32::from(filed.upload_window))
    .bind(&registration.id.as_bytes()[..])
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

/// A sensor of a management console says its name.
pub(super) async fn rename(work: &mut Work, sensor: SensorId, name: &SensorName) -> Result<(), sqlx::Error> {
    let query = database::query("UPDATE sensors SET name = ? WHERE id = ?");
    query.bind(name.as_str()).bind(&sensor.as_bytes()[..]).execute(&mut work.connection).await?;
    Ok(())
}

/// The sensor knows that it was deleted.
pub(super) async fn acknowledge(work: &mut Work, sensor: SensorId) -> Result<(), sqlx::Error> {
    let query = database::query("UPDATE sensors SET acknowledged_at = coalesce(acknowledged_at, ?) WHERE id = ?");
    query.bind(work.now.0).bind(&sensor.as_bytes()[..]).execute(&mut work.connection).await?;
    Ok(())
}

/// Draws the next serial.
pub(super) async fn next_serial(work: &mut Work) -> Result<Serial, sqlx::Error> {
    let last: i64 = database::scalar("SELECT last FROM serials").fetch_one(&mut work.connection).await?;
    let next = serials::next(serial(last), work.now_milliseconds);
    raise_last_serial(work, next).await?;
    Ok(next)
}

/// A serial that is known to have been issued is never issued again.
pub(super) async fn raise_last_serial(work: &mut Work, issued: Serial) -> Result<(), sqlx::Error> {
    let query = database::query("UPDATE serials SET last = ?1 WHERE last < ?1").bind(int(issued.0));
    query.execute(&mut work.connection).await?;
    Ok(())
}
