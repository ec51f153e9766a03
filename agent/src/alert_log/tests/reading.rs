//! What consumers and people read.

use picket_protocol::alerts::{AlertId, Severity, UnixMillis};

use super::{super::*, rig::*};

#[tokio::test]
async fn what_was_appended_is_read_in_order_and_numbered_from_one() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, (0..10).map(|number| alert(1, &number.to_string())).collect());
    let entries = read_all(&log, &[1], 3).await;
    let expected: Vec<String> = (0..10).map(|number| format!("{} {{\"id\":\"{number}\"}}", number + 1)).collect();
    assert_eq!(words(&entries), expected);
    assert_eq!(*log.head().borrow(), Place(10));
}

#[tokio::test]
async fn alerts_of_other_epochs_are_passed_over() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a"), alert(2, "local"), alert(3, "b"), alert(1, "c"), alert(2, "local")]);
    let entries = read_all(&log, &[1, 3], 2).await;
    assert_eq!(words(&entries), [r#"1 {"id":"a"}"#, r#"1 {"id":"b"}"#, r#"2 {"id":"c"}"#]);
    let chunk = log.read(&hub(), &wanted(&[]), Place(0), 1000, 10).await.unwrap();
    assert_eq!((chunk.entries.len(), chunk.examined, chunk.more), (0, Place(5), false));
}

#[tokio::test]
async fn a_read_keeps_its_budget_and_gives_at_least_one() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, alerts(1, Severity::Low, 10, 1000));
    let read = |bytes, count| {
        let log = log.clone();
        async move { log.read(&hub(), &wanted(&[1]), Place(0), bytes, count).await.unwrap() }
    };
    assert_eq!(read(1, 10).await.entries.len(), 1);
    assert_eq!(read(4000, 10).await.entries.len(), 3);
    assert_eq!(read(usize::MAX, 4).await.entries.len(), 4);
    let chunk = read(usize::MAX, 10).await;
    assert_eq!((chunk.entries.len(), chunk.more), (10, false));
}

#[tokio::test]
async fn what_is_held_is_a_skip_for_consumers_and_listed_for_people() {
    let lab = Lab::new();
    let log = lab.open();
    let held = |text| Alert { held: true, ..alert(1, text) };
    append(&log, vec![alert(1, "a"), held("b")]);
    append(&log, vec![held("c"), alert(1, "d")]);
    for max_count in [1, 100] {
        let entries = read_all(&log, &[1], max_count).await;
        assert_eq!(words(&entries), [r#"1 {"id":"a"}"#, "2-3 held", r#"4 {"id":"d"}"#]);
    }
    let listed = log.list(&ListFilter { limit: 10, ..ListFilter::default() }).await.unwrap();
    assert_eq!(listed.iter().map(|alert| alert.id.number).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(log.counters()["dropped-held"], 2);
    assert_eq!(verified(&log).await[0].in_log, 4);
}

#[tokio::test]
async fn a_poison_record_goes_aside_and_leaves_a_skip() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a"), alert(1, "poison"), alert(1, "c")]);
    let Entry::Alert(poison) = read_all(&log, &[1], 9).await.swap_remove(1) else { panic!() };
    for _ in 0..2 {
        log.set_aside_poison(poison.id, "400").await.unwrap();
    }
    assert_eq!(words(&read_all(&log, &[1], 9).await)[1], "2-2 poison");
    assert_eq!(log.counters()["dropped-poison"], 1);
    let nobody = AlertId { number: 4, ..poison.id };
    assert_eq!(log.set_aside_poison(nobody, "400").await, Err(LogError::NoSuchAlert(nobody)));
    let listed = log.list(&ListFilter { after: Some(Place(0)), limit: 10, ..ListFilter::default() }).await.unwrap();
    assert_eq!(listed[1].record, poison.record);
}

#[tokio::test]
async fn a_range_is_read_again_across_segments() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "1"), alert(2, "x"), alert(1, "2"), alert(1, "3"), alert(2, "y"), alert(1, "4")]);
    let Entry::Alert(first) = read_all(&log, &[1], 1).await.swap_remove(0) else { panic!() };
    let range = |from, to, bytes| {
        let log = log.clone();
        async move { words(&log.range(first.id.stream, from, to, bytes).await.unwrap()) }
    };
    assert_eq!(range(2, 4, 1 << 20).await, [r#"2 {"id":"2"}"#, r#"3 {"id":"3"}"#, r#"4 {"id":"4"}"#]);
    assert_eq!(range(3, u64::MAX, 1).await, [r#"3 {"id":"3"}"#]);
    assert!(range(5, 9, 1 << 20).await.is_empty());
}

#[tokio::test]
async fn people_list_by_severity_epoch_and_page() {
    let lab = Lab::new();
    let log = lab.open();
    let graded = |severity, text| Alert { severity, ..alert(1, text) };
    append(&log, vec![graded(Severity::High, "h"), graded(Severity::Low, "l"), alert(2, "x")]);
    let list = |filter: ListFilter| {
        let log = log.clone();
        async move {
            let listed = log.list(&filter).await.unwrap();
            listed.into_iter().map(|alert| alert.place.0).collect::<Vec<_>>()
        }
    };
    let all = ListFilter { limit: 10, ..ListFilter::default() };
    assert_eq!(list(ListFilter { at_least: Some(Severity::High), ..all.clone() }).await, [1]);
    assert_eq!(list(ListFilter { epochs: Some(wanted(&[2])), ..all.clone() }).await, [3]);
    assert_eq!(list(ListFilter { after: Some(Place(1)), ..all.clone() }).await, [2, 3]);
    assert_eq!(list(ListFilter { before: Some(Place(3)), limit: 1, ..all }).await, [2]);
}

#[tokio::test]
async fn marks_of_a_consumer_are_kept_and_totals_follow_them() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a"), alert(2, "x"), alert(1, "b"), Alert { at: UnixMillis(9_000), ..alert(1, "c") }]);
    let totals = |log: &AlertLog| log.totals_of(&wanted(&[1])).into_values().next().unwrap();
    assert_eq!((totals(&log).head, totals(&log).delivered), (3, 0));
    assert_eq!(totals(&log).oldest_undelivered.unwrap().0, 1);
    let marks = ConsumerMarks { delivered: Place(3), ..ConsumerMarks::default() };
    log.set_consumer(&hub(), &marks).await.unwrap();
    assert_eq!((totals(&log).head, totals(&log).delivered), (3, 2));
    assert_eq!(totals(&log).oldest_undelivered.unwrap().0, 9);
    assert_eq!(log.totals_of(&wanted(&[1])).len(), 1, "an upstream is told of another's stream");
    assert_eq!(log.totals().len(), 2);
    append(&log, vec![Alert { held: true, ..alert(1, "h") }]);
    let undelivered: Vec<_> = log.undelivered().await.unwrap().into_iter().collect();
    assert_eq!(undelivered, [(Epoch(1), 1), (Epoch(2), 1)]);
    drop(log);
    let log = lab.open();
    assert_eq!(log.consumer(&hub()).await.unwrap(), marks);
    assert_eq!(totals(&log).delivered, 2);
    assert_eq!(log.consumer("console:x").await.unwrap(), ConsumerMarks::default());
}

#[tokio::test]
async fn a_connection_by_which_nobody_reads_is_let_go() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "a")]);
    assert_eq!(read_all(&log, &[1], 10).await.len(), 1);
    let reader = &log.0.shared.reader;
    reader.rest();
    assert!(reader.is_kept(), "it was read by just now");
    reader.rest();
    assert!(!reader.is_kept());
    assert_eq!(read_all(&log, &[1], 10).await.len(), 1, "it is opened again");
}
