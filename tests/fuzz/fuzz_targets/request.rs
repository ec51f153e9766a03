//! Requests. The first byte says whether to sign anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{SIGN_ANEW, manifest::Document, planted, seeds, sign, split, tally};
use picket_protocol::{keys::thumbprint, reading::read_request};

fuzz_target!(
    init: {
        seeds::write(seeds::of_document(Document::Request));
        tally::start(&[
            "accepted",
            "activation.too-large",
            "activation.malformed",
            "activation.not-deterministic",
            "activation.bad-headers",
            "activation.unknown-signer",
            "activation.bad-signature",
            "activation.wrong-document",
            "activation.unsupported",
        ]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, bytes)) = split(data) else { return };
        let anew = if first & SIGN_ANEW != 0 { sign::request(bytes) } else { None };
        let read = read_request(anew.as_deref().unwrap_or(bytes));
        tally::outcome(&read);
        if let Ok(request) = read {
            assert_eq!(thumbprint(&request.public_key).as_bytes(), request.signer().as_bytes());
        }
    }
);
