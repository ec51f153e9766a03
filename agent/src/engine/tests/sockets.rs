//! Over a socket: what came is logged once, and around a commit under the more restrictive epoch.

use std::{
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
    time::Duration,
};

use super::rig::*;

async fn connect(path: &Path) -> UnixStream {
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

fn send(rig: &mut Rig, stream: &mut UnixStream, count: usize) {
    for _ in 0..count {
        let line = rig.next();
        writeln!(stream, "{line}").unwrap();
    }
}

#[tokio::test]
async fn what_comes_over_a_socket_is_logged_in_order_across_connections() {
    let mut rig = Rig::new();
    rig.start_socket();
    rig.commit(CLOUD, 1);
    let mut stream = connect(&rig.socket()).await;
    assert_eq!(std::fs::metadata(rig.socket()).unwrap().permissions().mode() & 0o777, 0o660);
    rig.input().health().wait_for(|health| *health == "ok").await.unwrap();
    send(&mut rig, &mut stream, 2000);
    rig.everything_is_there().await;
    stream.write_all(b"{\"event_type\":\"al").unwrap();
    drop(stream);
    rig.counted("partial", 1).await;
    let mut stream = connect(&rig.socket()).await;
    send(&mut rig, &mut stream, 3);
    rig.everything_is_there().await;
    drop(stream);
    rig.input().health().wait_for(|health| *health == "eve-missing").await.unwrap();
    rig.stop();
    assert!(!rig.socket().exists());
}

#[tokio::test]
async fn what_came_before_a_stop_is_durable_after_it() {
    let mut rig = Rig::new();
    rig.start_socket();
    rig.commit(CLOUD, 1);
    let mut stream = connect(&rig.socket()).await;
    rig.input().health().wait_for(|health| *health == "ok").await.unwrap();
    send(&mut rig, &mut stream, 2000);
    stream.write_all(b"{\"event_type\":\"al").unwrap();
    rig.stop();
    rig.start_socket();
    rig.everything_is_there().await;
    // Taken over from the log, where the last counts went.
    let _stream = connect(&rig.socket()).await;
    rig.counted("partial", 1).await;
}

#[tokio::test]
async fn what_the_log_does_not_take_before_a_stop_is_counted() {
    let mut rig = Rig::new();
    rig.log_folder = Some("/nowhere".into());
    rig.start_socket();
    rig.commit(CLOUD, 1);
    let mut stream = connect(&rig.socket()).await;
    rig.input().health().wait_for(|health| *health == "ok").await.unwrap();
    send(&mut rig, &mut stream, 5);
    let input = rig.input().clone();
    input.stop();
    assert_eq!(input.counters()["missed"], 5);
}

#[tokio::test]
async fn around_a_commit_what_comes_is_under_the_more_restrictive_epoch() {
    for (from, to, during) in [(CLOUD, LOCAL, "2"), (LOCAL, CLOUD, "1")] {
        let mut rig = Rig::new();
        rig.start_socket();
        rig.commit(from, 1);
        let mut stream = connect(&rig.socket()).await;
        rig.input().health().wait_for(|health| *health == "ok").await.unwrap();
        send(&mut rig, &mut stream, 5);
        rig.logged(5).await;
        let boundary = rig.input().mark();
        send(&mut rig, &mut stream, 5);
        rig.publish(to, 1, boundary);
        rig.input().release();
        rig.logged(10).await;
        // Once it was read to its end, the new epoch holds for sure.
        loop {
            let before = rig.written.len();
            send(&mut rig, &mut stream, 1);
            rig.logged(before + 1).await;
            let by_epoch = rig.by_epoch().await;
            assert!(rig.ids(5..10).iter().all(|id| by_epoch[during].contains(id)), "{by_epoch:?}");
            if by_epoch.get("2").is_some_and(|ids| ids.contains(&rig.written[before])) {
                break;
            }
        }
    }
}
