//! What the database gives back.

use std::collections::BTreeSet;

use picket_protocol::{
    ids::{SensorId, Thumbprint},
    time::UnixSeconds,
};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::database;
use crate::{
    alerts::{AlertStore, Bounds},
    authority::certificates::make_authority,
    domain::{
        access::Scope,
        heartbeat::{Policy, adopted_registration},
        refused::Refused,
        registration::Origin,
        role::Role,
    },
    sharing::{
        destination::{Cursor, Destination, DestinationId, Target},
        event::{Affected, HealthKind, tests::sensor},
        health::{Condition, Group, News},
        rules::Rule,
    },
    store::{Actor, Store},
};

const KEY: Thumbprint = Thumbprint::from_bytes([4; 32]);

pub(in crate::sharing) async fn open(folder: &TempDir) -> Store {
    let policy = Policy { role: Role::Portal, interval_seconds: None, newest_root: 1 };
    Store::open(&database::testing::address(folder.path()).await, watch::channel(policy).1).await.unwrap().0
}

pub(in crate::sharing) async fn register(store: &Store, number: u8) -> SensorId {
    let named = sensor(number);
    let filed = adopted_registration(named.id, Origin::Onboarded, Some(named.name), UnixSeconds(1)).filed;
    store.onboard(named.id, filed, Scope::ALL, None, actor()).await.unwrap()
}

fn actor() -> Actor {
    Actor("admin".to_owned())
}

/// Rows as heartbeats and alarms leave them.
pub(in crate::sharing) async fn insert(store: &Store, statements: &'static [&'static str]) {
    let written = store.write(move |work| {
        Box::pin(async move {
            for statement in statements {
                // Bytes as PostgreSQL writes them.
                let shared = work.connection.is_shared();
                let statement = if shared { statement.replace("x'", "'\\x") } else { (*statement).to_owned() };
                database::query(statement).execute(&mut work.connection).await?;
            }
            Ok(())
        })
    });
    written.await.unwrap();
}

#[tokio::test]
async fn a_sensor_stands_as_its_latest_identity_in_force_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let (heard, silent) = (register(&store, 1).await, register(&store, 2).await);
    insert(&store, &[
        "INSERT INTO identities (row, thumbprint, sensor, serial, state, enrolled_at, roots) VALUES \
         (1, x'03', (SELECT id FROM sensors WHERE name = 'Pump 1'), 1, 'superseded', 0, 1), \
         (2, x'0404040404040404040404040404040404040404040404040404040404040404', \
          (SELECT id FROM sensors WHERE name = 'Pump 1'), 2, 'committed', 0, 1)",
        "INSERT INTO heartbeats (identity, chain, last_seen, roots_version, version, interval, troubled, body) VALUES \
         (1, '', 1000, 1, '', 10, 0, x''), (2, '', 2000, 1, '', 120, 0, x'')",
        "INSERT INTO alarms (id, at, sensor, kind, detail) VALUES \
         (7, 0, (SELECT id FROM sensors WHERE name = 'Pump 1'), 'possible-clone', '{}'), \
         (8, 0, (SELECT id FROM sensors WHERE name = 'Pump 2'), 'file-used-twice', '{}')",
    ])
    .await;
    store.certificate_made(KEY, [1; 16], UnixSeconds(8000)).await.unwrap();
    store.certificate_made(KEY, [2; 16], UnixSeconds(9000)).await.unwrap();

    let standing = store.standing(Role::Portal).await.unwrap();
    let one = standing.iter().find(|one| one.sensor.id == heard).unwrap();
    assert_eq!((one.last_seen, one.interval_seconds), (Some(UnixSeconds(2000)), 120));
    assert_eq!((one.clone_alarm, one.certificate_until), (Some(7), Some(UnixSeconds(9000))));
    assert!(one.reports_here);
    let two = standing.iter().find(|two| two.sensor.id == silent).unwrap();
    assert_eq!((two.last_seen, two.clone_alarm, two.certificate_until), (None, None, None));
    assert!(!store.standing(Role::ManagementConsole).await.unwrap()[0].reports_here);
    assert_eq!(store.named_sensors([heard, heard]).await.unwrap()[&heard].0, sensor(1));
}

#[tokio::test]
async fn what_was_told_and_the_events_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let group = Group {
        kind: HealthKind::PossibleClone,
        place: Default::default(),
        sensors: vec![Affected { sensor: sensor(1), date: Some(UnixSeconds(5)) }],
    };
    let key = (sensor(1).id, Condition::PossibleClone);
    let begun = News { groups: vec![group.clone()], begun: [(key, 7)].into(), over: BTreeSet::new() };
    assert_eq!(store.tell(begun.clone()).await, Ok(1));
    drop(store);
    let store = open(&folder).await;
    assert_eq!(store.told().await.unwrap(), begun.begun);
    let events = store.health_events(0, 10).await.unwrap();
    assert_eq!((events.len(), events[0].number, &events[0].sensors), (1, 1, &group.sensors));
    let over = News { over: [key].into(), ..News::default() };
    assert_eq!(store.tell(over).await, Ok(1), "no event");
    assert!(store.told().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_destination_begins_at_the_newest_and_counts_what_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let group = Group { kind: HealthKind::SensorBack, place: Default::default(), sensors: Vec::new() };
    store.tell(News { groups: vec![group; 3], ..News::default() }).await.unwrap();
    let ca = make_authority("ca", UnixSeconds(1_800_000_000)).unwrap().certificate;
    let id = DestinationId(uuid::Uuid::from_u128(1));
    let target = Target::syslog("siem.example", &ca).unwrap();
    let siem = Destination { id, name: "siem".parse().unwrap(), target, rule: Rule::default() };
    store.add_destination(siem.clone(), 40, actor()).await.unwrap();
    let again = Destination { id: DestinationId(uuid::Uuid::from_u128(2)), ..siem.clone() };
    let taken = store.add_destination(again, 40, actor()).await;
    assert_eq!(taken, Err(Refused::NameTaken { name: "siem".to_owned() }));

    let (kept, progress) = store.destination(id).await.unwrap();
    assert_eq!((kept, progress.cursor), (siem, Cursor { alert: 40, health: 3 }));
    store.destination_failed(id, &"x".repeat(10_000)).await.unwrap();
    store.move_cursor(id, Cursor { alert: 50, health: 3 }, 0, 0).await.unwrap();
    let (_, waiting) = store.destination(id).await.unwrap();
    assert!(waiting.failing && waiting.delivered_at.is_none(), "nothing was taken");
    assert_eq!(waiting.failure.map(|(_, why)| why.len()), Some(500));
    store.move_cursor(id, Cursor { alert: 60, health: 4 }, 9, 1).await.unwrap();
    let (_, moved) = store.destination(id).await.unwrap();
    assert_eq!((moved.cursor, moved.delivered, moved.refused), (Cursor { alert: 60, health: 4 }, 9, 1));
    assert!(!moved.failing && moved.delivered_at.is_some());

    // The database of alerts was lost, and made anew.
    let address = database::testing::address(folder.path()).await;
    let (alerts, _writer) = AlertStore::open(&address, Bounds { days: 1, bytes: u64::MAX }).await.unwrap();
    store.draw_back_cursors(alerts).await.unwrap();
    assert_eq!(store.destination(id).await.unwrap().1.cursor, Cursor { alert: 0, health: 4 });
    store.remove_destination(id, actor()).await.unwrap();
    assert!(store.destination(id).await.is_err() && store.remove_destination(id, actor()).await.is_err());
}
