//! Measures a sensor console as it is shipped, before a real agent, over TLS. Run by `cargo xtask bench console`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark takes the time")]

mod pages;
mod stage;
mod visit;

use std::{process::ExitCode, thread::sleep, time::Duration};

use anyhow::Result;
use picket_lab::figures::memory_kib;

use self::stage::Stage;

const MOST_VISIT_KIB: f64 = 100.0;
const MOST_MEMORY_MIB: f64 = 15.0;
/// At rest: so long after the last request.
const REST: Duration = Duration::from_secs(10);

fn main() -> Result<ExitCode> {
    let mut stage = Stage::set_up()?;
    stage.first_sign_in()?;
    println!("at rest after the first sign-in: {}", memory(&stage)?);
    let visit = visit::measure(&stage)?;
    let signed_in = pages::measure(&stage)?;
    sleep(REST);
    println!("at rest after {signed_in} pages: {}", memory(&stage)?);
    let resident = memory_kib(stage.console.program()?.pid(), "Rss:")? / 1024.0;
    let well =
        [judge("first visit", visit, MOST_VISIT_KIB, "KiB"), judge("RSS at rest", resident, MOST_MEMORY_MIB, "MiB")];
    Ok(if well.iter().all(|well| *well) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn memory(stage: &Stage) -> Result<String> {
    let pid = stage.console.program()?.pid();
    let mebibytes = |name| Ok::<_, anyhow::Error>(memory_kib(pid, name)? / 1024.0);
    let (resident, shared_out, own) = (mebibytes("Rss:")?, mebibytes("Pss:")?, mebibytes("Anonymous:")?);
    Ok(format!("RSS {resident:.2} MiB, PSS {shared_out:.2} MiB, of it anonymous {own:.2} MiB"))
}

/// Prints a figure beside its limit, and says whether it is kept.
fn judge(what: &str, found: f64, most: f64, unit: &str) -> bool {
    let well = found <= most;
    println!("{what}: {found:.2} {unit} (limit {most} {unit}) {}", if well { "ok" } else { "MISSED" });
    well
}
