//! Deactivations, in every context of the vectors. The first byte chooses the context, and whether to sign anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{SIGN_ANEW, contexts, manifest::Document, planted, seeds, sign, split, tally};
use picket_protocol::{documents::deactivation::Deactivation, reading::read_deactivation};

fuzz_target!(
    init: {
        seeds::write(seeds::of_document(Document::Deactivation));
        tally::start(&[
            "accepted",
            "activation.too-large",
            "activation.malformed",
            "activation.not-deterministic",
            "activation.bad-headers",
            "activation.unknown-signer",
            "activation.signer-withdrawn",
            "activation.wrong-role",
            "activation.bad-signature",
            "activation.wrong-document",
            "activation.unsupported",
        ]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, bytes)) = split(data) else { return };
        let anew = if first & SIGN_ANEW != 0 { sign::document(bytes) } else { None };
        let trust = &contexts()[usize::from(first & !SIGN_ANEW) % contexts().len()].trust;
        let read = read_deactivation(anew.as_deref().unwrap_or(bytes), trust);
        tally::outcome(&read);
        if let Ok(deactivation) = read {
            assert!(trust.get(&deactivation.issuer).is_some());
            assert!(deactivation.reason.chars().count() <= Deactivation::MAX_REASON);
        }
    }
);
