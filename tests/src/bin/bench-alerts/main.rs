//! The far ends of `cargo xtask bench alerts`: a hub that stores, a syslog sink that counts, the store
//! without the agent, and the clock of the latencies.

#![expect(clippy::disallowed_methods, reason = "a benchmark takes the time")]

mod bare;
mod hub;
mod journal;
mod latency;
mod lines;
mod tls;

use std::{env, path::Path};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["hub", address, certificates, store, journal] => {
            hub::run(address, Path::new(certificates), Path::new(store), Path::new(journal))
        }
        ["lines", address, certificates, journal] => lines::run(address, Path::new(certificates), Path::new(journal)),
        ["latency", eve, log, seconds] => latency::run(Path::new(eve), Path::new(log), seconds.parse()?),
        ["bare", records, database] => bare::run(Path::new(records), Path::new(database)),
        ["durable", log, count] => latency::durable(Path::new(log), count.parse()?),
        _ => bail!("hub, lines, latency, bare or durable with their arguments, not {words:?}"),
    }
}
