//! The fleet as people look through it: filtered, sorted, a page at a time, and counted.

use picket_protocol::{
    documents::activation::Mode,
    ids::{SensorId, SubscriptionId},
    time::UnixSeconds,
};
use serde::{Deserialize, Serialize};

use super::{
    Store, failed,
    views::{STANDING, SensorView, Viewpoint, view},
};
use crate::database::Builder;
use crate::domain::{
    access::Scope,
    connection::{Connection, DEFAULT_INTERVAL, Health, disconnected_after},
    refused::Refused,
    role::Role,
};

/// Rows read in one go when what is filtered by is not in the database.
const CHUNK: u32 = 500;

/// What the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By site, then name.
    Site,
    /// The longest silent first.
    LastSeen,
    /// The newest first.
    Newest,
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

/// Where a page begins: after the sensor with this key and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct After(Key, SensorId);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
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

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Registered and not deleted.
    pub onboarded: i64,
    /// Whose mode is cloud-connected.
    pub cloud_connected: i64,
    /// Whose mode is locally managed.
    pub locally_managed: i64,
    /// That should be heard and are not.
    pub disconnected: i64,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::Site, Self::LastSeen, Self::Newest];

    /// The expression that is ordered by, and whether downwards.
    const fn key(self) -> (&'static str, bool) {
        match self {
            Self::Name => ("s.name", false),
            Self::Site => ("coalesce(s.site, '') || '\n' || s.name", false),
            Self::LastSeen => ("coalesce(h.last_seen, 0)", false),
            Self::Newest => ("s.created_at", true),
        }
    }

    fn key_of(self, view: &SensorView) -> Key {
        let filed = &view.registration.filed;
        match self {
            Self::Name => Key::Text(filed.name.to_string()),
            Self::Site => {
                let site = filed.site.as_ref().map_or("", |site| site.as_str());
                Key::Text(format!("{site}\n{}", filed.name))
            }
            Self::LastSeen => Key::Number(view.facts.last_seen.map_or(0, |at| at.0)),
            Self::Newest => Key::Number(view.registration.created_at.0),
        }
    }
}

impl FleetFilter {
    /// What is computed when asked, and stands in no column.
    fn lets_through(&self, view: &SensorView, now: UnixSeconds) -> bool {
        self.connection.is_none_or(|wanted| view.facts.connection(now) == wanted)
            && self.health.is_none_or(|wanted| view.facts.health(now) == wanted)
    }

    fn push(&self, query: &mut Builder) {
        if !self.deleted_too {
            query.push(" AND s.deleted_at IS NULL");
        }
        if let Some(text) = &self.text {
            let text = text.to_lowercase();
            query.push(" AND instr(lower(s.name || ' ' || coalesce(s.site, '') || ' ' || coalesce(s.zone, '') || ' ' || s.tags), ");
            query.push_bind(text).push(") > 0");
        }
        if let Some(subscription) = self.subscription {
            query.push(" AND s.subscription = ").push_bind(subscription.as_bytes().to_vec());
        }
        if let Some(mode) = self.mode {
            query.push(" AND s.mode LIKE ").push_bind(mode_pattern(mode));
        }
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
        let FleetQuery { filter, sort, after, limit } = query;
        let (sort, limit) = (*sort, *limit);
        let computed = filter.connection.is_some() || filter.health.is_some();
        let chunk = if computed { CHUNK } else { u32::try_from(limit + 1).unwrap_or(CHUNK) };
        let (mut sensors, mut from) = (Vec::new(), after.clone());
        loop {
            let read = self.chunk(filter, sort, from.as_ref(), chunk, scope, viewpoint).await;
            let read = read.map_err(|error| failed(&error))?;
            let whole = read.len() < usize::try_from(chunk).unwrap_or(usize::MAX);
            from = read.last().map(|last| After(sort.key_of(last), last.registration.id));
            sensors.extend(read.into_iter().filter(|view| filter.lets_through(view, now)));
            if whole || sensors.len() > limit {
                break;
            }
        }
        let more = sensors.len() > limit;
        sensors.truncate(limit);
        let next = sensors.last().filter(|_| more).map(|last| After(sort.key_of(last), last.registration.id));
        Ok(FleetPage { sensors, next })
    }

    async fn chunk(
        &self,
        filter: &FleetFilter,
        sort: Sort,
        after: Option<&After>,
        limit: u32,
        scope: &Scope,
        viewpoint: Viewpoint,
    ) -> Result<Vec<SensorView>, sqlx::Error> {
        let (key, down) = sort.key();
        let mut query = Builder::new(format!("SELECT {}, {STANDING} WHERE 1 = 1", super::rows::REGISTRATION));
        filter.push(&mut query);
        push_scope(&mut query, scope);
        if let Some(After(last, id)) = after {
            query.push(format!(" AND ({key}, s.id) {} (", if down { "<" } else { ">" }));
            match last {
                Key::Number(number) => query.push_bind(*number),
                Key::Text(text) => query.push_bind(text.clone()),
            };
            query.push(", ").push_bind(id.as_bytes().to_vec()).push(")");
        }
        let way = if down { "DESC" } else { "ASC" };
        query.push(format!(" ORDER BY {key} {way}, s.id {way} LIMIT ")).push_bind(limit);
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(|row| view(row, viewpoint)).collect()
    }

    /// Counts the sensors of a scope.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn counts(&self, scope: &Scope, viewpoint: Viewpoint, now: UnixSeconds) -> Result<Counts, Refused> {
        self.count(scope, viewpoint, now).await.map_err(|error| failed(&error))
    }

    async fn count(&self, scope: &Scope, viewpoint: Viewpoint, now: UnixSeconds) -> Result<Counts, sqlx::Error> {
        let mut query = Builder::new("SELECT count(*) AS onboarded, count(*) FILTER (WHERE s.mode LIKE ");
        query.push_bind(mode_pattern(Mode::CloudConnected));
        query.push(") AS cloud FROM sensors s WHERE s.deleted_at IS NULL");
        push_scope(&mut query, scope);
        let row = query.build().fetch_one(&self.readers).await?;
        let (onboarded, cloud_connected): (i64, i64) = (row.try_get("onboarded")?, row.try_get("cloud")?);
        let locally_managed = onboarded - cloud_connected;
        let disconnected = self.count_disconnected(scope, viewpoint, now).await?;
        Ok(Counts { onboarded, cloud_connected, locally_managed, disconnected })
    }

    /// Those that were silent for the shortest time that counts are looked at one by one: the domain judges.
    async fn count_disconnected(
        &self,
        scope: &Scope,
        viewpoint: Viewpoint,
        now: UnixSeconds,
    ) -> Result<i64, sqlx::Error> {
        let heard = match viewpoint.role {
            Role::Portal => Mode::CloudConnected,
            Role::ManagementConsole => Mode::LocallyManaged,
        };
        // The latest of a sensor's keys in force; looked for only where one was silent.
        let mut query = Builder::new(
            "SELECT h.last_seen, h.interval FROM heartbeats h \
             JOIN identities i ON i.row = h.identity AND i.state = 'committed' JOIN sensors s ON s.id = i.sensor \
             WHERE NOT EXISTS (SELECT 1 FROM identities j JOIN heartbeats g ON g.identity = j.row \
             WHERE j.sensor = i.sensor AND j.state = 'committed' \
             AND (g.last_seen, g.identity) > (h.last_seen, h.identity)) \
             AND s.deleted_at IS NULL AND h.last_seen < ",
        );
        query.push_bind(now.0 - disconnected_after(0)).push(" AND s.mode LIKE ").push_bind(mode_pattern(heard));
        push_scope(&mut query, scope);
        let mut count = 0;
        for row in query.build().fetch_all(&self.readers).await? {
            let seen = UnixSeconds(row.try_get("last_seen")?).max(viewpoint.listening_since);
            let interval = row.small::<u32>("interval")?.unwrap_or(DEFAULT_INTERVAL);
            count += i64::from(now.since(seen) > disconnected_after(interval));
        }
        Ok(count)
    }
}

/// The mode is the first that its JSON says.
fn mode_pattern(mode: Mode) -> String {
    format!("{{\"mode\":\"{mode}\"%")
}

/// Leaves what is in the scope; `sensors` is `s`.
pub(super) fn push_scope(query: &mut Builder, scope: &Scope) {
    let Some(listed) = &scope.0 else { return };
    if listed.is_empty() {
        query.push(" AND 1 = 0");
        return;
    }
    let subscriptions = listed.iter().map(|subscription| subscription.as_bytes().to_vec());
    query.push(" AND s.subscription IN (").push_list(subscriptions).push(")");
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::{
        database,
        domain::{
            heartbeat::{Policy, adopted_registration},
            registration::Origin,
        },
        store::Actor,
    };

    const VIEWPOINT: Viewpoint = Viewpoint { role: Role::Portal, listening_since: UnixSeconds(0) };
    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    async fn fleet_of(folder: &tempfile::TempDir, sensors: u8) -> Store {
        let policy = Policy { role: Role::Portal, interval_seconds: None, newest_root: 1 };
        let store =
            Store::open(&database::testing::address(folder.path()).await, watch::channel(policy).1).await.unwrap().0;
        for number in 0..sensors {
            let id = SensorId::from_bytes([number; 16]);
            let name = format!("Pump {number:02}").parse().ok();
            let mut filed = adopted_registration(id, Origin::Onboarded, name, NOW).filed;
            filed.site = [None, "North".parse().ok(), "south".parse().ok()][usize::from(number % 3)].clone();
            store.onboard(id, filed, Scope::ALL, None, Actor("admin".to_owned())).await.unwrap();
        }
        store
    }

    async fn names(store: &Store, filter: &FleetFilter, sort: Sort, limit: usize) -> Vec<Vec<String>> {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let query = FleetQuery { filter: filter.clone(), sort, after, limit };
            let page = store.fleet(&query, &Scope::ALL, VIEWPOINT, NOW).await.unwrap();
            let names = page.sensors.iter().map(|view| view.registration.filed.name.to_string());
            pages.push(names.collect::<Vec<_>>());
            // As the address of a page carries it.
            after = page.next.map(|next| serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap());
            if after.is_none() {
                return pages;
            }
        }
    }

    #[tokio::test]
    async fn pages_show_every_sensor_once_in_every_order() {
        let folder = tempfile::tempdir().unwrap();
        let store = fleet_of(&folder, 23).await;
        for sort in Sort::ALL {
            let pages = names(&store, &FleetFilter::default(), sort, 5).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5, 5, 3], "{sort:?}");
            let mut all = pages.concat();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 23, "{sort:?}");
        }
        assert_eq!(names(&store, &FleetFilter::default(), Sort::Name, 23).await.len(), 1, "no empty last page");
    }

    #[tokio::test]
    async fn filters_by_what_is_stored_and_by_what_is_computed() {
        let folder = tempfile::tempdir().unwrap();
        let store = fleet_of(&folder, 12).await;
        let by = |filter| {
            let store = &store;
            async move { names(store, &filter, Sort::Name, 100).await.concat().len() }
        };
        assert_eq!(by(FleetFilter { text: Some("NORTH".into()), ..FleetFilter::default() }).await, 4);
        assert_eq!(by(FleetFilter { text: Some("pump 1".into()), ..FleetFilter::default() }).await, 2);
        assert_eq!(by(FleetFilter { mode: Some(Mode::LocallyManaged), ..FleetFilter::default() }).await, 0);
        let never = Some(Connection::NeverConnected);
        assert_eq!(by(FleetFilter { connection: never, ..FleetFilter::default() }).await, 12);
        let connected = Some(Connection::Connected);
        assert_eq!(by(FleetFilter { connection: connected, ..FleetFilter::default() }).await, 0);
        let pending = Some(Health::PendingActivation);
        assert_eq!(by(FleetFilter { health: pending, ..FleetFilter::default() }).await, 12);
    }

    #[tokio::test]
    async fn counts_agree_with_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let store = fleet_of(&folder, 4).await;
        let counts = store.counts(&Scope::ALL, VIEWPOINT, NOW).await.unwrap();
        assert_eq!(counts, Counts { onboarded: 4, cloud_connected: 4, locally_managed: 0, disconnected: 0 });
        let nothing = Scope(Some(std::collections::BTreeSet::new()));
        assert_eq!(store.counts(&nothing, VIEWPOINT, NOW).await.unwrap(), Counts::default());
    }
}
