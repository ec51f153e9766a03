//! What a failing change and a failing commit leave behind.

use picket_guard::{hash::PasswordHash, person_name::PersonName};
use picket_protocol::{
    documents::activation::Secret,
    ids::{SensorId, Serial, Thumbprint},
    time::UnixSeconds,
    typed_code::TypedCode,
};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};

use super::*;
use crate::database;
use crate::{
    domain::{
        access::{PersonRole, Scope},
        heartbeat::{Certified, adopted_identity, adopted_registration},
        registration::Origin,
        role::Role,
    },
    store::{
        fleet::{FleetFilter, FleetQuery},
        tokens::NewToken,
        views::Viewpoint,
    },
};

const VIEWPOINT: Viewpoint = Viewpoint { role: Role::Portal, listening_since: UnixSeconds(0) };

async fn open(folder: &TempDir) -> (Store, JoinHandle<()>) {
    let policy = Policy { role: Role::Portal, interval_seconds: None, newest_root: 1 };
    Store::open(&database::testing::address(folder.path()).await, watch::channel(policy).1).await.unwrap()
}

async fn register(store: &Store, number: u8) -> Result<SensorId, Refused> {
    let id = SensorId::from_bytes([number; 16]);
    let name = format!("Sensor {number}").parse().ok();
    let filed = adopted_registration(id, Origin::Onboarded, name, UnixSeconds(1)).filed;
    store.onboard(id, filed, Scope::ALL, None, Actor("admin".to_owned())).await
}

async fn listed(store: &Store) -> Vec<SensorId> {
    let filter = FleetFilter { deleted_too: true, ..FleetFilter::default() };
    let query = FleetQuery { filter, limit: 100, ..FleetQuery::default() };
    let page = store.fleet(&query, &Scope::ALL, VIEWPOINT, UnixSeconds(1)).await.unwrap();
    page.sensors.iter().map(|view| view.registration.id).collect()
}

/// A row that points nowhere: refused at once, or, if `deferred`, only when the batch commits.
async fn point_nowhere(store: &Store, deferred: bool) -> Result<(), Refused> {
    let change = store.write(move |work| {
        Box::pin(async move {
            if deferred {
                let later = if work.connection.is_shared() {
                    "SET CONSTRAINTS ALL DEFERRED"
                } else {
                    "PRAGMA defer_foreign_keys = ON"
                };
                work.connection.say(later).await?;
            }
            let key = Certified {
                thumbprint: Thumbprint::from_bytes([9; 32]),
                sensor: SensorId::from_bytes([0xEE; 16]),
                serial: Some(Serial(1)),
            };
            identities::insert(work, &adopted_identity(&key, Serial(1), UnixSeconds(1))).await?;
            Ok(())
        })
    });
    change.await
}

#[tokio::test]
async fn a_change_that_fails_is_taken_back_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let (first, nowhere, second) = tokio::join!(register(&store, 1), point_nowhere(&store, false), register(&store, 2));
    assert_eq!(nowhere, Err(Refused::StorageFailed));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(listed(&store).await.len(), 2);
}

#[tokio::test]
async fn nobody_of_a_batch_that_did_not_commit_is_told_that_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let (first, nowhere, second) = tokio::join!(register(&store, 1), point_nowhere(&store, true), register(&store, 2));
    assert_eq!(nowhere, Err(Refused::StorageFailed));
    let told: Vec<SensorId> = [first, second].into_iter().flatten().collect();
    assert_eq!(told, listed(&store).await);
    assert!(register(&store, 3).await.is_ok(), "the writer goes on");
}

#[tokio::test]
async fn the_writer_ends_with_the_last_store_and_leaves_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (store, writer) = open(&folder).await;
    let token = Secret::new("x".repeat(43)).unwrap();
    let new = NewToken { description: "admin".parse().unwrap(), role: PersonRole::Reader, scope: Scope::ALL };
    store.add_api_token(&token, new, None).await.unwrap();
    drop(store);
    writer.await.unwrap();
    let (store, _writer) = open(&folder).await;
    let caller = store.bearer(token.expose()).await.unwrap();
    assert_eq!((caller.name.as_str(), caller.role), ("admin", PersonRole::Reader));
    assert_eq!(store.bearer("another").await, Err(Refused::Unauthorized));
}

#[tokio::test]
async fn a_sign_in_that_was_under_way_does_not_outlive_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _writer) = open(&folder).await;
    let mira = PersonName::try_from("Mira".to_owned()).unwrap();
    let code = TypedCode::drawn([1; TypedCode::DRAWN]);
    store
        .add_person(mira.clone(), PersonRole::Reader, Scope::ALL, code.clone(), Actor("admin".to_owned()))
        .await
        .unwrap();
    let [before, after] = ["the password that leaked", "the one that was chosen then"].map(PasswordHash::of);
    store.redeem_setup_code(mira.clone(), code, before.clone()).await.unwrap();
    let begin = async |password: &PasswordHash, token: &str| {
        let token = Secret::new(token.repeat(43)).unwrap();
        let csrf = Secret::new("c".repeat(43)).unwrap();
        store.begin_session(mira.clone(), password.clone(), &token, csrf, "127.0.0.1".to_owned()).await
    };
    begin(&before, "a").await.unwrap();
    assert_eq!(store.sessions_of(mira.as_str()).await.unwrap().len(), 1);
    store.change_password(mira.clone(), after.clone(), Vec::new()).await.unwrap();
    // Its password was right when it was looked at.
    assert_eq!(begin(&before, "b").await, Err(Refused::Unauthorized));
    assert!(store.sessions_of(mira.as_str()).await.unwrap().is_empty());
    begin(&after, "d").await.unwrap();
    assert_eq!(store.sessions_of(mira.as_str()).await.unwrap().len(), 1);
}
