//! What is issued is read back as it was, whatever it says.

use std::collections::BTreeSet;

use picket_protocol::{
    armour::armour,
    documents::{
        activation::Binding,
        deactivation::Deactivation,
        trust_root::{Role, RoleKey, TrustRoot},
    },
    floors::Floors,
    heartbeat::{Answer, Heartbeat},
    ids::{ApplianceId, Cti, SensorId, TrustRootId},
    issue::{activation_file, sign_activation, sign_deactivation, sign_root},
    keys::SigningKey,
    reading::{Reading, ReadingContext, inspect, read_activation, read_deactivation},
    trust::{TrustStore, encode_roots},
};
use proptest::prelude::*;

use crate::strategies::{activations, answers, heartbeats, instants, serials};

fn signer() -> SigningKey {
    SigningKey::from_seed(&[101; 32])
}

fn root() -> Vec<u8> {
    let key = SigningKey::from_seed(&[1; 32]);
    let keys = vec![RoleKey { key: signer().public(), roles: BTreeSet::from([Role::Activation]) }];
    let root = TrustRoot { version: 1, threshold: 1, root_keys: vec![key.public()], keys, withdrawn: BTreeSet::new() };
    sign_root(&root, &[&key])
}

fn store() -> (TrustStore, TrustRootId) {
    let mut store = TrustStore::default();
    let id = store.pin(&encode_roots(&[root()])).expect("a sound root");
    (store, id)
}

proptest! {
    #[test]
    fn an_activation_is_read_as_it_was_issued(activation in activations(store().1), armoured in any::<bool>()) {
        prop_assert_eq!(activation.check(), Ok(()));
        let (trust, _) = store();
        let file = activation_file(&[root()], &sign_activation(&activation, &signer()));
        let sent = if armoured { armour(&file).into_bytes() } else { file.clone() };
        let elsewhere = ApplianceId::from_digest(&[0; 32]);
        let (appliance, keys) = match &activation.binding {
            Binding::None => (&elsewhere, vec![]),
            Binding::Appliance(appliance) => (appliance, vec![]),
            Binding::Key(thumbprint) => (&elsewhere, vec![*thumbprint]),
        };
        let context = ReadingContext {
            trust: &trust,
            wall_clock: activation.not_before,
            build_date: activation.not_before,
            appliance,
            keys: &keys,
            floors: &Floors::default(),
            override_window: false,
        };
        let Reading::New(read) = read_activation(&sent, &context).unwrap() else { panic!("nothing is in force") };
        prop_assert_eq!(&*read, &activation);
        prop_assert_eq!(read.bytes(), &file[..]);
        prop_assert_eq!(read.signer(), signer().kid());
        prop_assert_eq!(inspect(&sent).unwrap().fingerprint, activation.issuer);
    }

    #[test]
    fn a_deactivation_is_read_as_it_was_issued(
        ids in any::<([u8; 16], [u8; 16])>(),
        issued_at in instants(),
        serial in serials(),
        reason in "[^\\p{Cc}]{0,256}",
        decided_by in "[^\\p{Cc}]{0,128}",
    ) {
        let (trust, issuer) = store();
        let (sensor, cti) = (SensorId::from_bytes(ids.0), Cti::from_bytes(ids.1));
        let deactivation = Deactivation { issuer, sensor, issued_at, cti, serial, reason, decided_by };
        let signed = sign_deactivation(&deactivation, &signer());
        prop_assert_eq!(read_deactivation(&signed, &trust).unwrap().into_inner(), deactivation);
    }

    #[test]
    fn a_heartbeat_is_read_as_it_was_written(heartbeat in heartbeats()) {
        let bytes = heartbeat.encode();
        prop_assert_eq!(Heartbeat::decode(&bytes).unwrap(), heartbeat);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written(answer in answers()) {
        prop_assert_eq!(Answer::decode(&answer.encode()).unwrap(), answer);
    }
}
