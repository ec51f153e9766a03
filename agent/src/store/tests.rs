//! What the control state survives: kills, corruption, a full disk, a folder that cannot be written, newer software.

use std::fs;

use picket_lifecycle::audit::{Action, Actor, AuditRecord};
use picket_protocol::time::UnixSeconds;

use super::*;

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(lab.state()).unwrap();
        lab
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn places(&self) -> Places {
        Places { state: self.state(), runtime: self.folder.path().to_owned() }
    }

    fn open(&self) -> Opened {
        Store::open(self.places(), &|_| Ok(())).unwrap()
    }

    fn named(&self, part: &str) -> Vec<String> {
        let names = fs::read_dir(self.state()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(part)).collect()
    }
}

fn record(number: i64) -> AuditRecord {
    AuditRecord {
        at: UnixSeconds(number),
        actor: Actor::Caller { uid: 0, person: None },
        action: Action::Named,
        before: None,
        after: Some(format!("name {number}")),
    }
}

fn persist(store: &mut Store, state: &str) -> Result<(), Refusal> {
    let stored = store.persist(state.as_bytes(), &[record(1)], Durability::Required);
    store.settle();
    stored
}

#[test]
fn what_was_persisted_is_there_after_a_kill() {
    let lab = Lab::new();
    let Opened { mut store, state } = lab.open();
    assert_eq!(state, None);
    persist(&mut store, "first").unwrap();
    store.persist(b"second", &[], Durability::BestEffort).unwrap();
    // A kill leaves the files as they are: take them elsewhere while the store is open.
    let copy = Lab::new();
    for name in lab.named("") {
        fs::copy(lab.state().join(&name), copy.state().join(&name)).unwrap();
    }
    let reopened = copy.open();
    assert_eq!(reopened.state.as_deref(), Some(&b"second"[..]));
    assert_eq!(*reopened.store.health(), Health::Ok);
    assert_eq!(reopened.store.audit(0, 10).unwrap().len(), 1);
}

#[test]
fn a_start_that_was_cut_short_leaves_nothing_in_the_way() {
    let lab = Lab::new();
    for part in ["", "-wal"] {
        fs::write(lab.state().join(format!("control.db.draft{part}")), b"half a database").unwrap();
    }
    let mut store = lab.open().store;
    assert_eq!(*store.health(), Health::Ok);
    persist(&mut store, "state").unwrap();
    drop(store);
    assert_eq!(lab.open().state.as_deref(), Some(&b"state"[..]));
    assert!(lab.named("draft").is_empty());
}

#[test]
fn only_one_agent_holds_a_state() {
    let lab = Lab::new();
    let mut first = lab.open().store;
    persist(&mut first, "state").unwrap();
    let refused = Store::open(lab.places(), &|_| Ok(())).unwrap_err();
    assert!(refused.to_string().contains("another agent"), "{refused}");
}

#[test]
fn audit_counts_without_gaps_and_is_read_in_pages() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    for number in 0..5 {
        store.persist(b"state", &[record(2 * number), record(2 * number + 1)], Durability::Required).unwrap();
    }
    let numbers =
        |after, limit| -> Vec<u64> { store.audit(after, limit).unwrap().iter().map(|record| record.number).collect() };
    assert_eq!(numbers(0, 4), [1, 2, 3, 4]);
    assert_eq!(numbers(8, 100), [9, 10]);
    assert!(numbers(u64::MAX, 100).is_empty());
    let first = &store.audit(0, 1).unwrap()[0];
    assert_eq!((first.what.as_str(), first.who.uid, first.who.name.as_str()), ("named", Some(0), "root"));
    assert_eq!(first.after.as_deref(), Some("name 0"));
}

#[test]
fn a_corrupt_database_is_set_aside_and_the_second_copy_used() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "committed").unwrap();
    drop(store);
    fs::write(lab.state().join("control.db"), [b'x'; 8192]).unwrap();

    let Opened { mut store, state } = lab.open();
    assert_eq!(state.as_deref(), Some(&b"committed"[..]));
    assert!(matches!(store.health(), Health::SetAside { recovered: true, .. }), "{:?}", store.health());
    assert_eq!(lab.named("corrupt").len(), 1);
    persist(&mut store, "next").unwrap();
    drop(store);
    assert_eq!(lab.open().state.as_deref(), Some(&b"next"[..]));
}

#[test]
fn a_copy_that_was_not_made_in_time_is_made_at_the_next_start() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "first").unwrap();
    store.persist(b"second", &[], Durability::Required).unwrap();
    assert!(!store.is_settled());
    drop(store);
    assert_eq!(lab.open().state.as_deref(), Some(&b"second"[..]));
    fs::write(lab.state().join("control.db"), [b'x'; 8192]).unwrap();
    assert_eq!(lab.open().state.as_deref(), Some(&b"second"[..]));
}

#[test]
fn a_changed_bit_in_the_state_is_corruption() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "a state that is found again by its text").unwrap();
    drop(store);
    let path = lab.state().join("control.db");
    let mut bytes = fs::read(&path).unwrap();
    let position = bytes.windows(7).position(|window| window == b"a state").unwrap();
    bytes[position] ^= 1;
    fs::write(&path, bytes).unwrap();
    let opened = lab.open();
    assert_eq!(opened.state.as_deref(), Some(&b"a state that is found again by its text"[..]));
    assert!(matches!(opened.store.health(), Health::SetAside { recovered: true, .. }));
}

#[test]
fn a_state_that_nobody_can_read_is_corruption() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "readable").unwrap();
    store.persist(b"gibberish", &[], Durability::BestEffort).unwrap();
    drop(store);
    let refused = Refusal::Malformed { at: "state".into() };
    let accept = |bytes: &[u8]| if bytes == b"readable" { Ok(()) } else { Err(refused.clone()) };
    let opened = Store::open(lab.places(), &accept).unwrap();
    assert_eq!(opened.state.as_deref(), Some(&b"readable"[..]));
}

#[test]
fn starts_empty_when_database_and_second_copy_are_gone() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "lost").unwrap();
    drop(store);
    for name in ["control.db", "control.copy"] {
        fs::write(lab.state().join(name), b"not what it was, and long enough to be looked at in earnest").unwrap();
    }
    let opened = lab.open();
    assert_eq!(opened.state, None);
    assert_eq!(opened.store.health().code(), "set-aside");
}

#[test]
fn keeps_the_newest_of_many_set_aside() {
    let lab = Lab::new();
    for _ in 0..5 {
        drop(lab.open());
        fs::write(lab.state().join("control.db"), [b'x'; 4096]).unwrap();
    }
    drop(lab.open());
    assert_eq!(lab.named("corrupt").len(), 3);
}

#[test]
fn the_second_copy_counts_on_after_a_recovery() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    for state in ["one", "two", "three"] {
        persist(&mut store, state).unwrap();
    }
    drop(store);
    for round in ["four", "five"] {
        fs::write(lab.state().join("control.db"), [b'x'; 4096]).unwrap();
        let mut store = lab.open().store;
        persist(&mut store, round).unwrap();
    }
    fs::write(lab.state().join("control.db"), [b'x'; 4096]).unwrap();
    assert_eq!(lab.open().state.as_deref(), Some(&b"five"[..]));
}

#[test]
fn an_erased_sensor_keeps_nothing_of_its_earlier_states() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "with a token in it").unwrap();
    drop(store);
    fs::copy(lab.state().join("control.db"), lab.state().join("control.db.corrupt-1-0")).unwrap();
    let mut store = lab.open().store;
    persist(&mut store, "with a token in it, still").unwrap();
    store.persist(b"{}", &[], Durability::Required).unwrap();
    store.scrub();
    for name in lab.named("") {
        let content = fs::read(lab.state().join(&name)).unwrap();
        assert!(!content.windows(5).any(|window| window == b"token"), "{name} holds the token");
    }
}

#[test]
fn newer_state_is_not_touched() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    persist(&mut store, "newer").unwrap();
    drop(store);
    let path = lab.state().join("control.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode=DELETE; PRAGMA user_version=2;").unwrap();
    drop(connection);
    let (before, names) = (fs::read(&path).unwrap(), lab.named(""));

    let Opened { mut store, state } = lab.open();
    assert_eq!(state, None);
    let refused = Refusal::NewerState { found: 2, known: 1 };
    assert_eq!(persist(&mut store, "older"), Err(refused.clone()));
    assert_eq!(*store.health(), Health::Refusing(refused));
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(lab.named(""), names);
}

#[test]
fn a_folder_that_cannot_be_made_refuses_writes_and_starts() {
    let lab = Lab::new();
    let file = lab.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let places = Places { state: file.join("state"), runtime: lab.folder.path().to_owned() };
    let Opened { mut store, state } = Store::open(places, &|_| Ok(())).unwrap();
    assert_eq!(state, None);
    assert_eq!(persist(&mut store, "state").unwrap_err().code(), "state.storage-failed");
}

#[test]
fn the_reserve_is_there_from_the_first_start_and_comes_back() {
    let lab = Lab::new();
    let mut store = lab.open().store;
    let size = || fs::metadata(lab.state().join("reserve")).map(|metadata| metadata.len());
    assert_eq!(size().unwrap(), 1024 * 1024);
    store.reserve.release();
    assert!(size().is_err());
    persist(&mut store, "state").unwrap();
    assert_eq!(size().unwrap(), 1024 * 1024);
}

mod on_a_small_disk {
    use nix::mount::{MsFlags, mount};

    use super::*;
    use crate::small_disk;

    fn on_small_disk(work: impl FnOnce(&Lab) + Send) {
        // Outlives the namespace, and so is cleared away.
        let lab = Lab::new();
        small_disk::on_small_disk(&lab.state(), "3m", || work(&lab));
    }

    fn fill(lab: &Lab) {
        use std::io::Write as _;
        let mut filler = fs::File::create(lab.state().join("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    #[test]
    fn a_decision_fits_on_a_full_disk_and_what_can_wait_does_not_take_the_reserve() {
        on_small_disk(|lab| {
            let mut store = lab.open().store;
            persist(&mut store, "before").unwrap();
            fill(lab);
            let large = vec![b's'; 300 * 1024];
            store.persist(&large, &[], Durability::BestEffort).unwrap_err();
            assert!(lab.state().join("reserve").exists());
            assert_eq!(store.health().code(), "state.storage-failed");
            store.persist(&large, &[record(1)], Durability::Required).unwrap();
            store.settle();
            assert!(!lab.state().join("reserve").exists());
            drop(store);
            assert_eq!(lab.open().state, Some(large));
            fs::remove_file(lab.state().join("filler")).unwrap();
            let mut store = lab.open().store;
            persist(&mut store, "after").unwrap();
            assert!(lab.state().join("reserve").exists());
        });
    }

    #[test]
    fn a_read_only_folder_starts_from_a_copy_refuses_writes_and_recovers() {
        on_small_disk(|lab| {
            let mut store = lab.open().store;
            persist(&mut store, "in the log").unwrap();
            // As after a kill: the journal holds what the database does not.
            let held = fs::read_dir(lab.state()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
            let kept: Vec<_> = held.iter().map(|path| (path, fs::read(path).unwrap())).collect();
            drop(store);
            for (path, content) in kept {
                fs::write(path, content).unwrap();
            }
            let remount =
                |flags| mount(None::<&str>, &lab.state(), None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>);
            remount(MsFlags::MS_RDONLY).unwrap();

            let Opened { mut store, state } = lab.open();
            assert_eq!(state.as_deref(), Some(&b"in the log"[..]));
            assert_eq!(store.health().code(), "state.storage-failed");
            assert_eq!(persist(&mut store, "next").unwrap_err().code(), "state.storage-failed");
            assert_eq!(store.audit(0, 10).unwrap().len(), 1);

            remount(MsFlags::empty()).unwrap();
            persist(&mut store, "next").unwrap();
            assert_eq!(*store.health(), Health::Ok);
            drop(store);
            assert_eq!(lab.open().state.as_deref(), Some(&b"next"[..]));
        });
    }
}
