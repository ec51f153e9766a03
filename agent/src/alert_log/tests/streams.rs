//! Streams: numbered without gaps, whatever ends them.

use super::{super::*, rig::*};

fn streams(entries: &[Entry]) -> Vec<StreamId> {
    let mut streams: Vec<_> = entries
        .iter()
        .map(|entry| match entry {
            Entry::Alert(alert) => alert.id.stream,
            Entry::Skip { skip, .. } => skip.stream,
        })
        .collect();
    streams.dedup();
    streams
}

#[tokio::test]
async fn an_epoch_goes_on_in_its_stream_after_a_restart() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a"), alert(2, "x")]);
    drop(log);
    let log = lab.open();
    assert_eq!(log.position().as_deref(), Some(&b"position"[..]));
    append(&log, vec![alert(1, "b")]);
    let entries = read_all(&log, &[1], 9).await;
    assert_eq!(words(&entries), [r#"1 {"id":"a"}"#, r#"2 {"id":"b"}"#]);
    assert_eq!(streams(&entries).len(), 1);
    assert_eq!(verified(&log).await.len(), 2);
}

#[tokio::test]
async fn a_retired_stream_keeps_what_was_delivered_and_the_rest_is_numbered_anew() {
    let lab = Lab::new();
    let log = lab.open();
    let held = Alert { held: true, ..alert(1, "h") };
    append(&log, vec![alert(1, "1"), alert(1, "2"), alert(2, "x"), alert(1, "3"), held, alert(1, "4")]);
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(1), ..ConsumerMarks::default() }).await.unwrap();
    let old = streams(&read_all(&log, &[1], 9).await)[0];
    log.new_stream(old).await.unwrap();
    append(&log, vec![alert(1, "5")]);
    let entries = read_all(&log, &[1], 9).await;
    let expected = [
        "1 {\"id\":\"1\"}",
        "1 {\"id\":\"2\"}",
        "2 {\"id\":\"3\"}",
        "3-3 held",
        "4 {\"id\":\"4\"}",
        "5 {\"id\":\"5\"}",
    ];
    assert_eq!(words(&entries), expected);
    let streams = streams(&entries);
    assert_eq!((streams.len(), streams[0]), (2, old));
    let totals = log.totals();
    assert_eq!((totals[&old].head, totals[&streams[1]].head), (1, 5));
    assert_eq!(totals[&streams[1]].dropped["held"], 1);
    assert!(totals[&old].dropped.is_empty());
    verified(&log).await;
    drop(log);
    assert_eq!(words(&read_all(&lab.open(), &[1], 9).await), expected);
}

#[tokio::test]
async fn a_stream_is_retired_once_however_often_the_portal_says_what_it_knows_of_it() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "1"), alert(1, "2"), alert(2, "x")]);
    let old = streams(&read_all(&log, &[1], 9).await)[0];
    let says = |stream, up_to| BTreeMap::from([(stream, Confirmation { up_to, lacks: Vec::new() })]);
    assert_eq!(log.outrun(&wanted(&[1]), &says(old, 2)), None);
    assert_eq!(log.outrun(&wanted(&[1]), &says(old, 3)), Some(old));
    assert_eq!(log.outrun(&wanted(&[2]), &says(old, 3)), None);
    for _ in 0..2 {
        log.new_stream(old).await.unwrap();
        assert_eq!(log.outrun(&wanted(&[1]), &says(old, 3)), None);
        assert_eq!(log.totals().len(), 3);
    }
    let new = streams(&read_all(&log, &[1], 9).await)[0];
    assert_eq!(log.outrun(&wanted(&[1]), &says(new, 3)), Some(new));
}

#[tokio::test]
async fn what_no_longer_goes_to_its_consumer_is_not_taken_for_delivered() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "1"), alert(1, "2"), alert(1, "3")]);
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(1), ..ConsumerMarks::default() }).await.unwrap();
    let old = streams(&read_all(&log, &[1], 9).await)[0];
    log.strand(&hub(), &wanted(&[1])).await.unwrap();
    assert_eq!(log.totals().len(), 1, "it goes there still");
    for _ in 0..2 {
        log.strand(&hub(), &wanted(&[3])).await.unwrap();
    }
    append(&log, vec![alert(3, "new"), alert(1, "late")]);
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(5), ..ConsumerMarks::default() }).await.unwrap();
    append(&log, vec![alert(3, "newer")]);
    let left = streams(&read_all(&log, &[1], 9).await)[1];
    let totals = log.totals();
    assert_eq!((totals.len(), totals[&old].head, totals[&old].delivered), (3, 1, 1));
    assert_eq!((totals[&left].head, totals[&left].delivered, totals[&left].oldest_undelivered), (3, 0, None));
    let expected = BTreeMap::from([(Epoch(1), 3), (Epoch(3), 1)]);
    assert_eq!(log.undelivered().await.unwrap(), expected);
    verified(&log).await;
    drop(log);
    assert_eq!(lab.open().undelivered().await.unwrap(), expected);
}

#[tokio::test]
async fn a_stream_nobody_knows_is_not_retired() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a")]);
    log.new_stream(StreamId::from_bytes([8; 16])).await.unwrap();
    assert_eq!(log.totals().len(), 1);
}

#[tokio::test]
async fn opening_reads_no_more_of_a_large_log_than_of_a_small_one() {
    let steps = |count: usize| {
        let lab = Lab::new();
        let log = lab.open();
        for _ in 0..count {
            append(&log, alerts(1, picket_protocol::alerts::Severity::Low, 500, 700));
        }
        drop(log);
        // Every table that opening reads, and no table that grows with the alerts, is gone through.
        let log = backing::Log::open(&lab.database()).unwrap();
        assert_eq!(log.book.head(), count as u64 * 500);
        (log.book.streams.len(), log.book.segments.len(), log.book.consumers.len())
    };
    assert_eq!(steps(1), steps(40));
}
