//! `cargo xtask test`: everything that can fail, part by part, and a last line that counts.

mod cargo_tests;
mod cross_check;

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    fuzz, packages,
    table::{Outcome, Row, Table, closing_line},
};

/// Debian packages, and the tests that cannot be run without each: a prefix of their names.
const PACKAGES: [(&str, &[&str]); 2] = [("strace", &["kills::"]), ("faketime", &["clock::"])];
const PYTHON: &str = "python3-venv";
/// Long enough to replay the seeds and leave them; the long runs are `cargo xtask fuzz`.
const FUZZ_SECONDS: u32 = 10;

#[derive(Args)]
pub(crate) struct Test {
    /// Install missing Debian packages without asking (also when CI is set)
    #[arg(long)]
    install: bool,
    /// Leave a part out
    #[arg(long, value_name = "PART")]
    without: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// cargo test, with the end-to-end tests
    Tests,
    /// Other programs read what the portal issues
    Python,
    /// The demo's walk
    Walk,
    /// Within the walk: the proof of quiet, which needs namespaces that an ordinary user may make
    Namespaces,
    /// A short run of each fuzz target
    Fuzz,
}

impl Test {
    pub(crate) fn run(&self) -> Result<bool> {
        let wanted: Vec<_> = PACKAGES.iter().map(|(name, _)| *name).chain([PYTHON]).collect();
        let missing = packages::provide(&wanted, self.install)?;
        let mut table = Table::default();
        let mut counts = (0, 0, 0);
        self.part(&mut table, Part::Tests, "cargo test", || {
            let skipped: Vec<_> = PACKAGES.iter().filter(|(name, _)| missing.contains(name)).collect();
            let outcome =
                cargo_tests::run(&skipped.iter().flat_map(|(_, prefixes)| *prefixes).copied().collect::<Vec<_>>())?;
            counts = outcome.counts;
            let without: Vec<_> = skipped.iter().map(|(name, tests)| format!("{tests:?} for want of {name}")).collect();
            outcome.verdict(&without)
        });
        self.part(&mut table, Part::Python, "other programs read what the portal issues", || {
            if missing.contains(&PYTHON) {
                return Ok(Outcome::Skipped(format!("{PYTHON} is missing")));
            }
            cross_check::run().map(Outcome::Passed)
        });
        self.part(&mut table, Part::Walk, "cargo xtask demo --check", || self.walk());
        self.part(&mut table, Part::Fuzz, "short fuzz runs", || fuzz::all(FUZZ_SECONDS).map(Outcome::Passed));
        let (passed, failed, skipped) = table.counts();
        println!("\n{table}\n{}", closing_line((passed + counts.0, failed + counts.1, skipped + counts.2)));
        Ok(table.all_well() && counts.1 == 0)
    }

    fn part(&self, table: &mut Table, part: Part, what: &str, act: impl FnOnce() -> Result<Outcome>) {
        let start = Instant::now();
        let outcome = if self.without.contains(&part) {
            Outcome::Skipped("left out by --without".into())
        } else {
            println!("\n== {what}");
            act().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")))
        };
        let took = if matches!(outcome, Outcome::Skipped(_)) { Duration::ZERO } else { start.elapsed() };
        table.add(Row { what: what.into(), outcome, took });
    }

    fn walk(&self) -> Result<Outcome> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["demo", "--check"]);
        if self.without.contains(&Part::Namespaces) {
            command.args(["--without", "namespaces"]);
        }
        if !command.status().context("cannot run the demo")?.success() {
            bail!("a step failed; its table is above");
        }
        Ok(Outcome::Passed("every step".into()))
    }
}
