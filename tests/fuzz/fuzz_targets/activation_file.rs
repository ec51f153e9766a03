//! Activation files, in every context of the vectors. The first byte chooses the context, and whether to sign anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{SIGN_ANEW, contexts, manifest::Document, planted, seeds, sign, split, tally};
use picket_protocol::{
    issue::{activation_file, sign_activation},
    keys::SigningKey,
    reading::{Reading, inspect, read_activation},
};

const REACHED: [&str; 22] = [
    "accepted",
    "activation.too-large",
    "activation.malformed",
    "activation.not-deterministic",
    "activation.unsupported-version",
    "activation.bad-headers",
    "activation.no-trust-root",
    "activation.unknown-root",
    "activation.root-chain-broken",
    "activation.root-too-old",
    "activation.unknown-signer",
    "activation.signer-withdrawn",
    "activation.wrong-role",
    "activation.bad-signature",
    "activation.wrong-document",
    "activation.not-yet-valid",
    "activation.upload-window-over",
    "activation.clock-unusable",
    "activation.wrong-appliance",
    "activation.wrong-key",
    "activation.older-than-active",
    "activation.unsupported",
];

fuzz_target!(
    init: {
        seeds::write(seeds::of_document(Document::ActivationFile));
        tally::start(&REACHED);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, file)) = split(data) else { return };
        let anew = if first & SIGN_ANEW != 0 { sign::activation_file(file) } else { None };
        read(usize::from(first & !SIGN_ANEW), anew.as_deref().unwrap_or(file));
    }
);

fn read(context: usize, file: &[u8]) {
    let context = contexts()[context % contexts().len()].context();
    let read = read_activation(file, &context);
    tally::outcome(&read);
    let _ = inspect(file);
    if let Ok(reading) = read {
        reads_again(reading.activation(), &context);
    }
}

/// What was accepted is accepted again from its own bytes, holds together, and survives being issued anew.
fn reads_again(
    activation: &picket_protocol::verified::Verified<picket_protocol::documents::activation::Activation>,
    context: &picket_protocol::reading::ReadingContext<'_>,
) {
    assert_eq!(activation.check(), Ok(()));
    assert!(read_activation(activation.bytes(), context).is_ok());
    let store = context.trust;
    let mut grown = store.clone();
    grown.adopt(&activation.issuer, activation.roots()).expect("verified roots");
    // Seed 101 is the cast's usual signer; an old one may have signed the original.
    let anew = sign_activation(activation, &SigningKey::from_seed(&[101; 32]));
    let file = activation_file(&grown.get(&activation.issuer).expect("the chain that judged").to_roots(), &anew);
    if let Ok(Reading::New(again)) = read_activation(&file, context) {
        assert_eq!(*again, **activation);
    }
}
