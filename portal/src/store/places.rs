//! Where sensors are filed: subscriptions, sites and zones, how many sensors are in each; and other names for them.

use std::{fmt, str::FromStr};

use picket_protocol::{ids::SubscriptionId, names::Label, refusal::Refusal, time::UnixSeconds};
use serde::{Deserialize, Serialize};

use super::{
    Actor, Store, audit,
    change::{StoreError, Work},
    failed,
    fleet::push_scope,
    rows::{id as read_id, sensor_id},
};
use crate::database::{self, Builder, Row};
use crate::domain::{access::Scope, refused::Refused};

/// Where sensors go that were heard and are not registered.
const UNKNOWN: SubscriptionId = SubscriptionId::from_bytes([0; 16]);

/// A subscription with what is in it.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: SubscriptionId,
    /// Its name.
    pub name: String,
    /// Sensors in it that are not deleted.
    pub sensors: i64,
    /// When the first of their licences ends.
    pub licence_until: Option<UnixSeconds>,
}

/// A site or a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// Where sensors stand.
    Site,
    /// Where in the site.
    Zone,
}

/// A site or zone that sensors are filed in.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Sensors in it that are not deleted.
    pub sensors: i64,
}

impl PlaceKind {
    /// As it is written, which is the column's name too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Zone => "zone",
        }
    }
}

impl fmt::Display for PlaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PlaceKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Site, Self::Zone].into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| format!("expected site or zone, found {text:?}"))
    }
}

impl Store {
    /// The subscriptions of a scope, by name. That of unknown sensors only while there are any.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn counted_subscriptions(&self, scope: &Scope) -> Result<Vec<SubscriptionRow>, Refused> {
        let query = database::query(
            "SELECT u.id, u.name, count(s.id) AS sensors, min(s.licence_until) AS licence_until FROM subscriptions u \
             LEFT JOIN sensors s ON s.subscription = u.id AND s.deleted_at IS NULL GROUP BY u.id, u.name ORDER BY u.name",
        );
        let read = |row: &Row| -> Result<SubscriptionRow, sqlx::Error> {
            Ok(SubscriptionRow {
                id: read_id(row.try_get("id")?)?,
                name: row.try_get("name")?,
                sensors: row.try_get("sensors")?,
                licence_until: row.try_get::<Option<i64>>("licence_until")?.map(UnixSeconds),
            })
        };
        let rows = query.fetch_all(&self.readers).await;
        let all: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(read).collect());
        let mut all = all.map_err(|error| failed(&error))?;
        all.retain(|row| scope.covers(row.id) && (row.id != UNKNOWN || row.sensors > 0));
        Ok(all)
    }

    /// The sites or zones that sensors of a scope are filed in, by name.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn places(&self, kind: PlaceKind, scope: &Scope) -> Result<Vec<Place>, Refused> {
        let column = kind.as_str();
        let mut query = Builder::new(format!(
            "SELECT s.{column} AS name, count(*) AS sensors FROM sensors s WHERE s.deleted_at IS NULL AND s.{column} IS NOT NULL"
        ));
        push_scope(&mut query, scope);
        query.push(format!(" GROUP BY s.{column} ORDER BY s.{column}"));
        let rows = query.build().fetch_all(&self.readers).await;
        let read = |row: &Row| Ok(Place { name: row.try_get("name")?, sensors: row.try_get("sensors")? });
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }

    /// Adds a subscription under an id drawn by the caller.
    ///
    /// # Errors
    /// When the name is taken, or the database failed.
    pub async fn add_subscription(&self, id: SubscriptionId, name: Label, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                refuse_taken(work, &name).await?;
                let query = database::query("INSERT INTO subscriptions (id, name) VALUES (?, ?)");
                query.bind(&id.as_bytes()[..]).bind(name.as_str()).execute(&mut work.connection).await?;
                let after = serde_json::json!({ "id": id, "name": name });
                audit::record(work, &actor, "subscription-added", None, None, Some(&after)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Gives a subscription another name. Its id stays, so sensors stay whose they are; their next files say the new name.
    ///
    /// # Errors
    /// When there is none, the name is taken, or the database failed.
    pub async fn rename_subscription(&self, id: SubscriptionId, name: Label, actor: Actor) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::scalar::<String>("SELECT name FROM subscriptions WHERE id = ?");
                let before = query.bind(&id.as_bytes()[..]).fetch_optional(&mut work.connection).await?;
                let before = before.filter(|_| id != UNKNOWN);
                let what = || Refused::Protocol(Refusal::NotFound { what: format!("subscription {id}") });
                let before = before.ok_or_else(what)?;
                refuse_taken(work, &name).await?;
                let query = database::query("UPDATE subscriptions SET name = ? WHERE id = ?");
                query.bind(name.as_str()).bind(&id.as_bytes()[..]).execute(&mut work.connection).await?;
                let (was, is) =
                    (serde_json::json!({ "id": id, "name": before }), serde_json::json!({ "id": id, "name": name }));
                audit::record(work, &actor, "subscription-renamed", None, Some(&was), Some(&is)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Files all sensors of a scope that are in one site or zone in another, at once; how many.
    ///
    /// # Errors
    /// When there is none, or the database failed.
    pub async fn rename_place(
        &self,
        kind: PlaceKind,
        from: Label,
        to: Label,
        scope: Scope,
        actor: Actor,
    ) -> Result<usize, Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let mut query = Builder::new(format!("UPDATE sensors AS s SET {kind} = "));
                query.push_bind(to.as_str().to_owned());
                query.push(format!(" WHERE s.deleted_at IS NULL AND s.{kind} = ")).push_bind(from.as_str().to_owned());
                push_scope(&mut query, &scope);
                query.push(" RETURNING id");
                let rows = query.build().fetch_all(&mut work.connection).await?;
                if rows.is_empty() {
                    return Err(StoreError::Refused(Refusal::NotFound { what: format!("{kind} {from}") }.into()));
                }
                for row in &rows {
                    work.touch(sensor_id(row, "id")?);
                }
                let was = serde_json::json!({ "kind": kind, "name": from });
                let is = serde_json::json!({ "kind": kind, "name": to, "sensors": rows.len() });
                audit::record(work, &actor, "place-renamed", None, Some(&was), Some(&is)).await?;
                Ok(rows.len())
            })
        })
        .await
    }
}

async fn refuse_taken(work: &mut Work, name: &Label) -> Result<(), StoreError> {
    let query = database::scalar::<i64>("SELECT count(*) FROM subscriptions WHERE name = ?").bind(name.as_str());
    if query.fetch_one(&mut work.connection).await? > 0 {
        return Err(StoreError::Refused(Refused::NameTaken { name: name.to_string() }));
    }
    Ok(())
}
