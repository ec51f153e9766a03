//! The gate, against ciborium and coset. The input is the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{differential, planted, seeds, tally};

fuzz_target!(
    init: {
        seeds::write(|_, _, bytes| seeds::with_parts(bytes));
        let codes = ["accepted", "activation.malformed", "activation.not-deterministic"];
        tally::start(&[&codes[..], &differential::LENIENCIES].concat());
    },
    |data: &[u8]| {
        planted(data);
        differential::gate_agrees(data);
        differential::coset_is_lenient(data);
    }
);
