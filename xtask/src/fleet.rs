//! `cargo xtask fleet`: thousands of sensors at one portal process, on the agent's own service and upstream client.

use anyhow::Result;
use clap::Args;
use picket_lab::ending;

use crate::{bench::driver, builds::build};

#[derive(Args)]
pub(crate) struct Fleet {
    /// How many sensors
    #[arg(long, default_value_t = 1000)]
    sensors: u32,
    /// What the portal asks them to leave between heartbeats, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(10..=900))]
    interval: u64,
    /// For how long the portal is away when it is killed, in seconds
    #[arg(long, default_value_t = 0)]
    outage: u64,
}

impl Fleet {
    pub(crate) fn run(&self) -> Result<bool> {
        ending::end_cleanly_on_signals()?;
        build("release", &["--package", "picket-portal"])?;
        let numbers = [u64::from(self.sensors), self.interval, self.outage].map(|number| number.to_string());
        driver("release", "fleet", &numbers.each_ref().map(String::as_str))
    }
}
