//! Killed and stopped at any point: each record is logged once, or counted as missed.

use std::fs;

use super::rig::*;

#[tokio::test]
async fn resumes_where_it_stopped() {
    let mut rig = Rig::activated().await;
    for count in [3, 0, 200] {
        rig.write(count);
        rig.everything_is_there().await;
        rig.stop();
        rig.write(count);
        rig.start();
        rig.everything_is_there().await;
    }
    rig.counted("lines", 406).await;
}

#[tokio::test]
async fn a_kill_at_any_point_logs_each_record_once() {
    let mut rig = Rig::activated().await;
    for round in 0..30usize {
        rig.write(round * 53 % 900 + 1);
        match round % 5 {
            1 => rig.rotate(),
            3 => rig.copy_and_truncate(),
            _ => {}
        }
        rig.write(round % 3);
        // Anywhere from nothing to everything of it.
        let expected = rig.written.len() - round * 31 % rig.written.len().min(600);
        rig.logged(expected).await;
        rig.kill();
        rig.start();
        rig.begun().await;
        if round % 7 == 0 {
            rig.everything_is_there().await;
        }
    }
    rig.everything_is_there().await;
    assert_eq!(rig.input().counters().get("missed"), Some(&0));
}

#[tokio::test]
async fn many_rotations_while_stopped_are_read_in_order() {
    let mut rig = Rig::activated().await;
    rig.write(5);
    rig.everything_is_there().await;
    rig.stop();
    for count in [10, 20, 30] {
        rig.write(count);
        rig.rotate();
    }
    rig.write(4);
    rig.start();
    rig.everything_is_there().await;
}

#[tokio::test]
async fn many_copies_while_stopped_are_read_in_order() {
    let mut rig = Rig::activated().await;
    rig.write(5);
    rig.everything_is_there().await;
    rig.stop();
    for count in [10, 20, 30] {
        rig.write(count);
        rig.copy_and_truncate();
    }
    rig.write(4);
    rig.start();
    rig.everything_is_there().await;
}

#[tokio::test]
async fn an_inode_number_given_again_is_another_file() {
    let mut rig = Rig::activated().await;
    rig.write(50);
    rig.everything_is_there().await;
    rig.stop();
    rig.close_engine();
    // What a file system that gives the number again would leave: other content, longer than before, in this inode.
    rig.truncate();
    rig.write(300);
    rig.start();
    rig.everything_is_there().await;
    rig.counted("missed", 1).await;
}

#[tokio::test]
async fn what_is_removed_unread_is_counted_and_the_rest_is_taken() {
    let mut rig = Rig::activated().await;
    rig.write(20);
    rig.everything_is_there().await;
    rig.stop();
    rig.write(30);
    rig.rotate();
    fs::remove_file(rig.rotated(1)).unwrap();
    rig.write(7);
    rig.start();
    rig.logged(27).await;
    let all = rig.all().await;
    assert_eq!(all[20..].iter().map(id).collect::<Vec<_>>(), rig.ids(50..57));
    rig.counted("gaps", 1).await;
    rig.counted("missed", 1).await;
}

#[tokio::test]
async fn a_log_set_aside_goes_on_where_the_input_stood() {
    let mut rig = Rig::activated().await;
    rig.write(20);
    rig.everything_is_there().await;
    rig.stop();
    fs::write(rig.folder.path().join("alerts.db"), [b'x'; 32 * 1024]).unwrap();
    rig.write(5);
    rig.start();
    // Places go on as well.
    rig.logged(25).await;
    let all = rig.all().await;
    assert_eq!(all.iter().map(id).collect::<Vec<_>>(), rig.ids(20..25));
}

/// A private mount needs root; without it this fact is covered by the end-to-end tests in their own namespaces.
#[test]
fn a_full_disk_holds_the_input_back_and_loses_nothing() {
    use nix::{
        mount::{MsFlags, mount},
        sched::{CloneFlags, unshare},
    };
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let mut rig = Rig::new();
    let state = rig.folder.path().join("state");
    fs::create_dir(&state).unwrap();
    let in_namespace = || {
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(Some("tmpfs"), &state, Some("tmpfs"), MsFlags::empty(), Some("size=96m")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fill_and_free(&mut rig, &state));
    };
    std::thread::scope(|scope| scope.spawn(in_namespace).join().unwrap());
}

async fn fill_and_free(rig: &mut Rig, state: &std::path::Path) {
    rig.log_folder = Some(state.to_owned());
    rig.write(0);
    rig.start();
    rig.commit(CLOUD, 1);
    rig.begun().await;
    rig.write(10);
    rig.everything_is_there().await;
    let filler = state.join("filler");
    fs::write(&filler, vec![0; 128 << 20]).unwrap_err();
    let mut health = rig.log().watch_health();
    // Far more than the reserve holds, and rotated meanwhile.
    for _ in 0..8 {
        rig.write(10_000);
        rig.rotate();
    }
    rig.write(1);
    let full = health.wait_for(|health| *health == "full");
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, full).await.unwrap().unwrap();
    drop(health);
    // A start finds the disk full, and says so whatever small writes still fit.
    rig.stop();
    rig.start();
    assert_eq!(rig.log().health(), "full");
    fs::remove_file(&filler).unwrap();
    rig.logged(rig.written.len()).await;
    let mut health = rig.log().watch_health();
    tokio::time::timeout(patience, health.wait_for(|health| *health == "ok")).await.unwrap().unwrap();
    assert!(rig.log().verify().await.unwrap().complete());
    assert_eq!(rig.input().counters()["missed"], 0);
    let ids: std::collections::BTreeSet<String> = rig.all().await.iter().map(id).collect();
    assert_eq!(ids.len(), rig.written.len());
}
