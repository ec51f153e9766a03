//! The project's own chores, as commands. What each does is in the file of its name.

#![expect(clippy::disallowed_methods, reason = "a chore takes the time and asks the environment")]
#![expect(clippy::print_stdout, reason = "a chore talks to the person at the terminal")]

mod bench;
mod broken_copy;
mod builds;
mod campaign;
mod demo;
mod fleet;
mod fuzz;
mod guards;
mod package;
mod packages;
mod platform;
mod sample;
mod screenshots;
mod table;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Picket's own chores")]
enum Chore {
    /// Walk the main job out loud on real programs, then stay up for you to play with.
    Demo(demo::Demo),
    /// Run everything that can fail: tests, walks, cross-checks, short fuzz runs.
    Test(test::Test),
    /// Measure one thing; each figure stands beside a peer or a limit from the same run.
    Bench(bench::Bench),
    /// Do faults by the dozen to the real programs, and count what was lost or doubled.
    Campaign(campaign::Campaign),
    /// Run thousands of sensors at one portal process, kill it, and watch them come back.
    Fleet(fleet::Fleet),
    /// Take each guard out of the sensor console in turn, and fail unless the test of its attack does.
    Guards(guards::Guards),
    /// Beat on one parser.
    Fuzz(fuzz::Fuzz),
    /// Make the Debian packages, as they are shipped, with their bills of materials.
    Package(package::Package),
    /// Write our capture and the demo's sample anew; needs Suricata.
    Sample(sample::Sample),
    /// Photograph every page of the sensor console; needs Chromium.
    Screenshots(screenshots::Screenshots),
    /// Prove that a locally managed sensor sends nothing; run by the demo in a process of its own.
    #[command(hide = true)]
    QuietProof(demo::QuietProof),
}

fn main() -> ExitCode {
    match run(Chore::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well. A chore that could not do its work at all is an error instead.
fn run(chore: Chore) -> Result<bool> {
    platform::must_be_supported()?;
    match chore {
        Chore::Demo(demo) => demo.run(),
        Chore::Test(test) => test.run(),
        Chore::Bench(bench) => bench.run(),
        Chore::Campaign(campaign) => campaign.run(),
        Chore::Fleet(fleet) => fleet.run(),
        Chore::Guards(guards) => guards.run(),
        Chore::Fuzz(fuzz) => fuzz.run(),
        Chore::Package(package) => package.run(),
        Chore::Sample(sample) => sample.run(),
        Chore::Screenshots(screenshots) => screenshots.run(),
        Chore::QuietProof(proof) => proof.run(),
    }
}
