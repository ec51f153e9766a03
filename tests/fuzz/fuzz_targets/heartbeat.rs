//! Heartbeats and their answers. The first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{manifest::Document, planted, seeds, split, tally};
use picket_protocol::heartbeat::{Answer, Heartbeat};

const ANSWER: u8 = 1;

fuzz_target!(
    init: {
        seeds::write(|vector, _, bytes| match vector.document {
            Document::Heartbeat => vec![[&[0], bytes].concat()],
            Document::Answer => vec![[&[ANSWER], bytes].concat()],
            _ => vec![],
        });
        tally::start(&["accepted", "activation.too-large", "activation.malformed", "activation.not-deterministic"]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, bytes)) = split(data) else { return };
        if first & ANSWER != 0 { answer(bytes) } else { heartbeat(bytes) }
    }
);

fn heartbeat(bytes: &[u8]) {
    let read = Heartbeat::decode(bytes);
    tally::outcome(&read);
    if let Ok(heartbeat) = read {
        assert_eq!(Heartbeat::decode(&heartbeat.encode()).as_ref(), Ok(&heartbeat));
    }
}

fn answer(bytes: &[u8]) {
    let read = Answer::decode(bytes);
    tally::outcome(&read);
    if let Ok(answer) = read {
        assert_eq!(Answer::decode(&answer.encode()).as_ref(), Ok(&answer));
    }
}
