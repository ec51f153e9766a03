//! What heartbeats do to identities and registrations.

use std::collections::BTreeMap;

use picket_protocol::{
    heartbeat::{Chain, SensorStatus, TiStatus, Versions},
    ids::{ApplianceId, Cti, Epoch},
};

use super::*;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const SENSOR: SensorId = SensorId::from_bytes([7; 16]);
const DIGEST: HeartbeatDigest = HeartbeatDigest::from_bytes([1; 32]);
const PORTAL: Policy = Policy { role: Role::Portal, interval_seconds: None, newest_root: 1 };

fn registration() -> Registration {
    let name = "Pump house".parse().ok();
    Registration { origin: Origin::Onboarded, ..adopted_registration(SENSOR, Origin::Adopted, name, NOW) }
}

fn identity(serial: u64, state: IdentityState) -> Identity {
    let certified =
        Certified { thumbprint: Thumbprint::from_bytes([9; 32]), sensor: SENSOR, serial: Some(Serial(serial)) };
    Identity { state, ..adopted_identity(&certified, Serial(0), NOW) }
}

fn heartbeat(serial: u64, standing: Standing) -> Heartbeat {
    Heartbeat {
        chain: Chain { counter: 1, nonce: [0; 16], previous: None },
        sensor: SENSOR,
        serial: Serial(serial),
        standing,
        versions: Versions { agent: "0.1.0".to_owned(), engine: None },
        status: None,
    }
}

fn status(mode: Mode) -> SensorStatus {
    SensorStatus {
        mode,
        epoch: Epoch(1),
        name: "From below".parse().unwrap(),
        appliance: ApplianceId::from_digest(&[0; 32]),
        addresses: Vec::new(),
        uptime_seconds: 1,
        clock: NOW,
        interval_seconds: 60,
        counters: BTreeMap::new(),
        health: BTreeMap::new(),
        ti: TiStatus { version: None, automatic: false, status: "none".to_owned() },
        streams: BTreeMap::new(),
        last_candidate: None,
    }
}

#[test]
fn a_candidates_heartbeat_supersedes_nothing() {
    let mut candidate = identity(6, IdentityState::Candidate);
    let (reply, then) = hear(&mut candidate, &registration(), &heartbeat(6, Standing::Candidate), DIGEST, NOW, &PORTAL);
    assert!(matches!(reply, Reply::Answered(_)));
    assert_eq!((then, candidate.state), (vec![], IdentityState::Candidate));
}

#[test]
fn the_committed_serial_is_told_once() {
    let mut candidate = identity(6, IdentityState::Candidate);
    let said = heartbeat(6, Standing::Committed);
    let (_, then) = hear(&mut candidate, &registration(), &said, DIGEST, NOW, &PORTAL);
    assert_eq!(then, vec![Consequence::Committed { serial: Serial(6) }]);
    let after = Registration { committed: Some(Serial(6)), ..registration() };
    let (_, then) = hear(&mut candidate, &after, &said, DIGEST, NOW, &PORTAL);
    assert_eq!((then, candidate.state), (vec![], IdentityState::Committed));
}

#[test]
fn a_heartbeat_cannot_claim_another_serial_than_its_certificate_has() {
    let mut candidate = identity(6, IdentityState::Candidate);
    let (_, then) =
        hear(&mut candidate, &registration(), &heartbeat(u64::MAX, Standing::Committed), DIGEST, NOW, &PORTAL);
    assert_eq!((then, candidate.state, candidate.serial), (vec![], IdentityState::Candidate, Serial(6)));
}

#[test]
fn a_superseded_key_is_refused_and_told_of() {
    let mut old = identity(5, IdentityState::Superseded);
    let (reply, then) = hear(&mut old, &registration(), &heartbeat(5, Standing::Committed), DIGEST, NOW, &PORTAL);
    let Reply::Refused(refused) = reply else { panic!("{reply:?}") };
    assert_eq!((refused.problem().code.as_str(), refused.status()), ("portal.rejected", 403));
    assert!(matches!(&then[..], [Consequence::Raised(Alarm::SupersededKey { .. })]));
}

#[test]
fn a_deleted_sensors_key_gets_the_deactivation_whatever_its_state() {
    let deletion = Deletion {
        serial: Serial(9),
        cti: Cti::from_bytes([3; 16]),
        reason: "scrapped".parse().unwrap(),
        decided_by: "admin".parse().unwrap(),
        at: NOW,
        acknowledged_at: None,
    };
    let deleted = Registration { deletion: Some(deletion), ..registration() };
    for state in [IdentityState::Candidate, IdentityState::Committed, IdentityState::Superseded] {
        let mut key = identity(5, state);
        let (reply, then) = hear(&mut key, &deleted, &heartbeat(5, Standing::Committed), DIGEST, NOW, &PORTAL);
        assert!(matches!(reply, Reply::Deactivated { .. }), "{state:?}");
        assert_eq!(then, vec![]);
        let (_, then) = hear(&mut key, &deleted, &heartbeat(5, Standing::Deactivated), DIGEST, NOW, &PORTAL);
        assert_eq!(then, vec![Consequence::DeactivationAcknowledged]);
    }
}

#[test]
fn a_pushed_file_goes_only_to_the_older_identity_in_force() {
    use super::super::registration::Push;
    let pushed = Registration {
        push: Some(Push { serial: Serial(8), file: vec![1] }),
        committed: Some(Serial(5)),
        ..registration()
    };
    let reissue = |serial, state, standing| match hear(
        &mut identity(serial, state),
        &pushed,
        &heartbeat(serial, standing),
        DIGEST,
        NOW,
        &PORTAL,
    )
    .0
    {
        Reply::Answered(answered) => answered.reissue,
        other => panic!("{other:?}"),
    };
    assert_eq!(reissue(5, IdentityState::Committed, Standing::Committed), Some(vec![1]));
    assert_eq!(reissue(6, IdentityState::Candidate, Standing::Candidate), None);
    assert_eq!(reissue(8, IdentityState::Committed, Standing::Committed), None);
}

#[test]
fn a_console_takes_locally_managed_sensors_only() {
    let console = Policy { role: Role::ManagementConsole, newest_root: 0, interval_seconds: Some(30) };
    let paired = adopted_registration(SENSOR, Origin::Paired, None, NOW);
    let mut key = identity(0, IdentityState::Candidate);
    let cloud = Heartbeat { status: Some(status(Mode::CloudConnected)), ..heartbeat(4, Standing::Committed) };
    let (reply, _) = hear(&mut key, &paired, &cloud, DIGEST, NOW, &console);
    assert_eq!(reply, Reply::Refused(Refused::NotLocallyManaged));

    let local = Heartbeat { status: Some(status(Mode::LocallyManaged)), ..heartbeat(4, Standing::Committed) };
    let (reply, then) = hear(&mut key, &paired, &local, DIGEST, NOW, &console);
    let desired = DesiredState { interval_seconds: Some(30), ..DesiredState::default() };
    assert_eq!(reply, Reply::Answered(Answered { desired, roots_after: None, reissue: None }));
    assert!(then.contains(&Consequence::Named("From below".parse().unwrap())));
    assert!(then.contains(&Consequence::Committed { serial: Serial(4) }));
}

#[test]
fn a_certificate_does_not_speak_for_another_sensor() {
    let mut key = identity(5, IdentityState::Committed);
    let other = Heartbeat { sensor: SensorId::from_bytes([8; 16]), ..heartbeat(5, Standing::Committed) };
    let (reply, _) = hear(&mut key, &registration(), &other, DIGEST, NOW, &PORTAL);
    assert!(matches!(reply, Reply::Refused(Refused::NotAccepted { .. })));
}
