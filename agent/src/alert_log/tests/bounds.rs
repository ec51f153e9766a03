//! What goes first, what stays, and that it is counted.

use picket_protocol::alerts::{DropReason, Severity};

use super::{super::*, rig::*};

const SMALL: Bounds = Bounds { max_bytes: 1 << 20, max_age: DAY };

/// The writer keeps the bounds after it answered: another answer comes after that.
async fn settled(log: &AlertLog) {
    while bytes(log).await > SMALL.max_bytes {
        log.set_consumer("nobody", &ConsumerMarks::default()).await.unwrap();
    }
}

async fn bytes(log: &AlertLog) -> u64 {
    log.reading(|connection| bounds::used(connection)).await.unwrap()
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    let number = |entry: &Entry| if let Entry::Alert(alert) = entry { Some(alert.id.number) } else { None };
    entries.iter().filter_map(number).collect()
}

#[tokio::test]
async fn a_full_log_lets_go_of_what_was_delivered_and_that_is_no_loss() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::Informational, 1000, 700));
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(1000), ..ConsumerMarks::default() }).await.unwrap();
    append(&log, alerts(1, Severity::Informational, 600, 700));
    settled(&log).await;
    let stream = verified(&log).await.remove(0);
    assert!(stream.let_go > 0 && stream.let_go <= 1000, "{stream:?}");
    assert!(stream.dropped.is_empty(), "{stream:?}");
    let later = log.read(&hub(), &wanted(&[1]), Place(1000), 1 << 30, usize::MAX).await.unwrap();
    assert_eq!(numbers(&later.entries), (1001..=1600).collect::<Vec<_>>());
    let asked_again = log.range(stream.stream, 1, 1, 1000).await.unwrap();
    assert_eq!(words(&asked_again)[0], format!("1-1 {}", DropReason::Full));
}

#[tokio::test]
async fn what_is_acknowledged_and_not_confirmed_is_not_the_first_to_go() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::Low, 600, 700));
    append(&log, alerts(2, Severity::Informational, 600, 700));
    let stream = *log.totals_of(&wanted(&[1])).keys().next().unwrap();
    let at = picket_lifecycle::moment::BootMillis(0);
    let unconfirmed = Acknowledged { stream, from: 101, to: 600, at, tries: 0 };
    let marks = ConsumerMarks { delivered: Place(600), unconfirmed: vec![unconfirmed], ..ConsumerMarks::default() };
    log.set_consumer(&hub(), &marks).await.unwrap();
    append(&log, alerts(2, Severity::Informational, 600, 700));
    settled(&log).await;
    let streams = verified(&log).await;
    assert_eq!((streams[0].let_go, streams[0].in_log), (100, 500));
    assert!(streams[1].dropped[&DropReason::Full] > 0);
}

#[tokio::test]
async fn what_is_under_way_is_not_dropped_and_the_count_is_what_the_hub_hears() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::Low, 1000, 700));
    let chunk = log.read(&hub(), &wanted(&[1]), Place(0), 256 * 1024, usize::MAX).await.unwrap();
    let under_way = numbers(&chunk.entries);
    assert!((100..500).contains(&under_way.len()), "{}", under_way.len());
    append(&log, alerts(1, Severity::High, 1000, 700));
    settled(&log).await;
    // They are acknowledged; then the rest is read, with skips where something is gone.
    log.set_consumer(&hub(), &ConsumerMarks { delivered: chunk.examined, ..ConsumerMarks::default() }).await.unwrap();
    let rest = log.read(&hub(), &wanted(&[1]), chunk.examined, usize::MAX, usize::MAX).await.unwrap();
    let skipped: u64 = rest.entries.iter().filter_map(Entry::skip).map(|skip| skip.to - skip.from + 1).sum();
    assert_eq!(under_way.len() + numbers(&rest.entries).len() + usize::try_from(skipped).unwrap(), 2000);
    let stream = verified(&log).await.remove(0);
    assert!(skipped > 0);
    assert_eq!(stream.dropped[&DropReason::Full], skipped, "{stream:?}");
    assert_eq!(log.counters()["dropped-full"], skipped);
}

#[tokio::test]
async fn what_is_delivered_and_not_confirmed_goes_last_and_is_dropped_only_once_it_is_lacking() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::Informational, 700, 700));
    let stream = *log.totals_of(&wanted(&[1])).keys().next().unwrap();
    let at = picket_lifecycle::moment::BootMillis(0);
    let all_unconfirmed = |to| ConsumerMarks {
        delivered: Place(to),
        unconfirmed: vec![Acknowledged { stream, from: 1, to, at, tries: 0 }],
        ..ConsumerMarks::default()
    };
    log.set_consumer(&hub(), &all_unconfirmed(700)).await.unwrap();
    append(&log, alerts(1, Severity::High, 1000, 700));
    settled(&log).await;
    let before = verified(&log).await.remove(0);
    assert_eq!(before.let_go, 0, "a grave one that nobody has gets lost before one that the hub has");
    assert!(before.dropped[&DropReason::Full] > 0);

    log.set_consumer(&hub(), &all_unconfirmed(1700)).await.unwrap();
    // What comes now is in the hub's hands at once.
    log.0.shared.hand_out(&hub(), u64::MAX);
    append(&log, alerts(1, Severity::Informational, 900, 700));
    settled(&log).await;
    let after = verified(&log).await.remove(0);
    assert!(after.let_go > 5, "{after:?}");
    assert_eq!(after.dropped, before.dropped, "the hub has acknowledged what went");
    log.lacked(stream, 3, 5).await.unwrap();
    log.lacked(stream, 3, 5).await.unwrap();
    let lacking = verified(&log).await.remove(0);
    assert_eq!(lacking.let_go, after.let_go - 3);
    assert_eq!(lacking.dropped[&DropReason::Full], after.dropped[&DropReason::Full] + 3);
}

#[tokio::test]
async fn the_lowest_severity_goes_before_the_oldest() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::High, 500, 700));
    append(&log, alerts(1, Severity::Informational, 300, 700));
    append(&log, alerts(1, Severity::Low, 300, 700));
    append(&log, alerts(1, Severity::High, 300, 700));
    settled(&log).await;
    let left = numbers(&read_all(&log, &[1], 1000).await);
    assert!(!left.iter().any(|number| (501..=800).contains(number)), "an informational one is left");
    assert!((1..=500).chain(1101..=1400).all(|number| left.contains(&number)), "a grave one is gone");
    let stream = verified(&log).await.remove(0);
    assert_eq!(stream.dropped[&DropReason::Full], 1400 - left.len() as u64);
    assert_eq!(log.totals()[&stream.stream].dropped["full"], stream.dropped[&DropReason::Full]);
}

#[tokio::test]
async fn severities_that_alternate_leave_alternating_skips() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    let mixed = |count| {
        let grave = alerts(1, Severity::High, count, 350).into_iter();
        grave.zip(alerts(1, Severity::Low, count, 350)).flat_map(|(one, other)| [one, other]).collect::<Vec<_>>()
    };
    for _ in 0..20 {
        append(&log, mixed(100));
    }
    settled(&log).await;
    let streams = verified(&log).await;
    // The others go, and none of the grave ones for want of whole pages.
    assert!((1000..=2000).contains(&streams[0].dropped[&DropReason::Full]), "{streams:?}");
    let left = numbers(&read_all(&log, &[1], 5000).await);
    assert_eq!(left.iter().filter(|number| *number % 2 == 1).count(), 2000);
    for max_count in [7, 5000] {
        let entries = read_all(&log, &[1], max_count).await;
        let mut next = 1;
        for entry in &entries {
            let (from, to) = match entry {
                Entry::Alert(alert) => (alert.id.number, alert.id.number),
                Entry::Skip { skip, .. } => (skip.from, skip.to),
            };
            assert_eq!(from, next);
            next = to + 1;
        }
        assert_eq!(next, 4001);
    }
}

#[tokio::test]
async fn a_log_that_is_all_grave_drops_the_oldest_and_goes_on() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    for _ in 0..10 {
        append(&log, alerts(1, Severity::High, 500, 700));
    }
    settled(&log).await;
    let entries = read_all(&log, &[1], usize::MAX).await;
    assert!(matches!(&entries[0], Entry::Skip { skip, .. } if skip.from == 1));
    assert_eq!(numbers(&entries).last(), Some(&5000));
    assert!(std::fs::metadata(lab.database()).unwrap().len() < 4 * SMALL.max_bytes);
    let log = {
        drop(log);
        AlertLog::open(lab.folder.path(), SMALL)
    };
    assert_eq!(words(&read_all(&log, &[1], usize::MAX).await), words(&entries));
}

#[tokio::test]
async fn age_takes_only_what_no_consumer_waits_for() {
    let lab = Lab::new();
    let log = lab.open();
    append(
        &log,
        vec![alert(1, "delivered"), alert(1, "awaited"), Alert { held: true, ..alert(1, "held") }, alert(2, "x")],
    );
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(1), ..ConsumerMarks::default() }).await.unwrap();
    drop(log);
    let mut log = backing::Log::open(&lab.database()).unwrap();
    for (clock, left) in [(DAY.as_secs(), 4), (DAY.as_secs() + 2, 1)] {
        log.book.clock = clock;
        expire(&mut log);
        assert_eq!(runs::count(&log.connection, (1, 9)).unwrap(), left);
    }
    drop(log);
    let log = lab.open();
    let expected = ["1-1 age", r#"2 {"id":"awaited"}"#, "3-3 held"];
    assert_eq!(words(&read_all(&log, &[1], 9).await), expected);
    let streams = verified(&log).await;
    assert_eq!((streams[0].let_go, streams[1].dropped[&DropReason::Age]), (1, 1));
}

#[tokio::test]
async fn what_is_too_old_goes_some_blocks_at_a_time() {
    let lab = Lab::new();
    // A block begins with each opening.
    for number in 1..=40 {
        append(&lab.open(), vec![alert(2, &number.to_string())]);
    }
    let mut log = backing::Log::open(&lab.database()).unwrap();
    log.book.clock = DAY.as_secs() + 2;
    assert_eq!(expire(&mut log), 3);
    assert_eq!(runs::count(&log.connection, (1, 40)).unwrap(), 0);
}

/// Until nothing more is too old; in how many steps.
fn expire(log: &mut backing::Log) -> usize {
    let (mut block, mut packer) = (append::Block::default(), pack::Packer::default());
    let (mut next, mut steps) = (Some(bounds::BlockKey::default()), 0);
    while let Some(from) = next {
        let mut open = append::Open {
            connection: &log.connection,
            book: &mut log.book,
            block: &mut block,
            packer: &mut packer,
            block_seconds: 60,
        };
        next = bounds::expire(&mut open, DAY.as_secs(), from).unwrap();
        steps += 1;
    }
    steps
}

#[tokio::test]
async fn a_log_that_cannot_drop_a_damaged_run_is_set_aside_before_it_fills_the_disk() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), SMALL);
    append(&log, alerts(1, Severity::High, 500, 700));
    drop(log);
    // Nobody reads what was delivered: only the bound comes back to it.
    let connection = Connection::open(lab.database()).unwrap();
    connection.execute_batch("UPDATE runs SET facts = x'00' WHERE first = 1").unwrap();
    drop(connection);
    let log = AlertLog::open(lab.folder.path(), SMALL);
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(500), ..ConsumerMarks::default() }).await.unwrap();
    for _ in 0..4 {
        append(&log, alerts(1, Severity::High, 500, 700));
    }
    settled(&log).await;
    assert_eq!((log.health(), log.counters()["logs-set-aside"]), ("set-aside", 1));
    append(&log, vec![alert(1, "next")]);
    assert_eq!(log.position().as_deref(), Some(&b"position"[..]));
}
