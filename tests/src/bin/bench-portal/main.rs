//! Measures one portal process, with the generator on the same machine. Run by `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark takes the time")]

mod client;
mod crowd;
mod enrolments;
mod heartbeats;
mod intake;
mod pages;

use std::{env, process::ExitCode};

use anyhow::{Result, bail};

fn main() -> Result<ExitCode> {
    // One thread: the portal has the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let well = match env::args().nth(1).as_deref() {
        Some("heartbeats") => heartbeats::run(&runtime)?,
        Some("enrolments") => enrolments::run(&runtime)?,
        Some("intake") => intake::run(&runtime)?,
        Some("retention") => intake::retention::run(&runtime)?,
        Some("pages") => pages::run()?,
        other => bail!("heartbeats, enrolments, intake, retention or pages, not {other:?}"),
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a rate beside its limit.
fn judge(what: &str, found: f64, least: f64) -> bool {
    let well = found >= least;
    println!("{what}: {found:.0} /s (at least {least:.0} /s) {}", if well { "ok" } else { "MISSED" });
    well
}
