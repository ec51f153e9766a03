//! The fleet as people look through it: filtered, sorted, a page at a time, and counted.
//!
//! A page is picked from the narrow rows of `standings` and `contacts`, and only its sensors are read whole. What is asked
//! for is looked for in a stretch of the order first, by its index: whatever is common is found there. Whatever is rare is
//! found by looking at every narrow row once. So no filter costs more than that, wherever its sensors stand in the order.

mod conditions;
mod counts;
mod order;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use picket_protocol::{
    documents::activation::Mode,
    ids::{SensorId, SubscriptionId},
    time::UnixSeconds,
};

use self::conditions::Asked;
use super::{
    Store, failed,
    rows::REGISTRATION,
    views::{SensorView, Viewpoint, listed, view},
};
use crate::database::Builder;
use crate::domain::{
    access::Scope,
    connection::{Connection, Health},
    refused::Refused,
};

pub use counts::Counts;
pub use order::{After, Sort};

/// Sensors of the order among which a filter's are looked for before all are looked at.
const STRETCH: u32 = 2000;

/// How a page is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Along the order, by its index.
    Order,
    /// Along the order, and not far.
    Stretch,
    /// From all of them.
    All,
}

/// Which sensors are listed.
#[derive(Debug, Clone, Default)]
pub struct FleetFilter {
    /// In name, site, zone or tags, whatever the case.
    pub text: Option<String>,
    /// Of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Of this mode.
    pub mode: Option<Mode>,
    /// So connected.
    pub connection: Option<Connection>,
    /// So well.
    pub health: Option<Health>,
    /// Deleted ones too.
    pub deleted_too: bool,
}

/// Which page is asked for.
#[derive(Debug, Clone, Default)]
pub struct FleetQuery {
    /// Which sensors.
    pub filter: FleetFilter,
    /// In which order.
    pub sort: Sort,
    /// Where it begins; none: with the first.
    pub after: Option<After>,
    /// At most so many.
    pub limit: usize,
}

/// A page of the list.
#[derive(Debug)]
pub struct FleetPage {
    /// The sensors.
    pub sensors: Vec<SensorView>,
    /// Where the next page begins, if there is one.
    pub next: Option<After>,
}

impl FleetFilter {
    /// Whether it leaves out more than the deleted.
    const fn is_narrow(&self) -> bool {
        let Self { text, subscription, mode, connection, health, deleted_too: _ } = self;
        text.is_some() || subscription.is_some() || mode.is_some() || connection.is_some() || health.is_some()
    }

    /// Whether whoever it finds is a range of the contacts' index.
    const fn is_of_contacts(&self) -> bool {
        matches!(self.connection, Some(Connection::Disconnected | Connection::NeverConnected))
            || matches!(self.health, Some(Health::Disconnected | Health::PendingActivation))
    }

    fn push(&self, query: &mut Builder, scope: &Scope, asked: Asked) {
        if !self.deleted_too {
            query.push(" AND s.deleted + 0 = 0"); // not by the index for counts: it leads all over the table
        }
        if let Some(text) = &self.text {
            query.push(" AND instr(s.words, ").push_bind(text.to_lowercase()).push(") > 0");
        }
        if let Some(subscription) = self.subscription {
            query.push(" AND s.subscription = ").push_bind(subscription.as_bytes().to_vec());
        }
        if let Some(mode) = self.mode {
            query.push(" AND s.cloud = ").push_bind(u8::from(mode == Mode::CloudConnected));
        }
        if let Some(connection) = self.connection {
            asked.push_connection(query, connection);
        }
        if let Some(health) = self.health {
            asked.push_health(query, health);
        }
        push_scope(query, scope);
    }
}

impl Store {
    /// A page of the sensors of a scope.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn fleet(
        &self,
        query: &FleetQuery,
        scope: &Scope,
        viewpoint: Viewpoint,
        now: UnixSeconds,
    ) -> Result<FleetPage, Refused> {
        self.page(query, scope, Asked { viewpoint, now }).await.map_err(|error| failed(&error))
    }

    async fn page(&self, query: &FleetQuery, scope: &Scope, asked: Asked) -> Result<FleetPage, sqlx::Error> {
        let mut picked = if query.filter.is_narrow() || scope.0.is_some() {
            match self.pick(query, scope, asked, Way::Stretch).await? {
                full if full.len() > query.limit => full,
                _ => self.pick(query, scope, asked, Way::All).await?,
            }
        } else {
            self.pick(query, scope, asked, Way::Order).await?
        };
        let more = picked.len() > query.limit;
        picked.truncate(query.limit);
        let next = picked.last().filter(|_| more).cloned();
        let sensors = self.views(&picked, asked.viewpoint).await?;
        Ok(FleetPage { sensors, next })
    }

    /// One sensor more than the page has room for, if there are so many.
    async fn pick(&self, asked: &FleetQuery, scope: &Scope, by: Asked, way: Way) -> Result<Vec<After>, sqlx::Error> {
        let FleetQuery { filter, sort, after, limit } = asked;
        let columns = sort.columns();
        let (key, sensor) = match way {
            Way::Order => (columns.key.to_owned(), columns.sensor.to_owned()),
            Way::Stretch => ("stretch.key".to_owned(), "stretch.sensor".to_owned()),
            Way::All => sort.unindexed(),
        };
        let mut query = Builder::new(format!("SELECT {key} AS key, {sensor} AS sensor FROM "));
        // SQLite looks through tables in the order in which CROSS JOIN has them.
        match way {
            Way::Order => query.push(columns.tables),
            Way::Stretch => {
                query.push("(");
                push_stretch(&mut query, *sort, after.as_ref());
                query.push(") AS stretch CROSS JOIN standings s CROSS JOIN contacts c")
            }
            // The silent and the never heard are a range of the contacts' index: nobody else is looked at.
            Way::All if filter.is_of_contacts() => query.push("contacts c CROSS JOIN standings s"),
            Way::All => query.push("standings s CROSS JOIN contacts c"),
        };
        query.push(" WHERE c.standing = s.row");
        if way == Way::Stretch {
            query.push(" AND s.row = stretch.row");
        }
        if let Some(after) = after.as_ref().filter(|_| way != Way::Stretch) {
            sort.push_after(&mut query, after, &key, &sensor);
        }
        filter.push(&mut query, scope, by);
        query.push(sort.by(&key, &sensor)).push(" LIMIT ").push_bind(u32::try_from(limit + 1).unwrap_or(u32::MAX));
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(|row| sort.place_of(row)).collect()
    }

    /// These sensors, in this order.
    async fn views(&self, picked: &[After], viewpoint: Viewpoint) -> Result<Vec<SensorView>, sqlx::Error> {
        if picked.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Builder::new(format!("SELECT {REGISTRATION}, {} WHERE s.id IN (", listed()));
        query.push_list(picked.iter().map(|place| place.sensor().as_bytes().to_vec())).push(")");
        let rows = query.build().fetch_all(&self.readers).await?;
        let views = rows.iter().map(|row| view(row, viewpoint)).collect::<Result<Vec<_>, _>>()?;
        let mut views: HashMap<SensorId, SensorView> =
            views.into_iter().map(|view| (view.registration.id, view)).collect();
        Ok(picked.iter().filter_map(|place| views.remove(&place.sensor())).collect())
    }
}

/// The first of what comes after, whether it is asked for or not.
fn push_stretch(query: &mut Builder, sort: Sort, after: Option<&After>) {
    let order::Columns { key, sensor, rows, .. } = sort.columns();
    query.push(format!("SELECT {key} AS key, {sensor} AS sensor, {rows} WHERE 1 = 1"));
    if let Some(after) = after {
        sort.push_after(query, after, key, sensor);
    }
    query.push(sort.by(key, sensor)).push(" LIMIT ").push_bind(STRETCH);
}

/// Leaves what is in the scope; `sensors` or `standings` is `s`.
pub(super) fn push_scope(query: &mut Builder, scope: &Scope) {
    push_scope_of(query, "s", scope);
}

/// As [`push_scope`], of another table.
fn push_scope_of(query: &mut Builder, table: &str, scope: &Scope) {
    let Some(listed) = &scope.0 else { return };
    if listed.is_empty() {
        query.push(" AND 1 = 0");
        return;
    }
    let subscriptions = listed.iter().map(|subscription| subscription.as_bytes().to_vec());
    query.push(format!(" AND {table}.subscription IN (")).push_list(subscriptions).push(")");
}
