//! The service in a world that keeps a diary: order of effects, failures to store, answers read, restarts.

use std::{future::Future, sync::Arc, time::Duration};

use picket_lifecycle::{
    audit::{Action, Actor},
    epochs::EngineMark,
};
use picket_protocol::{
    heartbeat::{Answer, Component, Confirmation, Standing, StreamTotals},
    ids::{Epoch, StreamId},
    local_api::{ActivationAnswer, Link, NameChange, Progress, SensorState, Start, Status},
    refusal::Refusal,
};
use tokio::sync::{Notify, oneshot};

use super::{
    Command, Handle, Service, Snapshot, Startup,
    test_world::{Diary, Issuer, cloud, local},
};
use crate::{clock, sandbox::NetworkSeal};

const PERSON: Actor = Actor::Caller { uid: 990, person: None };

/// Runs a service while `body` uses it; then stops it.
async fn with_service<F: Future<Output = ()>>(diary: &Diary, issuer: &Issuer, body: impl FnOnce(Handle) -> F) {
    let (service, handle) = Service::new(diary.clone(), diary.startup(issuer));
    let (stop, stopped) = oneshot::channel::<()>();
    let run = service.run(|| {}, async { drop(stopped.await) });
    let body = async {
        body(handle).await;
        stop.send(()).unwrap();
    };
    tokio::join!(run, body);
}

async fn offer(handle: &Handle, file: Vec<u8>) -> Result<ActivationAnswer, Refusal> {
    let start = Start::Proved;
    handle.ask(|reply| Command::Activate { file, start, override_window: false, by: PERSON, reply }).await
}

/// Waits until the published status is as wanted.
async fn until(handle: &Handle, mut wanted: impl FnMut(&Status) -> bool) -> Arc<Snapshot> {
    let mut watch = handle.watch();
    let found = watch.wait_for(|snapshot| wanted(&snapshot.status));
    let found = tokio::time::timeout(Duration::from_secs(20), found).await;
    found.expect("the status never came").unwrap().clone()
}

async fn status(handle: &Handle) -> Status {
    handle.ask(Command::Look).await.unwrap().status.clone()
}

fn link(status: &Status) -> Option<Link> {
    status.upstream.as_ref().map(|upstream| upstream.link)
}

fn position(diary: &Diary, line: &str) -> usize {
    let world = diary.world();
    let found = world.diary.iter().position(|found| found == line);
    found.unwrap_or_else(|| panic!("no {line:?} in {:?}", world.diary))
}

#[tokio::test]
async fn a_file_goes_from_bytes_to_connected() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    with_service(&diary, &issuer, |handle| async move {
        let file = Issuer::new().file(10, cloud());
        assert_eq!(offer(&handle, file).await.unwrap().outcome, Progress::Committed);
        let connected = |status: &Status| {
            link(status) == Some(Link::Connected) && status.hub.as_ref().is_some_and(|hub| hub.link == Link::Connected)
        };
        let snapshot = until(&handle, connected).await;
        assert_eq!((snapshot.targets.len(), snapshot.status.epoch.0), (2, 1));
    })
    .await;
    let heartbeats = diary.world().heartbeats.clone();
    let first = &heartbeats[0];
    assert_eq!((first.standing, first.chain.counter, first.chain.previous), (Standing::Committed, 1, None));
    assert_eq!(first.status.as_ref().unwrap().addresses, ["192.0.2.1"]);
}

#[tokio::test]
async fn calls_of_the_old_activation_are_gone_before_the_new_one_is_durable() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    diary.world().portal_hangs = true;
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |_| world.world().diary.contains(&"enrol".to_owned())).await;
        world.world().diary.clear();
        offer(&handle, Issuer::new().file(20, local())).await.unwrap();
    })
    .await;
    let order = ["dropped enrol", "abort", "persist", "keep identities"].map(|line| position(&diary, line));
    assert!(order.is_sorted(), "{:?}", diary.world().diary);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_told_as_health() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        status(&handle).await;
        world.world().disk_full = true;
        let refused = offer(&handle, Issuer::new().file(10, local())).await;
        assert!(matches!(refused, Err(Refusal::StorageFailed { .. })), "{refused:?}");
        let seen = status(&handle).await;
        assert_eq!(seen.state, SensorState::Unactivated);
        assert_eq!(seen.health[&Component::ControlState].code, "state.storage-failed");
        world.world().disk_full = false;
        offer(&handle, Issuer::new().file(10, local())).await.unwrap();
        assert_eq!(status(&handle).await.health[&Component::ControlState].code, "ok");
    })
    .await;
}

#[tokio::test]
async fn alerts_have_no_way_while_a_commit_is_stored_and_the_old_one_again_if_it_is_not() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |status| link(status) == Some(Link::Connected)).await;
        assert!(world.world().hub_routed_now());
        world.world().disk_full = true;
        world.world().hub_routed.clear();
        offer(&handle, Issuer::new().file(20, local())).await.unwrap_err();
        assert_eq!(world.world().hub_routed.first(), Some(&false));
        assert!(world.world().hub_routed_now());
        world.world().disk_full = false;
        offer(&handle, Issuer::new().file(20, local())).await.unwrap();
        assert!(!world.world().hub_routed_now());
    })
    .await;
}

#[tokio::test]
async fn an_epoch_begins_where_the_engine_stood_and_is_told_with_its_commit() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    diary.world().mark = EngineMark::File { device: 1, inode: 2, length: 300 };
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, local())).await.unwrap();
        let epochs = world.world().alerts.as_ref().unwrap().epochs.borrow().clone();
        assert_eq!((epochs.len(), epochs[0].boundary), (1, world.world().mark));
        let world = world.world();
        assert_eq!((world.epochs_at_release, world.engine_held), (1, false));
    })
    .await;
    // A later start knows it before anything else happens.
    drop(diary.startup(&issuer));
    assert_eq!(diary.world().alerts.as_ref().unwrap().epochs.borrow().len(), 1);
}

#[tokio::test]
async fn heartbeats_tell_of_alerts_and_their_answers_confirm_them() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let stream = StreamId::from_bytes([4; 16]);
    let totals = StreamTotals { head: 9, delivered: 8, dropped: [].into(), oldest_undelivered: None };
    diary.world().totals = [(Epoch(1), [(stream, totals.clone())].into())].into();
    let confirmations = [(stream, Confirmation { up_to: 7, lacks: Vec::new() })].into();
    diary.world().answers.push_back(Answer { time: clock::wall(), confirmations, ..Answer::default() });
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |status| link(status) == Some(Link::Connected)).await;
    })
    .await;
    let mut alerts = diary.world().alerts.take().unwrap();
    assert_eq!(alerts.confirmed.try_recv().unwrap().confirmations[&stream].up_to, 7);
    let told = diary.world().heartbeats[0].status.clone().unwrap();
    assert_eq!((&told.streams[&stream], told.counters["alerts"]), (&totals, 3));
}

#[tokio::test]
async fn an_upstream_hears_nothing_of_alerts_that_never_go_to_it() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let totals = StreamTotals { head: 9, delivered: 0, dropped: [].into(), oldest_undelivered: None };
    diary.world().totals = [(Epoch(1), [(StreamId::from_bytes([4; 16]), totals)].into())].into();
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, local())).await.unwrap();
        let file = Issuer::new().file(20, cloud());
        let undelivered = [(Epoch(1), 9)].into();
        let preview = handle
            .ask(|reply| Command::Preview { file: file.clone(), override_window: false, undelivered, reply })
            .await
            .unwrap();
        assert!(preview.stays.iter().any(|sentence| sentence.starts_with("9 alerts")), "{:?}", preview.stays);
        offer(&handle, file).await.unwrap();
        until(&handle, |status| status.epoch.0 == 2 && link(status) == Some(Link::Connected)).await;
    })
    .await;
    let heartbeats = diary.world().heartbeats.clone();
    let statuses: Vec<_> = heartbeats.iter().filter_map(|beat| beat.status.as_ref()).collect();
    assert!(!statuses.is_empty());
    for told in statuses {
        assert!(told.streams.is_empty() && !told.counters.contains_key("alerts"), "{told:?}");
    }
}

#[tokio::test]
async fn health_that_changes_by_itself_is_told() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        let engine = |status: &Status| status.health.get(&Component::Engine).map(|health| health.code.clone());
        until(&handle, |status| engine(status).as_deref() == Some("ok")).await;
        world.world().engine = Some("eve-missing");
        world.world().health_changed.notify_one();
        until(&handle, |status| engine(status).as_deref() == Some("eve-missing")).await;
    })
    .await;
}

#[tokio::test]
async fn changes_kept_in_memory_reach_the_audit_with_the_next_store() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let world = diary.clone();
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |status| link(status) == Some(Link::Connected)).await;
        {
            let mut world = world.world();
            world.disk_full = true;
            let mut answer = Answer::default();
            answer.desired.name = Some("boiler house".parse().unwrap());
            world.answers.push_back(answer);
        }
        let named = |status: &Status| {
            matches!(&status.state, SensorState::Active { active } if active.activation.name.as_str() == "boiler house")
        };
        until(&handle, named).await;
        let audited = |diary: &Diary| diary.world().audit.iter().any(|record| record.action == Action::Named);
        assert!(!audited(&world));
        world.world().disk_full = false;
        until(&handle, |_| audited(&world)).await;
    })
    .await;
}

#[tokio::test]
async fn a_deactivation_in_an_answer_is_read_and_ends_the_activation() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let mut forged = issuer.deactivation(20);
    *forged.last_mut().unwrap() ^= 1;
    for deactivation in [forged, issuer.deactivation(20)] {
        let answer = Answer { deactivation: Some(deactivation), ..Answer::default() };
        diary.world().answers.push_back(answer);
    }
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |status| matches!(status.state, SensorState::Deactivated { .. })).await;
        let refused = offer(&handle, Issuer::new().file(15, cloud())).await;
        assert!(matches!(refused, Err(Refusal::OlderThanActive { .. })), "{refused:?}");
    })
    .await;
    assert!(diary.world().audit.iter().any(|record| record.action == Action::ActivationRefused), "the forged one");
}

#[tokio::test]
async fn a_reissue_in_an_answer_is_read_proved_and_committed() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let answer = Answer { time: clock::wall(), reissue: Some(issuer.file(20, cloud())), ..Answer::default() };
    diary.world().answers.push_back(answer);
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, cloud())).await.unwrap();
        until(&handle, |status| status.epoch.0 == 2).await;
    })
    .await;
    let standings: Vec<_> = diary.world().heartbeats.iter().map(|beat| (beat.serial.0, beat.standing)).collect();
    assert!(standings.contains(&(20, Standing::Candidate)), "{standings:?}");
    assert!(standings.contains(&(20, Standing::Committed)), "{standings:?}");
}

#[tokio::test]
async fn the_next_start_goes_on_where_the_last_one_stopped() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, local())).await.unwrap();
        let change = NameChange { name: "Pump house 3".parse().unwrap() };
        handle.ask(|reply| Command::Rename { change, by: PERSON, reply }).await.unwrap();
    })
    .await;
    // READY comes before the first event: what is in force is known by then.
    let (_, handle) = Service::new(diary.clone(), diary.startup(&issuer));
    let snapshot = handle.snapshot();
    let SensorState::Active { active } = &snapshot.status.state else { panic!("{:?}", snapshot.status.state) };
    assert_eq!(active.activation.name.as_str(), "Pump house 3");
}

#[tokio::test]
async fn a_reset_erases_keys_and_pins_the_images_trust_again() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    with_service(&diary, &issuer, |handle| async move {
        offer(&handle, Issuer::new().file(10, local())).await.unwrap();
        handle.ask(|reply| Command::Reset { by: PERSON, reply }).await.unwrap();
        let seen = status(&handle).await;
        assert_eq!((seen.state, seen.trusted), (SensorState::Unactivated, true));
        // Floors are gone with the rest: the same file may be used again.
        assert_eq!(offer(&handle, Issuer::new().file(10, local())).await.unwrap().outcome, Progress::Committed);
    })
    .await;
    position(&diary, "erase all");
}

#[tokio::test]
async fn verify_and_preview_change_nothing() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    with_service(&diary, &issuer, |handle| async move {
        let file = Issuer::new().file(10, local());
        let again = file.clone();
        let verified = handle.ask(|reply| Command::Verify { file, reply }).await.unwrap();
        assert!(!verified.already_active);
        handle
            .ask(|reply| Command::Preview {
                file: again.clone(),
                override_window: false,
                undelivered: [].into(),
                reply,
            })
            .await
            .unwrap();
        assert_eq!(status(&handle).await.state, SensorState::Unactivated);
        offer(&handle, again.clone()).await.unwrap();
        let verified = handle.ask(|reply| Command::Verify { file: again, reply }).await.unwrap();
        assert!(verified.already_active);
    })
    .await;
}

#[tokio::test]
async fn an_agent_that_ends_for_a_network_begins_nothing_and_answers_whoever_asks() {
    let (diary, issuer) = (Diary::default(), Issuer::new());
    let startup = Startup { seal: NetworkSeal::set(), ..diary.startup(&issuer) };
    let (service, handle) = Service::new(diary.clone(), startup);
    let (end, (stop, stopped)) = (Notify::new(), oneshot::channel::<()>());
    let run = service.run(|| end.notify_one(), async { drop(stopped.await) });
    let body = async {
        assert_eq!(offer(&handle, Issuer::new().file(10, cloud())).await.unwrap().outcome, Progress::Committed);
        end.notified().await;
        for _ in 0..10 {
            let seen = status(&handle).await;
            assert!(
                matches!(seen.state, SensorState::Active { .. }) && link(&seen) != Some(Link::Connected),
                "{seen:?}"
            );
        }
        stop.send(()).unwrap();
    };
    tokio::join!(run, body);
}
