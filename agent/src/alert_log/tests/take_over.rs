//! A log of the release before, in which each alert was a row, is taken over whole.

use picket_protocol::alerts::Severity;

use super::{super::*, rig::*};

/// The tables that differed.
const BEFORE: &str = "
    DROP TABLE runs;
    CREATE TABLE alerts (
        place INTEGER PRIMARY KEY, severity INTEGER NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL
    ) STRICT;
    PRAGMA user_version=1;";

/// Makes of a log one as the release before wrote it.
fn take_back(lab: &Lab) {
    let connection = Connection::open(lab.database()).unwrap();
    let mut alerts = Vec::new();
    runs::walk(&connection, (1, u64::MAX), runs::Order::OldestFirst, |run| {
        for fact in run.facts() {
            alerts.push((fact.place, fact.severity.number(), fact.at.0, run.record(fact)?.to_owned()));
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .unwrap();
    connection.execute_batch(BEFORE).unwrap();
    for (place, severity, at, record) in alerts {
        let row = rusqlite::params![schema::integer(place), severity, at, record];
        connection.execute("INSERT INTO alerts VALUES (?1, ?2, ?3, ?4)", row).unwrap();
    }
}

#[tokio::test]
async fn a_log_of_the_release_before_keeps_every_alert_mark_and_place() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, alerts(1, Severity::High, 300, 700));
    append(&log, vec![alert(2, "local"), Alert { held: true, ..alert(1, "held") }]);
    append(&log, alerts(1, Severity::Low, 900, 300));
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(200), ..ConsumerMarks::default() }).await.unwrap();
    let known = (words(&read_all(&log, &[1, 2], 7).await), verified(&log).await, log.totals(), log.position());
    drop(log);
    take_back(&lab);
    // Killed in the midst of it, as often as it likes: what lies there is still the log of before.
    let log = lab.killed().open();
    assert_eq!(log.health(), "ok");
    drop(log);
    let log = lab.open();
    assert_eq!(log.health(), "ok");
    let found = (words(&read_all(&log, &[1, 2], 7).await), verified(&log).await, log.totals(), log.position());
    assert_eq!(found, known);
    append(&log, vec![alert(1, "next")]);
    assert_eq!(words(&read_all(&log, &[1], 9).await).last().unwrap(), r#"1202 {"id":"next"}"#);
    let tables = Connection::open(lab.database()).unwrap();
    let count = "SELECT count(*) FROM sqlite_master WHERE name = 'alerts'";
    assert_eq!(tables.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_log_of_the_release_before_that_is_not_taken_over_yet_is_no_damage() {
    let lab = Lab::new();
    append(&lab.open(), vec![alert(1, "kept")]);
    take_back(&lab);
    let read = schema::open_current_reader(&lab.database());
    assert!(matches!(read, Err(Failure::Other(_))), "{read:?}");
}

#[tokio::test]
async fn runs_of_one_grow_together_where_room_is_short() {
    let lab = Lab::new();
    let log = AlertLog::open(lab.folder.path(), Bounds { max_bytes: 1 << 20, max_age: DAY });
    // Much alike, and each alone in its append, as from a slow engine.
    let text = alerts(1, Severity::Low, 1, 700).remove(0).record;
    for number in 0..2_400 {
        let severity = if number % 8 == 0 { Severity::Low } else { Severity::High };
        let record = format!("{number:04}{text}");
        append(&log, vec![Alert { severity, record, ..alert(1, "") }]);
    }
    let stream = verified(&log).await.remove(0);
    assert!(stream.dropped.values().sum::<u64>() < 300, "graver ones went: {stream:?}");
    let runs = log.reading(|connection| Ok(connection.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?));
    let runs: i64 = runs.await.unwrap();
    assert!(runs < 1_600, "{runs} runs of {} alerts", stream.in_log);
    assert_eq!(words(&read_all(&log, &[1], 9).await).len(), 2_400, "a skip for each that is gone");
}
