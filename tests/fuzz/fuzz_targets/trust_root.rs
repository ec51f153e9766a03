//! Trust root files, pinned into an empty store. The first byte says whether to sign anew.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{SIGN_ANEW, manifest::Document, planted, seeds, sign, split, tally};
use picket_protocol::trust::{TrustStore, encode_roots};

fuzz_target!(
    init: {
        seeds::write(seeds::of_document(Document::TrustRootFile));
        tally::start(&[
            "accepted",
            "activation.too-large",
            "activation.malformed",
            "activation.not-deterministic",
            "activation.bad-headers",
            "activation.root-chain-broken",
            "activation.wrong-document",
            "activation.unsupported",
        ]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, file)) = split(data) else { return };
        let anew = if first & SIGN_ANEW != 0 { sign::trust_root_file(file) } else { None };
        pin(anew.as_deref().unwrap_or(file));
    }
);

fn pin(file: &[u8]) {
    let mut store = TrustStore::default();
    let pinned = store.pin(file);
    tally::outcome(&pinned);
    let Ok(id) = pinned else {
        assert!(store.is_empty(), "a refused file left something behind");
        return;
    };
    let chain = store.get(&id).expect("what was pinned");
    assert_eq!(encode_roots(&chain.to_roots()), file);
    assert_eq!(chain.newest().check(), Ok(()));
    let stored = serde_json::to_string(&store).expect("a store serializes");
    assert_eq!(serde_json::from_str::<TrustStore>(&stored).expect("its own text"), store);
}
