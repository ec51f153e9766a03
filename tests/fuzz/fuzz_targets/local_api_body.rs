//! The JSON bodies of the local API. The first byte says of which request.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{planted, split, tally};
use picket_protocol::{
    local_api::{parse_name, parse_pairing, parse_proxy, parse_reset, parse_trust_confirmation},
    refusal::Refusal,
};
use serde::Serialize;

fuzz_target!(
    init: {
        write_seeds();
        tally::start(&["accepted", "request.invalid", "name.invalid"]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, body)) = split(data) else { return };
        match first % 5 {
            0 => reads_again(body, parse_name),
            1 => reads_again(body, parse_proxy),
            2 => reads_again(body, parse_reset),
            3 => reads_again(body, parse_pairing),
            _ => reads_again(body, |body| {
                parse_trust_confirmation(body).inspect(|confirmation| _ = confirmation.file())
            }),
        }
    }
);

/// What is accepted is accepted again from its own text, and is the same.
fn reads_again<T: Serialize + PartialEq + Debug>(body: &[u8], parse: impl Fn(&[u8]) -> Result<T, Refusal>) {
    let read = parse(body);
    tally::outcome(&read);
    if let Ok(value) = read {
        let text = serde_json::to_vec(&value).expect("a body serializes");
        assert_eq!(parse(&text).as_ref(), Ok(&value));
    }
}

fn write_seeds() {
    let Some(folder) = std::env::var_os("PICKET_FUZZ_SEEDS") else { return };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder for seeds");
    let bodies = [
        "\0{\"name\":\"Pump house 3\"}",
        "\0{\"name\":\"-\"}",
        "\u{1}{\"url\":\"http://10.0.0.1:3128\",\"user\":\"u\",\"password\":\"p\"}",
        "\u{1}{\"url\":\"socks5://proxy.example:1080\"}",
        "\u{2}{\"erase\":true}",
        "\u{3}{\"url\":\"https://console.plant:8443\",\"ca_certificates\":[\"MAA=\"],\"pairing_token\":\"a-pairing-token-of-22-or-more\"}",
        "\u{4}{\"file\":\"2dn3gwGA\",\"characters\":\"0123 4567-89ab cdef\"}",
        "\u{4}{\"file\":\"-----BEGIN PICKET ACTIVATION-----\\n2dn3gwGA\\n-----END PICKET ACTIVATION-----\\n\",\"characters\":\"\"}",
    ];
    for (number, body) in bodies.iter().enumerate() {
        std::fs::write(folder.join(format!("body-{number}")), body).expect("a seed");
    }
}
