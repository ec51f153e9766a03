//! `cargo xtask bench NAME`: one measurement, each figure beside a peer or a limit from the same run.

mod alerts;
mod appliance;
mod commit;
mod console;
mod footprint;
mod portal;
mod probe;
mod programs;
mod ready;
mod statistics;

use anyhow::Result;
use clap::{Args, ValueEnum};
use picket_lab::ending;

pub(crate) use self::programs::driver;

#[derive(Args)]
pub(crate) struct Bench {
    #[arg(value_enum)]
    name: Name,
    /// How long the idle footprint is watched, in seconds
    #[arg(long, default_value_t = 300)]
    watch: u64,
    /// Of `alerts`: how many records a round has
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Of `alerts`: how often the agent and its peer take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Of `alerts`: watch memory over ten times as many records
    #[arg(long)]
    long: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// Verifying an activation file, and the worst hostile input
    Verify,
    /// From upload to committed, locally managed
    Commit,
    /// From start to READY
    Ready,
    /// Memory, wake-ups and CPU when idle; the size of the program
    Footprint,
    /// Durable heartbeats of one portal process
    Heartbeats,
    /// Enrolments of one portal process
    Enrolments,
    /// Alerts that one portal process takes from 1,000 sensors
    Intake,
    /// From the engine's file to a hub's durable word: rate, processor, memory, latency, outage
    Alerts,
    /// Agent and console as packages on a Debian that systemd boots: memory at rest, from PID 1 to READY; needs root
    Appliance,
    /// First pages of the portal's list of 10,000 and 100,000 sensors, on SQLite and PostgreSQL
    PortalPages,
    /// What forgetting the oldest alerts costs that intake
    Retention,
    /// The sensor console: its pages over TLS, its memory, what a first visit weighs
    Console,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<bool> {
        ending::end_cleanly_on_signals()?;
        match self.name {
            Name::Verify => driver("size", "bench-verify", &[]),
            Name::Commit => commit::run(),
            Name::Ready => ready::run(),
            Name::Appliance => appliance::run(self.watch),
            Name::Footprint => footprint::run(self.watch),
            Name::Heartbeats => portal::run("heartbeats"),
            Name::Alerts => {
                alerts::run(alerts::Extent { records: self.records, rounds: self.rounds, long: self.long, seconds: 30 })
            }
            Name::Enrolments => portal::run("enrolments"),
            Name::Intake => portal::run_alone("intake"),
            Name::Retention => portal::run_alone("retention"),
            Name::PortalPages => portal::run_alone("pages"),
            Name::Console => console::run(),
        }
    }
}
