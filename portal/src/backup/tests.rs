//! What a backup holds comes out as it went in; what was changed, cut or is another's is refused before anything is written.

use std::{
    fs,
    path::{Path, PathBuf},
};

use picket_protocol::time::UnixSeconds;
use tempfile::TempDir;
use tokio::sync::watch;

use super::{Failed, PARTS, make, pages, relocate, restore};
use crate::{
    alerts::{AlertStore, Bounds},
    backup::{check, sum::Sum},
    data::{DataFolder, Settings},
    database::{Address, Layout, testing},
    domain::{heartbeat::Policy, refused::Refused, role::Role},
    store::{Actor, Store},
};

const PASSPHRASE: &str = "a long passphrase";
const POLICY: Policy = Policy { role: Role::Portal, interval_seconds: None, newest_root: 0 };

/// A data folder with something in everything.
async fn filled(folder: &TempDir) -> (DataFolder, Address) {
    let data = DataFolder::new(folder.path().join("data"));
    fs::create_dir_all(data.keys()).unwrap();
    let settings = Settings { role: Role::Portal, url: "https://portal.example".into(), database: None };
    fs::write(data.settings(), serde_json::to_vec(&settings).unwrap()).unwrap();
    fs::write(data.keys().join("a1.key"), "a key").unwrap();
    fs::write(data.lock(), "").unwrap();
    let address = Address::Folder(data.path().to_owned());
    let (store, writer) = Store::open(&address, watch::channel(POLICY).1).await.unwrap();
    for number in 0..1200 {
        store
            .note(Actor("test".into()), "noted", serde_json::json!({ "number": number, "text": "ü\u{1f980}" }))
            .await
            .unwrap();
    }
    drop(store);
    writer.await.unwrap();
    let (alerts, writer) = AlertStore::open(&address, Bounds { days: 1, bytes: 1 << 30 }).await.unwrap();
    drop(alerts);
    writer.await.unwrap();
    (data, address)
}

async fn backup(data: &DataFolder, address: &Address, to: &Path) {
    make(data, address, to, PASSPHRASE, UnixSeconds(1_700_000_000)).await.unwrap();
}

async fn sums(address: &Address) -> Vec<(String, Sum)> {
    let mut sums = Vec::new();
    for part in PARTS {
        let mut connection = address.snapshot(part).await.unwrap().unwrap();
        let layout = Layout::of(part, connection.version().await.unwrap()).await.unwrap();
        for table in &layout.tables {
            sums.push((table.name.clone(), pages::sum(&mut connection, table).await.unwrap()));
        }
    }
    sums
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Failed>) -> Refused {
    match outcome.unwrap_err() {
        Failed::Refused(refused) => refused,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_restored_is_what_was_backed_up() {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = filled(&folder).await;
    let file = folder.path().join("backup");
    backup(&data, &address, &file).await;
    let sealed = fs::read(&file).unwrap();
    assert!(!sealed.windows(5).any(|bytes| bytes == b"a key"), "secrets are sealed");
    let copy = DataFolder::new(folder.path().join("copy"));
    let (head, summary, settings) = restore(&file, PASSPHRASE, &copy, None).await.unwrap();
    assert_eq!((head.made_at, settings.database), (UnixSeconds(1_700_000_000), None));
    assert_eq!(summary.rows_of("picket", "audit"), 1200);
    assert_eq!(sums(&Address::Folder(copy.path().to_owned())).await, sums(&address).await);
    assert_eq!(fs::read(copy.keys().join("a1.key")).unwrap(), b"a key");
    // A number that was given once is not given again.
    let (store, writer) =
        Store::open(&Address::Folder(copy.path().to_owned()), watch::channel(POLICY).1).await.unwrap();
    store.note(Actor("test".into()), "noted", serde_json::Value::Null).await.unwrap();
    assert_eq!(store.audit(1200, 10).await.unwrap()[0].id, 1201);
    drop(store);
    writer.await.unwrap();
}

#[tokio::test]
async fn whatever_byte_is_changed_or_cut_off_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = filled(&folder).await;
    let file = folder.path().join("backup");
    backup(&data, &address, &file).await;
    let whole = fs::read(&file).unwrap();
    let attempt = async |content: &[u8], what: String| {
        let path: PathBuf = folder.path().join("bad");
        fs::write(&path, content).unwrap();
        let copy = DataFolder::new(folder.path().join("copy"));
        let refused = refused(restore(&path, PASSPHRASE, &copy, None).await);
        assert!(matches!(refused, Refused::BackupDamaged { .. } | Refused::BackupNewer { .. }), "{what}: {refused:?}");
        assert!(!copy.path().exists(), "{what}");
    };
    let places = [0, 14, 15, 19, 20, 36, 60, 90, whole.len() / 2, whole.len() - 1];
    for place in places {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        attempt(&changed, format!("byte {place}")).await;
    }
    for length in [0, 10, 90, whole.len() / 2, whole.len() - 1] {
        attempt(&whole[..length], format!("cut to {length}")).await;
    }
    attempt(&[&whole[..], b"more"].concat(), "more follows".into()).await;
}

#[tokio::test]
async fn another_passphrase_and_a_place_that_is_not_empty_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data, address) = filled(&folder).await;
    let file = folder.path().join("backup");
    backup(&data, &address, &file).await;
    assert_eq!(refused(check(&file, "another passphrase").await), Refused::BackupPassphrase);
    let onto_itself = restore(&file, PASSPHRASE, &data, None).await;
    assert!(matches!(refused(onto_itself), Refused::NotEmpty { .. }));
    let over_another = make(&data, &address, &file, PASSPHRASE, UnixSeconds(0)).await;
    assert!(matches!(refused(over_another), Refused::NotEmpty { .. }));
    check(&file, PASSPHRASE).await.unwrap();
}

/// Tables of the earliest release are restored as they were, and brought up to date when they are opened.
#[tokio::test]
async fn an_earlier_releases_tables_are_restored_and_then_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("data"), folder.path().join("new"));
    fs::create_dir_all(&old).unwrap();
    let address = Address::Folder(old.clone());
    let mut made = address.make(&Layout::of(PARTS[0], 1).await.unwrap()).await.unwrap();
    made.begin_filling().await.unwrap();
    made.end_filling().await.unwrap();
    made.close().await.unwrap();
    let data = DataFolder::new(old);
    let settings = Settings { role: Role::Portal, url: "https://portal.example".into(), database: None };
    fs::write(data.settings(), serde_json::to_vec(&settings).unwrap()).unwrap();
    let file = folder.path().join("backup");
    backup(&data, &address, &file).await;
    restore(&file, PASSPHRASE, &DataFolder::new(new.clone()), None).await.unwrap();
    let address = Address::Folder(new);
    assert_eq!(address.snapshot(PARTS[0]).await.unwrap().unwrap().version().await.unwrap(), 1);
    let (store, writer) = Store::open(&address, watch::channel(POLICY).1).await.unwrap();
    drop(store);
    writer.await.unwrap();
    assert_eq!(address.snapshot(PARTS[0]).await.unwrap().unwrap().version().await.unwrap(), PARTS[0].newest());
}

/// Where the tests have a server, the same rows are there as in the files, and the files are as they were.
#[tokio::test]
async fn what_is_moved_to_a_server_is_what_was_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (_, files) = filled(&folder).await;
    let server = testing::address(folder.path()).await;
    if matches!(server, Address::Folder(_)) {
        return; // no server: `cargo xtask test` has one
    }
    let before = sums(&files).await;
    relocate(&files, &server).await.unwrap();
    assert_eq!(sums(&server).await, before);
    assert_eq!(sums(&files).await, before);
    assert!(matches!(refused(relocate(&files, &server).await), Refused::NotEmpty { .. }));
}
