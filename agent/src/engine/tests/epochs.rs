//! Under which epoch a record is logged: by its position, and in doubt under the more restrictive one.

use std::fs;

use picket_lifecycle::epochs::{EngineMark, Routing};

use super::{
    super::{
        follow::Follower,
        intake::recognized,
        position::{Crossing, Fingerprint, Point, Position},
        source::{Source, identity},
    },
    rig::*,
};

const PAIRED: Routing = Routing::LocallyManaged { paired: true };

/// 10 records before the boundary, 10 after it, read while it is committed or after a stop.
async fn switch(from: (Routing, u8), to: (Routing, u8), stopped: bool) -> Rig {
    let mut rig = Rig::new();
    rig.write(0);
    rig.start();
    rig.commit(from.0, from.1);
    rig.write(10);
    if stopped {
        rig.logged(10).await;
        // Known, but not met before the stop.
        rig.commit(to.0, to.1);
        rig.stop();
        rig.write(10);
        rig.start();
    } else {
        rig.commit(to.0, to.1);
        rig.write(10);
    }
    rig.logged(20).await;
    rig
}

#[tokio::test]
async fn records_belong_to_the_epoch_that_their_position_says() {
    for (from, to) in [((CLOUD, 1), (LOCAL, 1)), ((LOCAL, 1), (CLOUD, 1)), ((CLOUD, 1), (CLOUD, 2))] {
        for stopped in [false, true] {
            let rig = switch(from, to, stopped).await;
            let by_epoch = rig.by_epoch().await;
            assert_eq!(by_epoch["1"], rig.ids(0..10), "{from:?} {to:?} {stopped}");
            assert_eq!(by_epoch["2"], rig.ids(10..20), "{from:?} {to:?} {stopped}");
        }
    }
}

#[tokio::test]
async fn what_is_written_during_a_commit_waits_for_it() {
    let mut rig = Rig::activated().await;
    rig.write(5);
    rig.logged(5).await;
    let boundary = rig.input().mark();
    rig.write(5);
    // What is before the mark is taken, what is behind it is not, however long the commit takes.
    for _ in 0..50 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(rig.log().head().borrow().0, 5);
    }
    rig.publish(LOCAL, 1, boundary);
    rig.input().release();
    rig.logged(10).await;
    assert_eq!(rig.by_epoch().await["2"], rig.ids(5..10));
}

#[tokio::test]
async fn a_line_across_the_boundary_belongs_to_the_epoch_before() {
    let mut rig = Rig::activated().await;
    let line = rig.next();
    rig.write_raw(&line.as_bytes()[..40]);
    rig.commit(LOCAL, 1);
    rig.write_raw(&line.as_bytes()[40..]);
    rig.write_raw(b"\n");
    rig.write(1);
    rig.logged(2).await;
    let by_epoch = rig.by_epoch().await;
    assert_eq!((&by_epoch["1"], &by_epoch["2"]), (&rig.ids(0..1), &rig.ids(1..2)));
}

#[tokio::test]
async fn many_switches_under_load_put_no_record_under_another_epoch() {
    let mut rig = Rig::activated().await;
    let mut boundaries = vec![0];
    for round in 0..20usize {
        rig.write(round * 17 % 90);
        if round % 4 == 1 {
            rig.rotate();
            rig.write(1);
        }
        boundaries.push(rig.written.len());
        rig.commit(if round % 2 == 0 { LOCAL } else { CLOUD }, 1);
        if round % 6 == 5 {
            rig.logged(rig.written.len()).await;
            rig.kill();
            rig.start();
            rig.begun().await;
        }
    }
    rig.write(10);
    rig.everything_is_there().await;
    boundaries.push(rig.written.len());
    let by_epoch = rig.by_epoch().await;
    for (epoch, range) in (1..).zip(boundaries.windows(2)) {
        let expected = rig.ids(range[0]..range[1]);
        assert_eq!(by_epoch.get(&epoch.to_string()).cloned().unwrap_or_default(), expected, "epoch {epoch}");
    }
}

#[tokio::test]
async fn a_rotation_before_and_after_a_commit_keeps_the_boundary() {
    let mut rig = Rig::activated().await;
    rig.write(5);
    rig.rotate();
    rig.write(5);
    rig.commit(LOCAL, 1);
    rig.write(5);
    rig.rotate();
    rig.write(5);
    rig.logged(20).await;
    let by_epoch = rig.by_epoch().await;
    assert_eq!((&by_epoch["1"], &by_epoch["2"]), (&rig.ids(0..10), &rig.ids(10..20)));
}

/// 10 records were written when a commit came of which nobody knows where it was; 10 follow it.
async fn unknown_boundary(from: (Routing, u8), to: (Routing, u8), boundary: EngineMark) -> Rig {
    let mut rig = Rig::new();
    rig.write(0);
    rig.start();
    rig.commit(from.0, from.1);
    rig.write(5);
    rig.logged(5).await;
    rig.stop();
    rig.write(10);
    rig.publish(to.0, to.1, boundary);
    rig.start();
    rig.logged(15).await;
    rig.write(10);
    rig.logged(25).await;
    rig
}

#[tokio::test]
async fn in_doubt_the_more_restrictive_epoch_holds() {
    let gone = EngineMark::File { device: 1, inode: 1, length: 100 };
    for boundary in [EngineMark::Unknown, EngineMark::Socket, gone] {
        for (from, to, doubtful) in [
            ((CLOUD, 1), (LOCAL, 1), "2"),
            ((CLOUD, 1), (Routing::Deactivated, 1), "2"),
            ((LOCAL, 1), (CLOUD, 1), "1"),
            ((PAIRED, 1), (CLOUD, 1), "1"),
            ((LOCAL, 1), (CLOUD, 2), "1"),
            ((CLOUD, 1), (CLOUD, 1), "2"),
            ((CLOUD, 1), (CLOUD, 2), "held"),
            ((CLOUD, 1), (PAIRED, 2), "held"),
            ((PAIRED, 1), (CLOUD, 2), "held"),
        ] {
            let rig = unknown_boundary(from, to, boundary).await;
            let by_epoch = rig.by_epoch().await;
            let mut expected: std::collections::BTreeMap<String, Vec<String>> = Default::default();
            expected.entry("1".into()).or_default().extend(rig.ids(0..5));
            expected.entry(doubtful.into()).or_default().extend(rig.ids(5..15));
            expected.entry("2".into()).or_default().extend(rig.ids(15..25));
            expected.values_mut().for_each(|ids| ids.sort());
            assert_eq!(by_epoch, expected, "{from:?} {to:?} {boundary:?}");
        }
    }
}

#[tokio::test]
async fn a_file_cut_off_around_a_commit_is_in_doubt_up_to_the_boundary() {
    let mut rig = Rig::activated().await;
    rig.write(20);
    rig.logged(20).await;
    rig.stop();
    // Cut off, written, committed, written: or committed before it was cut off. Nobody can tell.
    rig.truncate();
    rig.write(10);
    let length = fs::metadata(&rig.path).unwrap().len();
    let (device, inode, _) = identity(&rig.path).unwrap();
    rig.publish(LOCAL, 1, EngineMark::File { device, inode, length });
    rig.publish(CLOUD, 1, EngineMark::File { device, inode, length });
    rig.write(10);
    rig.start();
    rig.logged(40).await;
    let by_epoch = rig.by_epoch().await;
    assert_eq!((&by_epoch["1"], &by_epoch["2"], &by_epoch["3"]), (&rig.ids(0..20), &rig.ids(20..30), &rig.ids(30..40)));
}

#[tokio::test]
async fn copied_and_cut_off_after_a_commit_keeps_the_boundary_in_the_copy() {
    let mut rig = Rig::activated().await;
    rig.write(5);
    rig.logged(5).await;
    rig.commit(LOCAL, 1);
    rig.stop();
    rig.write(5);
    rig.copy_and_truncate();
    rig.write(5);
    rig.start();
    rig.logged(15).await;
    let by_epoch = rig.by_epoch().await;
    assert_eq!((&by_epoch["1"], &by_epoch["2"]), (&rig.ids(0..5), &rig.ids(5..15)));
}

#[test]
fn a_boundary_in_a_file_that_is_not_read_yet_is_recognized_after_a_kill() {
    let mut rig = Rig::new();
    rig.write(3);
    rig.rotate();
    rig.write(3);
    let old = Source::open(&rig.rotated(1), 4).unwrap();
    let new = Source::open(&rig.path, 5).unwrap();
    let at = Point { key: old.key, offset: 0 };
    let position = Position { at, fingerprint: old.fingerprint(), ..Position::default() };
    let from = Point { key: new.key, offset: new.length };
    let crossing = Crossing { epoch: picket_protocol::ids::Epoch(2), doubt_from: None, from };
    let recognize = |seen: &Fingerprint| {
        let mut follower = Follower::new(&rig.path);
        assert!(follower.resume(&position).sure);
        recognized(&follower, crossing, seen, Some(at.key))
    };
    let known = recognize(&new.fingerprint()).unwrap().from;
    assert!(known.offset == new.length && known.key.is_file(new.key.device, new.key.inode));
    assert_eq!(recognize(&old.fingerprint()), None, "another content in this file");
    assert_eq!(recognize(&Fingerprint::default()), None, "nothing is known of it");
    rig.truncate();
    assert_eq!(recognize(&new.fingerprint()), None, "cut off since");
}
