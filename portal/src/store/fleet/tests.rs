//! Lists and counts, against the domain's own words.

use std::collections::BTreeSet;

use picket_protocol::{
    heartbeat::{Chain, Component, Heartbeat, Standing, Versions},
    ids::{Cti, Serial, Thumbprint},
};
use tokio::sync::watch;

use super::*;
use crate::{
    database,
    domain::{
        chain::Suspicion,
        connection::{Facts, Troubled, disconnected_after},
        heartbeat::{Certified, Policy, Reply, Summary, adopted_registration},
        registration::Origin,
        role::Role,
    },
    store::{Actor, Spoken, sensors, standings},
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

#[tokio::test]
async fn a_name_is_found_whatever_the_case_in_any_language() {
    let folder = tempfile::tempdir().unwrap();
    let store = fleet_of(&folder, 2).await;
    let edit = Box::new(|mut filed: crate::domain::registration::Filed| {
        filed.zone = "ÄUSSERE Halle".parse().ok();
        Ok(filed)
    });
    store.edit(SensorId::from_bytes([1; 16]), edit, Scope::ALL, Actor("admin".to_owned())).await.unwrap();
    let filter = FleetFilter { text: Some("äußERE".replace('ß', "ss")), ..FleetFilter::default() };
    assert_eq!(names(&store, &filter, Sort::Name, 10).await.concat(), ["Pump 01"]);
}

/// Every way a sensor can stand, as far as lists tell.
fn all_facts() -> Vec<Facts> {
    let hub = Troubled::default().with(Component::Hub);
    let troubles = [Troubled::default(), hub, hub.with(Component::Disk)];
    let suspicions = [Suspicion::None, Suspicion::Restored { at: NOW }, Suspicion::PossibleClone { since: NOW }];
    let silences = [None, Some(0), Some(300), Some(301), Some(2700), Some(2701)];
    let mut all = Vec::new();
    for (mode, deleted) in [(Mode::CloudConnected, false), (Mode::LocallyManaged, false), (Mode::CloudConnected, true)]
    {
        for silence in silences {
            for interval_seconds in [60, 900] {
                for suspicion in suspicions {
                    for troubled in troubles {
                        for issued in [5, 6] {
                            all.push(Facts {
                                mode,
                                reports_here: mode == Mode::CloudConnected,
                                deleted,
                                last_seen: silence.map(|seconds| NOW.plus(-seconds)),
                                interval_seconds,
                                committed: Some(Serial(5)),
                                issued: Some(Serial(issued)),
                                troubled,
                                suspicion,
                                listening_since: UnixSeconds(0),
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

fn numbered(number: usize) -> SensorId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    SensorId::from_bytes(bytes)
}

/// As [`standings::refresh`] would write it of a sensor with these facts.
async fn stand(store: &Store, all: Vec<Facts>) {
    let change = store.write(move |work| {
        Box::pin(async move {
            for (number, facts) in all.into_iter().enumerate() {
                let id = numbered(number);
                let registration = adopted_registration(id, Origin::Onboarded, None, NOW);
                sensors::insert(work, &registration).await?;
                standings::refresh(&mut work.connection, &[id]).await?;
                let cloud = u8::from(facts.mode == Mode::CloudConnected);
                database::query("UPDATE standings SET cloud = ?, deleted = ?, suspicion = ?, pending = ? WHERE sensor = ?")
                    .bind(cloud)
                    .bind(u8::from(facts.deleted))
                    .bind(standings::suspicion(facts.suspicion))
                    .bind(u8::from(facts.issued > facts.committed))
                    .bind(&id.as_bytes()[..])
                    .execute(&mut work.connection)
                    .await?;
                database::query(
                    "UPDATE contacts SET cloud = ?, deleted = ?, last_seen = ?, patience = ?, ability = ? WHERE sensor = ?",
                )
                .bind(cloud)
                .bind(u8::from(facts.deleted))
                .bind(facts.last_seen.map_or(0, |at| at.0))
                .bind(disconnected_after(facts.interval_seconds))
                .bind(standings::ability(facts.troubled.ability()))
                .bind(&id.as_bytes()[..])
                .execute(&mut work.connection)
                .await?;
            }
            work.touched.clear(); // the rows shall stay as they were just written
            Ok(())
        })
    });
    change.await.unwrap();
}

#[tokio::test]
async fn the_database_says_of_every_sensor_what_the_domain_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = fleet_of(&folder, 0).await;
    let all = all_facts();
    stand(&store, all.clone()).await;
    for (role, listening_since) in [
        (Role::Portal, UnixSeconds(0)),
        (Role::Portal, NOW.plus(-300)),
        (Role::Portal, NOW.plus(-301)),
        (Role::ManagementConsole, NOW.plus(-2700)),
        (Role::ManagementConsole, NOW.plus(-2701)),
    ] {
        let viewpoint = Viewpoint { role, listening_since };
        let heard = if role == Role::Portal { Mode::CloudConnected } else { Mode::LocallyManaged };
        let said: Vec<Facts> =
            all.iter().map(|facts| Facts { reports_here: facts.mode == heard, listening_since, ..*facts }).collect();
        for connection in Connection::ALL {
            let filter = FleetFilter { connection: Some(connection), deleted_too: true, ..FleetFilter::default() };
            let by_domain = those(&said, |facts| facts.connection(NOW) == connection);
            assert_eq!(found(&store, filter, viewpoint).await, by_domain, "{viewpoint:?} {connection:?}");
        }
        for health in Health::ALL {
            let filter = FleetFilter { health: Some(health), deleted_too: true, ..FleetFilter::default() };
            let by_domain = those(&said, |facts| facts.health(NOW) == health);
            assert_eq!(found(&store, filter, viewpoint).await, by_domain, "{viewpoint:?} {health:?}");
        }
        let counts = store.counts(&Scope::ALL, viewpoint, NOW).await.unwrap();
        let silent = |facts: &Facts| !facts.deleted && facts.connection(NOW) == Connection::Disconnected;
        assert_eq!(counts.disconnected, i64::try_from(those(&said, silent).len()).unwrap(), "{viewpoint:?}");
    }
}

fn those(said: &[Facts], such: impl Fn(&Facts) -> bool) -> BTreeSet<SensorId> {
    said.iter().enumerate().filter(|(_, facts)| such(facts)).map(|(number, _)| numbered(number)).collect()
}

async fn found(store: &Store, filter: FleetFilter, viewpoint: Viewpoint) -> BTreeSet<SensorId> {
    let query = FleetQuery { filter, limit: 10_000, ..FleetQuery::default() };
    let page = store.fleet(&query, &Scope::ALL, viewpoint, NOW).await.unwrap();
    page.sensors.iter().map(|view| view.registration.id).collect()
}

/// Says a heartbeat, the next of its chain.
async fn speak(store: &Store, key: u8, sensor: SensorId, counter: u64, standing: Standing, interval: u32) -> Reply {
    let certified =
        Certified { thumbprint: Thumbprint::from_bytes([key; 32]), sensor, serial: Some(Serial(u64::from(key))) };
    let heartbeat = Heartbeat {
        chain: Chain { counter, nonce: [key; 16], previous: None },
        sensor,
        serial: Serial(u64::from(key)),
        standing,
        versions: Versions { agent: "1".into(), engine: None },
        status: None,
    };
    let bytes = heartbeat.encode();
    let troubled = Troubled::default().with(Component::Hub);
    let summary = Summary { version: "1".into(), interval_seconds: Some(interval), troubled };
    let digest = Heartbeat::digest(&bytes);
    store.hear(Spoken { certified, heartbeat, body: bytes.into(), digest, summary }).await.unwrap()
}

/// Both tables, row by row.
async fn rows(store: &Store) -> Vec<String> {
    let all = "SELECT hex(s.sensor) || ' ' || s.words || ' ' || hex(s.subscription) || ' ' || s.cloud || ' ' || s.deleted \
               || ' ' || s.suspicion || ' ' || s.pending || ' ' || hex(c.subscription) || ' ' || c.cloud || ' ' || \
               c.deleted || ' ' || coalesce(c.identity, 0) || ' ' || c.last_seen || ' ' || c.patience || ' ' || c.ability \
               AS said FROM standings s JOIN contacts c ON c.standing = s.row ORDER BY s.sensor";
    let rows = database::query(all).fetch_all(&store.readers).await.unwrap();
    rows.iter().map(|row| row.try_get("said").unwrap()).collect()
}

async fn stand_as_read_anew(store: &Store, after: &str) {
    let kept = rows(store).await;
    let refreshed = store.write(|work| {
        Box::pin(async move {
            database::query("DELETE FROM contacts").execute(&mut work.connection).await?;
            database::query("DELETE FROM standings").execute(&mut work.connection).await?;
            Ok(())
        })
    });
    refreshed.await.unwrap();
    let completed = store.write(|work| {
        Box::pin(async move {
            let sensors = database::query("SELECT id FROM sensors").fetch_all(&mut work.connection).await?;
            for row in sensors {
                work.touch(crate::store::rows::sensor_id(&row, "id")?);
            }
            Ok(())
        })
    });
    completed.await.unwrap();
    assert_eq!(kept, rows(store).await, "after {after}");
}

#[tokio::test]
async fn rows_follow_whatever_happens_to_a_sensor() {
    let folder = tempfile::tempdir().unwrap();
    let store = fleet_of(&folder, 2).await;
    let (sensor, stranger) = (SensorId::from_bytes([1; 16]), SensorId::from_bytes([7; 16]));
    stand_as_read_anew(&store, "onboarding").await;
    speak(&store, 5, sensor, 1, Standing::Candidate, 60).await;
    stand_as_read_anew(&store, "a candidate's heartbeat").await;
    speak(&store, 5, sensor, 2, Standing::Committed, 60).await;
    stand_as_read_anew(&store, "a first commit").await;
    assert!(rows(&store).await.iter().any(|row| row.ends_with(" 300 1")), "a hub is missed");
    speak(&store, 5, sensor, 3, Standing::Committed, 900).await;
    assert!(rows(&store).await.iter().any(|row| row.ends_with(" 2700 1")), "no heartbeat is overlooked");
    stand_as_read_anew(&store, "another interval").await;
    speak(&store, 6, sensor, 1, Standing::Committed, 60).await;
    stand_as_read_anew(&store, "a later key's commit").await;
    speak(&store, 5, sensor, 4, Standing::Committed, 900).await;
    stand_as_read_anew(&store, "a superseded key's heartbeat").await;
    for _ in 0..2 {
        speak(&store, 6, sensor, 1, Standing::Committed, 60).await;
        speak(&store, 6, sensor, 9, Standing::Committed, 60).await;
        stand_as_read_anew(&store, "a fork").await;
    }
    speak(&store, 8, stranger, 1, Standing::Committed, 60).await;
    stand_as_read_anew(&store, "a stranger's heartbeat").await;
    speak(&store, 8, sensor, 1, Standing::Candidate, 60).await;
    stand_as_read_anew(&store, "a key that speaks for another").await;
    store.delete(sensor, Cti::from_bytes([1; 16]), "gone".parse().unwrap(), Actor("admin".to_owned())).await.unwrap();
    stand_as_read_anew(&store, "deletion").await;
}

#[tokio::test]
async fn what_is_rare_is_found_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let store = fleet_of(&folder, 0).await;
    let many = usize::try_from(STRETCH).unwrap() + 50;
    let facts = all_facts()[0];
    let mut all = vec![facts; many];
    for (number, facts) in all.iter_mut().enumerate() {
        facts.last_seen = (number % 500 == 499 || number + 2 > many).then_some(NOW);
    }
    stand(&store, all.clone()).await;
    let connected = FleetFilter { connection: Some(Connection::Connected), ..FleetFilter::default() };
    for sort in Sort::ALL {
        let pages = names(&store, &connected, sort, 2).await;
        assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), 5, "{sort:?} {pages:?}");
        assert!(pages.iter().all(|page| !page.is_empty()), "{sort:?}");
    }
}
