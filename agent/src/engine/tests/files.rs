//! One file after another, cut off, removed, unreadable, full of what is no record.

use std::fs;

use super::rig::*;

#[tokio::test]
async fn what_is_written_is_logged_record_by_record() {
    let mut rig = Rig::activated().await;
    for count in [1, 2, 500] {
        rig.write(count);
        rig.everything_is_there().await;
    }
    let first = rig.all().await.remove(0);
    assert_eq!((first.severity.number(), first.at.0), (2, 1_769_846_400_500));
    assert!(first.record.starts_with('{') && first.record.ends_with('}'));
}

#[tokio::test]
async fn a_line_that_comes_in_pieces_is_one_line() {
    let mut rig = Rig::activated().await;
    let line = rig.next();
    for piece in line.as_bytes().chunks(7) {
        rig.write_raw(piece);
        tokio::task::yield_now().await;
    }
    rig.write_raw(b"\n");
    rig.everything_is_there().await;
    assert_eq!(rig.input().counters()["lines"], 1);
}

#[tokio::test]
async fn nothing_is_taken_before_the_first_commit() {
    let mut rig = Rig::new();
    rig.start();
    rig.write(5);
    rig.written.clear();
    rig.commit(CLOUD, 1);
    rig.write(5);
    rig.everything_is_there().await;
}

#[tokio::test]
async fn a_file_that_is_not_there_yet_is_taken_from_its_beginning() {
    let mut rig = Rig::new();
    rig.start();
    rig.commit(CLOUD, 1);
    let mut health = rig.input().health();
    health.wait_for(|health| *health == "eve-missing").await.unwrap();
    rig.write(5);
    rig.everything_is_there().await;
    health.wait_for(|health| *health == "ok").await.unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told() {
    let mut rig = Rig::new();
    rig.start();
    rig.commit(CLOUD, 1);
    fs::create_dir(&rig.path).unwrap();
    rig.input().health().wait_for(|health| *health == "eve-unreadable").await.unwrap();
    fs::remove_dir(&rig.path).unwrap();
    rig.write(3);
    rig.everything_is_there().await;
}

#[tokio::test]
async fn a_rotation_loses_nothing() {
    let mut rig = Rig::activated().await;
    for round in 0..5 {
        rig.write(10 * round + 1);
        rig.rotate();
    }
    rig.write(3);
    rig.everything_is_there().await;
    rig.counted("rotations", 1).await;
}

#[tokio::test]
async fn what_the_engine_still_writes_to_the_old_file_is_taken() {
    let mut rig = Rig::activated().await;
    rig.write(3);
    rig.everything_is_there().await;
    fs::rename(&rig.path, rig.rotated(1)).unwrap();
    // logrotate's `create`: the new file is there before the engine opens it.
    fs::write(&rig.path, "").unwrap();
    rig.write(2);
    rig.everything_is_there().await;
    rig.close_engine();
    rig.write(2);
    rig.everything_is_there().await;
}

#[tokio::test]
async fn rotated_twice_and_removed_while_it_is_read_is_not_lost() {
    let mut rig = Rig::activated().await;
    rig.write(1);
    rig.everything_is_there().await;
    for _ in 0..3 {
        rig.write(2000);
        rig.rotate();
        rig.write(1);
        rig.everything_is_there().await;
        fs::remove_file(rig.rotated(1)).unwrap();
    }
}

#[tokio::test]
async fn copied_and_cut_off_loses_nothing_that_was_copied() {
    let mut rig = Rig::activated().await;
    rig.write(10);
    rig.everything_is_there().await;
    for _ in 0..4 {
        rig.write(400);
        rig.copy_and_truncate();
        rig.write(3);
        rig.everything_is_there().await;
    }
    rig.counted("truncations", 4).await;
    assert_eq!(rig.input().counters()["missed"], 0);
}

#[tokio::test]
async fn cut_off_with_no_copy_goes_on_at_the_beginning() {
    let mut rig = Rig::activated().await;
    rig.write(10);
    rig.everything_is_there().await;
    rig.truncate();
    rig.write(2);
    rig.everything_is_there().await;
}

#[tokio::test]
async fn an_unfinished_line_at_the_end_of_a_file_is_counted_and_a_whole_one_is_taken() {
    let mut rig = Rig::activated().await;
    rig.write(1);
    let whole = rig.next();
    rig.write_raw(whole.as_bytes());
    rig.rotate();
    rig.write(1);
    rig.everything_is_there().await;
    rig.write_raw(b"{\"event_type\":\"al");
    rig.rotate();
    rig.write(1);
    rig.everything_is_there().await;
    rig.counted("partial", 1).await;
}

#[tokio::test]
async fn bad_lines_are_counted_by_kind_and_stop_nothing() {
    let mut rig = Rig::activated().await;
    let long = [b"{\"event_type\":\"alert\",\"x\":\"".to_vec(), vec![b'x'; 1 << 20], b"\"}\n".to_vec()].concat();
    rig.write(1);
    rig.write_raw(b"{\"event_type\":\"alert\"\n\n\xFF\xFE\n");
    rig.write_raw(b"{\"event_type\":\"alert\",\"a\":\"\x00\"}\n");
    rig.write_raw(&long);
    rig.write(1);
    rig.write_raw(b"{\"event_type\":\"flow\"}\n");
    rig.write_raw(&[0; 5000]);
    rig.write(1);
    rig.everything_is_there().await;
    rig.counted("not-alerts", 1).await;
    let counters = rig.input().counters();
    let counted = ["alerts", "invalid-json", "invalid-utf8", "too-long", "not-alerts"].map(|name| counters[name]);
    assert_eq!(counted, [3, 3, 1, 1, 1]);
}

#[tokio::test]
async fn the_engines_own_losses_show_in_its_health() {
    let mut rig = Rig::activated().await;
    for drops in [5, 9] {
        let stats = format!("{{\"event_type\":\"stats\",\"stats\":{{\"capture\":{{\"kernel_drops\":{drops}}}}}}}\n");
        rig.write_raw(stats.as_bytes());
    }
    rig.input().health().wait_for(|health| *health == "engine-drops").await.unwrap();
    rig.counted("engine-packets-dropped", 4).await;
}

#[tokio::test]
async fn an_erased_sensor_takes_nothing_and_begins_anew() {
    let mut rig = Rig::activated().await;
    rig.write(3);
    rig.everything_is_there().await;
    rig.erase();
    rig.log().erase().await.unwrap();
    rig.write(3);
    rig.commit(CLOUD, 2);
    rig.write(2);
    rig.logged(5).await;
    let all = rig.all().await;
    assert_eq!(all.iter().map(id).collect::<Vec<_>>(), rig.ids(6..8));
}
