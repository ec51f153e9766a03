//! The store of alerts: what is answered is stored, once; what fails leaves nothing behind.

use picket_protocol::{
    alerts::{AlertId, DropReason, Severity, Skip, UnixMillis, event::AlertEvent},
    ids::Epoch,
    time::UnixSeconds,
};
use tempfile::TempDir;

use super::{retention::Coming, *};
use crate::database::{self, Connection};

const KEPT: Bounds = Bounds { days: 90, bytes: u64::MAX };
const STREAM: StreamId = StreamId::from_bytes([1; 16]);

fn sensor(number: u8) -> SensorId {
    SensorId::from_bytes([number; 16])
}

async fn open(folder: &TempDir) -> (AlertStore, JoinHandle<()>) {
    AlertStore::open(&database::testing::address(folder.path()).await, KEPT).await.unwrap()
}

async fn close((store, writer): (AlertStore, JoinHandle<()>)) {
    drop(store);
    writer.await.unwrap();
}

fn alert(stream: StreamId, number: u64) -> Delivered {
    Delivered::Alert(NewAlert {
        id: AlertId { stream, number },
        epoch: Epoch(2),
        severity: Severity::from_engine(Some(1 + number % 4)),
        detected_at: UnixMillis(1_800_000_000_123),
        record: format!(r#"{{"n": {number}}}"#),
    })
}

fn skip(from: u64, to: u64) -> Delivered {
    Delivered::Skip(Skip { stream: STREAM, from, to, reason: DropReason::Full })
}

fn delivery(of: u8, events: impl IntoIterator<Item = Delivered>) -> Delivery {
    let mut delivery = Delivery::of(sensor(of));
    events.into_iter().for_each(|event| delivery.push(event).unwrap());
    delivery
}

fn alerts(of: u8, numbers: impl IntoIterator<Item = u64>) -> Delivery {
    delivery(of, numbers.into_iter().map(|number| alert(STREAM, number)))
}

/// The numbers that are stored of a sensor, as they came.
async fn numbers(store: &AlertStore, of: u8) -> Vec<u64> {
    let filter = Filter { sensors: Some(vec![sensor(of)]), severity: None };
    let page = store.page(&filter, Cursor::After(0), 10_000).await.unwrap();
    page.alerts.iter().map(|alert| alert.id.number).collect()
}

async fn confirmed(store: &AlertStore, of: u8) -> Confirmation {
    store.confirmations(sensor(of), [STREAM].iter()).await.unwrap().remove(&STREAM).unwrap()
}

#[tokio::test]
async fn an_alert_is_stored_once_however_often_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder).await;
    let store = &opened.0;
    store.take(alerts(1, [1, 2, 2, 1])).await.unwrap();
    store.take(alerts(1, 1..=5)).await.unwrap();
    store.take(alerts(2, 1..=3)).await.unwrap();
    let (a, b) = tokio::join!(store.take(alerts(1, 4..=8)), store.take(alerts(1, 6..=9)));
    assert_eq!((a, b), (Ok(()), Ok(())));
    assert_eq!(numbers(store, 1).await, (1..=9).collect::<Vec<_>>());
    assert_eq!(numbers(store, 2).await, [1, 2, 3]);

    close(opened).await;
    let (store, _writer) = open(&folder).await;
    store.take(alerts(1, 1..=10)).await.unwrap();
    assert_eq!(numbers(&store, 1).await, (1..=10).collect::<Vec<_>>());
    assert_eq!((confirmed(&store, 1).await.up_to, confirmed(&store, 3).await.up_to), (10, 0));
}

#[tokio::test]
async fn what_was_stored_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let mut newest = store.newest();
    assert_eq!(*newest.borrow_and_update(), 0);
    store.take(alerts(7, [5])).await.unwrap();
    newest.changed().await.unwrap();
    assert_eq!(*newest.borrow(), 1);
    let stored = store.after(0, 10).await.unwrap().remove(0);
    let received_at = stored.received_at;
    assert!(received_at > UnixSeconds(1_700_000_000));
    let expected = StoredAlert {
        row: 1,
        sensor: sensor(7),
        id: AlertId { stream: STREAM, number: 5 },
        epoch: Epoch(2),
        severity: Severity::Medium,
        detected_at: "2027-01-15T08:00:00.123Z".to_owned(),
        received_at,
        record: r#"{"n": 5}"#.to_owned(),
    };
    assert_eq!(stored, expected);
    assert_eq!(store.after(1, 10).await.unwrap(), []);
}

#[tokio::test]
async fn holes_and_skips_are_told_and_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder).await;
    let events = [alert(STREAM, 1), skip(2, 4), alert(STREAM, 3), alert(STREAM, 5), alert(STREAM, 9), skip(8, 12)];
    opened.0.take(delivery(1, events)).await.unwrap();
    close(opened).await;
    let (store, _writer) = open(&folder).await;
    assert_eq!(confirmed(&store, 1).await, Confirmation { up_to: 12, lacks: vec![(6, 7)] });
    let view = store.streams(sensor(1)).await.unwrap().remove(0);
    assert_eq!((view.stream, view.marks.received()), (STREAM, 3));
    assert_eq!(view.marks.dropped(), &BTreeMap::from([(DropReason::Full, 3 + 1 + 3)]));
}

#[tokio::test]
async fn skips_take_no_room_however_many_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    store.take(delivery(1, [alert(STREAM, 1), skip(2, 2)])).await.unwrap();
    let mut connection = writable(&folder).await;
    let before = retention::used(&mut connection).await.unwrap();
    store.take(delivery(1, (3..=9999).map(|number| skip(number, number)))).await.unwrap();
    assert_eq!(retention::used(&mut connection).await.unwrap(), before);
    assert_eq!(confirmed(&store, 1).await.up_to, 9999);
    assert_eq!(store.streams(sensor(1)).await.unwrap()[0].marks.dropped(), &[(DropReason::Full, 9998)].into());
}

#[tokio::test]
async fn a_delivery_that_does_not_fit_is_refused_alone_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let holes = delivery(1, (1..=5000).map(|number| alert(STREAM, number * 2)));
    let (good, refused, also) = tokio::join!(store.take(alerts(2, [1])), store.take(holes), store.take(alerts(1, [1])));
    assert!(matches!(refused, Err(Refused::StreamRefused { .. })));
    assert_eq!((good, also), (Ok(()), Ok(())));
    assert_eq!((numbers(&store, 1).await, numbers(&store, 2).await), (vec![1], vec![1]));

    let many = (0..=1024u16).map(|number| StreamId::from_bytes(u128::from(number).to_be_bytes()));
    let refused = store.take(delivery(3, many.map(|stream| alert(stream, 1)))).await;
    assert!(matches!(refused, Err(Refused::StreamRefused { .. })));
    store.take(alerts(3, [1, 2])).await.unwrap();
    assert_eq!(numbers(&store, 3).await, [1, 2]);
}

/// Lets no alert be written, and then again.
const FILE_TRAP: (&str, &str) =
    ("CREATE TRIGGER no BEFORE INSERT ON alerts BEGIN SELECT raise(ABORT, 'disk on fire'); END", "DROP TRIGGER no");
const SERVER_TRAP: (&str, &str) = (
    "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''disk on fire''; END'; \
     CREATE TRIGGER no BEFORE INSERT ON alerts EXECUTE FUNCTION no()",
    "DROP TRIGGER no ON alerts",
);

#[tokio::test]
async fn nobody_is_told_that_a_failed_commit_took_place_and_memory_follows_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    store.take(alerts(1, 1..=3)).await.unwrap();
    let mut saboteur = writable(&folder).await;
    let (trap, release) = if saboteur.is_shared() { SERVER_TRAP } else { FILE_TRAP };
    saboteur.say(trap).await.unwrap();
    let newest = *store.newest().borrow();
    let (a, b) = tokio::join!(store.take(alerts(1, 4..=6)), store.take(alerts(9, 1..=6)));
    assert_eq!((a, b), (Err(Refused::StorageFailed), Err(Refused::StorageFailed)));
    assert_eq!((confirmed(&store, 1).await.up_to, confirmed(&store, 9).await.up_to), (3, 0));
    assert_eq!(*store.newest().borrow(), newest);

    saboteur.say(release).await.unwrap();
    store.take(alerts(1, 4..=6)).await.unwrap();
    store.take(alerts(9, 1..=6)).await.unwrap();
    assert_eq!(numbers(&store, 1).await, (1..=6).collect::<Vec<_>>());
    assert_eq!(numbers(&store, 9).await, (1..=6).collect::<Vec<_>>());
}

#[tokio::test]
async fn pages_go_both_ways_through_any_filter_and_leave_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    for round in 0..20u64 {
        for of in 1..=3 {
            store.take(alerts(of, round * 4 + 1..=round * 4 + 4)).await.unwrap();
        }
    }
    let some = |of: &[u8]| Some(of.iter().map(|number| sensor(*number)).collect::<Vec<_>>());
    for (sensors, severity, expected) in [
        (None, None, 240),
        (some(&[2]), None, 80),
        (some(&[2]), Some(Severity::High), 20),
        (some(&[1, 3]), Some(Severity::Medium), 80),
        (None, Some(Severity::Informational), 240),
        (some(&[9]), None, 0),
        (some(&[]), None, 0),
    ] {
        let filter = Filter { sensors, severity };
        let forward = all(&store, &filter, Cursor::After(0)).await;
        let mut backward = all(&store, &filter, Cursor::Before(i64::MAX)).await;
        backward.reverse();
        assert_eq!(forward.len(), expected, "{filter:?}");
        assert_eq!(forward, backward);
        assert!(forward.is_sorted());
    }
}

#[tokio::test]
async fn a_page_of_large_records_ends_early_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let large = |number| {
        let Delivered::Alert(alert) = alert(STREAM, number) else { unreachable!() };
        Delivered::Alert(NewAlert {
            record: format!(r#"{{"n": {number}, "pad": "{}"}}"#, "x".repeat(200 << 10)),
            ..alert
        })
    };
    store.take(delivery(1, (1..=200).map(large))).await.unwrap();
    store.take(alerts(1, 201..=500)).await.unwrap();
    let (mut from, mut sizes, mut rows) = (Cursor::After(0), Vec::new(), Vec::new());
    loop {
        let page = store.page(&Filter::default(), from, 1000).await.unwrap();
        sizes.push(page.alerts.iter().map(|alert| alert.record.len()).sum::<usize>());
        rows.extend(page.alerts.iter().map(|alert| alert.row));
        if !page.more {
            break;
        }
        from = page.next;
    }
    assert!(sizes.iter().all(|size| *size < 20 << 20), "what is read at once, and no more: {sizes:?}");
    assert_eq!(rows, (1..=500).collect::<Vec<_>>());
}

async fn all(store: &AlertStore, filter: &Filter, mut from: Cursor) -> Vec<i64> {
    let mut rows = Vec::new();
    loop {
        let page = store.page(filter, from, 7).await.unwrap();
        assert!(page.alerts.len() <= 7);
        rows.extend(page.alerts.iter().map(|alert| alert.row));
        from = page.next;
        if !page.more {
            return rows;
        }
    }
}

async fn writable(folder: &TempDir) -> Connection {
    database::testing::address(folder.path()).await.open(&PART).await.unwrap().0
}

#[tokio::test]
async fn what_is_older_than_the_bound_of_days_is_forgotten_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    // The writer looks for itself now and then, and would forget first.
    let patient = Bounds { days: 10 * KEPT.days, ..KEPT };
    let (store, _writer) = AlertStore::open(&database::testing::address(folder.path()).await, patient).await.unwrap();
    store.take(alerts(1, 1..=10)).await.unwrap();
    let now = store.after(0, 1).await.unwrap()[0].received_at;
    let mut connection = writable(&folder).await;
    let age = "UPDATE alerts SET received_at = received_at - 90 * 86400 - CASE WHEN row <= 4 THEN 1 ELSE 0 END WHERE row <= 6";
    database::query(age).execute(&mut connection).await.unwrap();
    let forgotten = retention::forget(&mut connection, KEPT, now).await.unwrap();
    assert_eq!(forgotten.map(|forgotten| (forgotten.alerts, forgotten.up_to)), Some((4, 4)));
    assert_eq!(retention::forget(&mut connection, KEPT, now).await.unwrap(), None);
    assert_eq!(numbers(&store, 1).await, [5, 6, 7, 8, 9, 10]);

    store.take(alerts(1, 1..=11)).await.unwrap();
    assert_eq!(numbers(&store, 1).await, [5, 6, 7, 8, 9, 10, 11], "forgotten is not lacking");
    assert_eq!(store.streams(sensor(1)).await.unwrap()[0].marks.received(), 11);
}

#[tokio::test]
async fn over_the_bound_of_bytes_the_oldest_are_forgotten_and_their_rows_never_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { days: 90, bytes: 512 << 10 };
    let opened = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    let mut forgotten = false;
    let mut next = 1;
    while !forgotten {
        opened.0.take(alerts(1, next..next + 500)).await.unwrap();
        next += 500;
        forgotten = numbers(&opened.0, 1).await.first().is_none_or(|first| *first > 1);
    }
    assert!(next > 2000, "within the bound nothing is forgotten");
    close(opened).await;
    database::query("DELETE FROM alerts").execute(&mut writable(&folder).await).await.unwrap();
    let (store, _writer) = open(&folder).await;
    let newest = *store.newest().borrow();
    assert_eq!(newest, i64::try_from(next).unwrap() - 1);
    store.take(alerts(1, [next])).await.unwrap();
    assert_eq!(store.after(0, 10).await.unwrap()[0].row, newest + 1);
}

/// Alerts of about 700 bytes.
fn rush(number: u64) -> Delivery {
    let large = |number| {
        let Delivered::Alert(alert) = alert(STREAM, number) else { unreachable!() };
        Delivered::Alert(NewAlert { record: format!(r#"{{"n": {number}, "pad": "{}"}}"#, "x".repeat(700)), ..alert })
    };
    delivery(1, (number * 400 + 1..=number * 400 + 400).map(large))
}

#[tokio::test]
async fn in_a_rush_the_bound_of_bytes_holds_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    let small = AlertStore::open(&database::testing::address(folder.path()).await, KEPT).await.unwrap();
    // Small ones first: as many large ones need more room.
    small.0.take(alerts(2, 1..=4000)).await.unwrap();
    close(small).await;
    let bounds = Bounds { days: 90, bytes: 512 << 10 };
    let (store, _writer) = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    let mut connection = writable(&folder).await;
    for number in 0..20 {
        store.take(rush(number)).await.unwrap(); // without a pause in which the look at the bounds could come
        assert!(retention::used(&mut connection).await.unwrap() <= bounds.bytes, "after {number}");
    }
    let kept = numbers(&store, 1).await;
    assert_eq!(kept.last(), Some(&8000));
    assert!(kept.len() > 300 && numbers(&store, 2).await.is_empty(), "the oldest go, and not more than must: {kept:?}");
    assert_eq!(store.streams(sensor(1)).await.unwrap()[0].marks.received(), 8000);
}

#[tokio::test]
async fn in_a_rush_the_bound_of_days_is_kept_up_with() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    store.take(alerts(1, 1..=1000)).await.unwrap();
    let mut connection = writable(&folder).await;
    let now = store.after(0, 1).await.unwrap()[0].received_at;
    let bounds = Bounds { days: 1, ..KEPT };
    database::query("UPDATE alerts SET received_at = 0").execute(&mut connection).await.unwrap();
    let coming = Coming { alerts: 400, bytes: 40_000 };
    let room = retention::make_room(&mut connection, bounds, now, coming).await.unwrap();
    let forgotten = retention::keep_to(&mut connection, room, coming).await.unwrap().unwrap();
    assert_eq!((forgotten.alerts, forgotten.up_to), (500, 500), "more than came");
}

#[tokio::test]
async fn what_comes_after_all_was_forgotten_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder).await;
    opened.0.take(alerts(1, 1..=10)).await.unwrap();
    close(opened).await;
    let nothing = Bounds { days: 90, bytes: 1 };
    let opened = AlertStore::open(&database::testing::address(folder.path()).await, nothing).await.unwrap();
    while !numbers(&opened.0, 1).await.is_empty() {
        // What could not be kept is not accepted.
        assert_eq!(opened.0.take(alerts(1, [11])).await, Err(Refused::StorageFailed));
    }
    close(opened).await;
    let (store, _writer) = open(&folder).await;
    assert_eq!(confirmed(&store, 1).await.up_to, 10);
    store.take(alerts(1, [12])).await.unwrap();
    assert_eq!(numbers(&store, 1).await, [12]);
}

#[tokio::test]
async fn what_is_accepted_is_not_forgotten_for_what_else_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { days: 90, bytes: 512 << 10 };
    let (store, _writer) = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    store.take(alerts(1, 1..=10)).await.unwrap();
    let mut connection = writable(&folder).await;
    if connection.is_shared() {
        return; // there the rows of alerts alone are counted
    }
    let full = "INSERT INTO waiting (sensor, stream, last, at, event) VALUES (x'09', x'09', 1, 1 << 40, hex(zeroblob(300000)))";
    connection.say(full).await.unwrap();
    assert_eq!(store.take(alerts(1, 11..=20)).await, Err(Refused::StorageFailed));
    assert_eq!(confirmed(&store, 1).await.up_to, 10);
    connection.say("DELETE FROM waiting").await.unwrap();
    store.take(alerts(1, 11..=20)).await.unwrap();
    assert_eq!(numbers(&store, 1).await.last(), Some(&20));
}

#[tokio::test]
async fn what_waits_is_bounded_by_bytes_of_a_sensor_and_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { days: 90, bytes: 80 << 10 };
    let opened = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    let size = waiting(1, 10).event.len() as u64;
    let fit = bounds.bytes / 8 / size;
    opened.0.wait((10..60).map(|number| waiting(1, number)).collect()).await.unwrap();
    assert!(fit < 50 && opened.0.waiting(sensor(1)) == fit, "{fit}");
    close(opened).await;
    let (store, _writer) = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    store.wait(vec![waiting(2, 10)]).await.unwrap();
    assert_eq!((store.waiting(sensor(1)), store.waiting(sensor(2))), (fit, 0), "all have one bound");
    store.heard(sensor(1), [(STREAM, 10)].into());
    store.take(alerts(3, [1])).await.unwrap(); // after what was heard
    store.wait(vec![waiting(2, 10)]).await.unwrap();
    assert_eq!((store.waiting(sensor(1)), store.waiting(sensor(2))), (fit - 1, 1));

    let one = Waiting { event: "x".repeat(1 << 20), ..waiting(7, 1) };
    let heads = waiting::Heads::within(KEPT);
    assert_eq!(heads.fitting(vec![one; 70]).len(), 64, "of a sensor 64 MiB");
}

#[tokio::test]
async fn what_comes_at_once_has_room_within_the_least_bound() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { days: 90, bytes: 64 << 20 };
    let (store, _writer) = AlertStore::open(&database::testing::address(folder.path()).await, bounds).await.unwrap();
    // Of such records one fills a page to its half, and no second has room in it.
    let record = format!(r#"{{"pad": "{}"}}"#, "x".repeat(2080));
    let large = |number| {
        let Delivered::Alert(alert) = alert(STREAM, number) else { unreachable!() };
        Delivered::Alert(NewAlert { record: record.clone(), ..alert })
    };
    let mut taking = tokio::task::JoinSet::new();
    for of in 1..=50 {
        let (store, delivery) = (store.clone(), delivery(of, (1..=480).map(large)));
        taking.spawn(async move { store.take(delivery).await });
    }
    while let Some(taken) = taking.join_next().await {
        assert_eq!(taken.unwrap(), Ok(()));
    }
}

fn waiting(of: u8, number: u64) -> Waiting {
    let id = AlertId { stream: STREAM, number };
    let record = format!(r#"{{"n": {number}}}"#);
    let at = UnixMillis(1_800_000_000_123);
    let mut event = String::new();
    let alert = AlertEvent { id, sensor: sensor(of), epoch: Epoch(2), severity: Severity::Low, at, record: &record };
    alert.write(&mut event);
    Waiting { sensor: sensor(of), stream: STREAM, last: number, event }
}

#[tokio::test]
async fn what_is_beyond_what_a_sensor_reported_waits_durably_and_comes_once() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder).await;
    opened.0.heard(sensor(1), [(STREAM, 3)].into());
    assert!(opened.0.reach(sensor(1), STREAM, 3) && !opened.0.reach(sensor(1), STREAM, 4));
    assert!(!opened.0.reach(sensor(2), STREAM, 1), "of a sensor that was not heard nothing is believed");
    opened.0.wait((4..=6).chain([5]).map(|number| waiting(1, number)).collect()).await.unwrap();
    close(opened).await;

    let (store, _writer) = open(&folder).await;
    assert_eq!((store.waiting(sensor(1)), confirmed(&store, 1).await.up_to), (4, 0));
    store.take(alerts(1, 1..=3)).await.unwrap();
    store.heard(sensor(1), [(STREAM, 5)].into());
    store.take(alerts(2, [1])).await.unwrap(); // after what was heard
    assert_eq!((numbers(&store, 1).await, store.waiting(sensor(1))), (vec![1, 2, 3, 4, 5], 1));
    store.heard(sensor(1), [(STREAM, 6)].into());
    store.take(alerts(1, 1..=7)).await.unwrap();
    assert_eq!((numbers(&store, 1).await, store.waiting(sensor(1))), ((1..=7).collect(), 0));
}

#[tokio::test]
async fn whoever_finds_no_room_waits_for_it_and_what_is_not_needed_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let mut all = store.room(ROOM_KIBIBYTES as usize * 1024).await.unwrap();
    let soon = Duration::from_millis(20);
    assert!(timeout(soon, store.take(alerts(1, [1]))).await.is_err(), "there is no room");
    all.shrink(1);
    assert_eq!(store.room.available_permits(), ROOM_KIBIBYTES as usize - 1);
    store.take_in(all, alerts(1, [1])).await.unwrap();
    assert_eq!(numbers(&store, 1).await, [1]);
    assert_eq!(store.room.available_permits(), ROOM_KIBIBYTES as usize);
}

#[tokio::test]
async fn of_what_waits_no_longer_a_transaction_takes_no_more_than_a_few_mebibytes() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let large =
        |of, number| Waiting { event: waiting(of, number).event.replace("{\"n\"", &padded()), ..waiting(of, number) };
    for of in 1..=3 {
        for numbers in [1..=30, 31..=60] {
            store.wait(numbers.map(|number| large(of, number)).collect()).await.unwrap();
        }
    }
    let mut connection = writable(&folder).await;
    let heads = waiting::Heads::within(KEPT);
    (1..=3).for_each(|of| _ = heads.report(sensor(of), [(STREAM, 50)].into()));
    let mut portion = waiting::Portion::WHOLE;
    let mut taken = Vec::new();
    for of in 1..=3 {
        let over = waiting::over(&mut connection, &heads, sensor(of), &mut portion).await.unwrap();
        taken.push((over.rows.len(), over.more));
    }
    assert_eq!(taken, [(41, true), (0, true), (0, true)], "8 MiB, and the event that goes beyond");

    (1..=3).for_each(|of| store.heard(sensor(of), [(STREAM, 50)].into()));
    store.take(alerts(4, [1])).await.unwrap(); // after what was heard
    for of in 1..=3 {
        assert_eq!((numbers(&store, of).await, store.waiting(sensor(of))), ((1..=50).collect(), 10));
    }
}

/// The beginning of a record of some 200 KiB.
fn padded() -> String {
    format!(r#"{{"pad":"{}","n""#, "x".repeat(200 << 10))
}
