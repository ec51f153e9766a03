//! Kills, damage, later releases, full disks.

use std::fs;

use picket_protocol::alerts::Severity;

use super::{super::*, rig::*};

#[tokio::test]
async fn a_kill_at_any_moment_leaves_alerts_and_position_of_the_same_append() {
    let lab = Lab::new();
    let log = lab.open();
    for number in 1..=20u64 {
        let position = number.to_string().into_bytes();
        log.append(gathered(vec![alert(1, "a"), alert(1, "b")]), position, epochs()).unwrap();
        let copy = lab.killed();
        let found = copy.open();
        assert_eq!(found.position(), Some(number.to_string().into_bytes()));
        assert_eq!(*found.head().borrow(), Place(2 * number));
        assert_eq!(found.health(), "ok");
        if number == 20 {
            assert_eq!(verified(&found).await[0].in_log, 40);
        }
    }
}

#[test]
fn an_append_that_follows_a_failed_one_is_refused() {
    let lab = Lab::new();
    let log = lab.open();
    let revision = log.revision();
    let start = |follows| log.start_append(gathered(vec![alert(1, "a")]), b"p".to_vec(), epochs(), Some(follows));
    let (first, skipped, second) = (start(revision), start(revision + 2), start(revision + 1));
    assert_eq!(first.wait(), Ok(()));
    assert_eq!(skipped.wait(), Err(LogError::OutOfOrder));
    assert_eq!(second.wait(), Ok(()));
    assert_eq!(log.revision(), revision + 2);
}

#[tokio::test]
async fn a_corrupt_log_is_set_aside_and_a_new_stream_begun() {
    let lab = Lab::new();
    let log = lab.open();
    append(&log, vec![alert(1, "lost")]);
    let old = *log.totals().keys().next().unwrap();
    drop(log);
    fs::write(lab.database(), [b'x'; 32 * 1024]).unwrap();
    let log = lab.open();
    assert_eq!(log.health(), "set-aside");
    assert_eq!(log.counters()["logs-set-aside"], 1);
    append(&log, vec![alert(1, "kept")]);
    assert_eq!(words(&read_all(&log, &[1], 9).await), [r#"1 {"id":"kept"}"#]);
    assert!(!log.totals().contains_key(&old));
    let aside = fs::read_dir(lab.folder.path()).unwrap().flatten();
    assert_eq!(aside.filter(|entry| entry.file_name().to_string_lossy().contains(".corrupt-")).count(), 1);
}

#[tokio::test]
async fn a_damaged_page_is_met_by_a_reader_and_the_input_goes_on_where_it_stood() {
    let lab = Lab::new();
    let log = lab.open();
    let alerts = alerts(1, Severity::Low, 500, 700);
    let record = alerts[0].record.clone();
    log.append(gathered(alerts), b"here".to_vec(), epochs()).unwrap();
    drop(log);
    let mut bytes = fs::read(lab.database()).unwrap();
    let first = bytes.windows(64).position(|window| window == &record.as_bytes()[..64]).unwrap();
    // A page somewhere among the alerts.
    let page = first / 8192 + 10;
    bytes[page * 8192..page * 8192 + 64].fill(0xFF);
    fs::write(lab.database(), bytes).unwrap();
    let log = lab.open();
    assert_eq!(log.health(), "ok");
    log.read(&hub(), &wanted(&[1]), Place(0), 1 << 30, usize::MAX).await.unwrap_err();
    assert_eq!(log.health(), "set-aside");
    assert_eq!(log.position().as_deref(), Some(&b"here"[..]));
    append(&log, vec![alert(1, "next")]);
    let entries = read_all(&log, &[1], 9).await;
    assert_eq!(words(&entries), [r#"1 {"id":"next"}"#]);
    assert_eq!(entries[0].through(), Place(501), "a place was given twice");
}

#[test]
fn a_log_that_would_give_a_place_twice_is_set_aside() {
    for next in [1, 5] {
        let lab = Lab::new();
        append(&lab.open(), (0..5).map(|_| alert(1, "kept")).collect());
        let connection = Connection::open(lab.database()).unwrap();
        connection.execute("UPDATE log SET next = ?1", [next]).unwrap();
        drop(connection);
        let log = lab.open();
        assert_eq!(log.health(), "set-aside", "{next}");
        append(&log, vec![alert(1, "next")]);
    }
}

#[test]
fn a_log_of_a_later_release_is_not_touched() {
    let lab = Lab::new();
    drop(lab.open());
    let connection = Connection::open(lab.database()).unwrap();
    connection.execute_batch("PRAGMA journal_mode=DELETE; PRAGMA user_version=3;").unwrap();
    drop(connection);
    let before = fs::read(lab.database()).unwrap();
    let log = lab.open();
    assert_eq!(log.health(), "newer-state");
    let refused = log.append(gathered(vec![alert(1, "a")]), Vec::new(), epochs()).unwrap_err();
    assert_eq!(refused, LogError::Newer { found: 3, known: 2 });
    drop(log);
    assert_eq!(fs::read(lab.database()).unwrap(), before);
}

#[tokio::test]
async fn an_erased_log_keeps_nothing_and_gives_no_place_twice() {
    let lab = Lab::new();
    fs::write(lab.folder.path().join("alerts.db.corrupt-1-0"), b"secret of before").unwrap();
    let log = lab.open();
    append(&log, vec![alert(1, "secret")]);
    log.set_consumer(&hub(), &ConsumerMarks { delivered: Place(1), ..ConsumerMarks::default() }).await.unwrap();
    read_all(&log, &[1], 9).await;
    log.erase().await.unwrap();
    assert_eq!((log.position(), log.totals().len()), (None, 0));
    assert_eq!(log.consumer(&hub()).await.unwrap(), ConsumerMarks::default());
    for entry in fs::read_dir(lab.folder.path()).unwrap().flatten() {
        let content = fs::read(entry.path()).unwrap();
        assert!(!content.windows(6).any(|window| window == b"secret"), "{:?}", entry.path());
    }
    append(&log, vec![alert(1, "new")]);
    assert_eq!(read_all(&log, &[1], 9).await[0].through(), Place(2));
}

#[test]
fn a_folder_that_is_not_there_yet_is_tried_again() {
    let lab = Lab::new();
    let folder = lab.folder.path().join("later");
    let log = AlertLog::open(&folder, BOUNDS);
    assert_eq!(log.health(), "storage-failed");
    log.append(gathered(vec![alert(1, "a")]), Vec::new(), epochs()).unwrap_err();
    fs::create_dir(&folder).unwrap();
    log.append(gathered(vec![alert(1, "a")]), b"p".to_vec(), epochs()).unwrap();
    assert_eq!((log.health(), *log.head().borrow()), ("ok", Place(1)));
}

mod on_a_small_disk {
    use std::io::Write as _;

    use super::*;
    use crate::small_disk;

    fn on_small_disk(work: impl FnOnce(&Lab) + Send) {
        let lab = Lab::new();
        small_disk::on_small_disk(lab.folder.path(), "8m", || work(&lab));
    }

    #[test]
    fn a_full_disk_takes_the_reserve_then_refuses_and_goes_on_once_there_is_room() {
        on_small_disk(|lab| {
            let bounds = Bounds { max_bytes: 16 << 20, ..BOUNDS };
            let log = AlertLog::open(lab.folder.path(), bounds);
            let filler = lab.folder.path().join("filler");
            let mut file = fs::File::create(&filler).unwrap();
            while file.write_all(&[0; 4096]).is_ok() {}
            drop(file);
            let batch = || log.append(gathered(alerts(1, Severity::Low, 100, 700)), b"p".to_vec(), epochs());
            batch().unwrap();
            assert!(!lab.folder.path().join("alerts.reserve").exists());
            assert_eq!(log.health(), "full");
            let mut taken = 1;
            let refused = loop {
                match batch() {
                    Ok(()) => taken += 1,
                    Err(error) => break error,
                }
            };
            assert_eq!((refused, log.health()), (LogError::Full, "full"));
            assert!(taken > 2, "the reserve is worth {taken} batches");
            fs::remove_file(&filler).unwrap();
            batch().unwrap();
            assert_eq!(*log.head().borrow(), Place((taken + 1) * 100));
        });
    }
}
