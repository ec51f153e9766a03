//! `cargo xtask test`: everything that can fail, part by part, and a last line that counts.

mod api_check;
mod appliance;
mod cargo_tests;
mod cross_check;
mod exposure;
pub(crate) mod python;

use std::{
    collections::BTreeSet,
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

/// Debian packages: the part that needs each, and the tests of that part, by what their names contain.
const PACKAGES: [(&str, Part, &[&str]); 21] = [
    ("strace", Part::Kills, &["kills::"]),
    ("faketime", Part::Clocks, &["clock::"]),
    ("python3-venv", Part::Python, &[]),
    ("suricata", Part::Engine, &["suricata::"]),
    ("mosquitto", Part::Broker, &["mosquitto::"]),
    ("mosquitto-clients", Part::Broker, &[]),
    ("rsyslog", Part::Syslog, &["rsyslog::"]),
    ("rsyslog-gnutls", Part::Syslog, &[]),
    ("chromium", Part::Browser, &["browser::", "chromium::"]),
    ("chromium-driver", Part::Browser, &[]),
    ("python3-venv", Part::Browser, &[]),
    // A page without letters has no contrast to check.
    ("fonts-dejavu-core", Part::Browser, &[]),
    ("postgresql", Part::Database, &["postgres::"]),
    ("systemd-container", Part::Systemd, &["systemd::"]),
    ("mmdebstrap", Part::Systemd, &[]),
    ("dpkg-dev", Part::Systemd, &[]),
    ("curl", Part::Systemd, &[]),
    // A TPM 2.0 made of software, and what systemd speaks to it by.
    ("swtpm", Part::Systemd, &[]),
    ("swtpm-tools", Part::Systemd, &[]),
    ("tpm2-tools", Part::Systemd, &[]),
    // systemd-analyze, which judges the units.
    ("systemd", Part::Exposure, &[]),
];
/// Parts that need no package, and their tests.
const OTHERS: [(Part, &[&str]); 1] = [(Part::Namespaces, &["namespaces::"])];
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
    /// Within the tests: the agent killed at each durable system call, which strace does
    Kills,
    /// Within the tests: machines that boot in 1970 or 2099, which faketime plays
    Clocks,
    /// Within the tests: alerts of a real detection engine, Suricata
    Engine,
    /// Within the tests: alerts by way of a real MQTT broker, Mosquitto
    Broker,
    /// Within the tests: alerts shared with a real syslog server, rsyslog over TLS
    Syslog,
    /// Within the tests: the sensor console's pages in a real browser, Chromium
    Browser,
    /// Within the tests: two processes of a portal at one PostgreSQL; and the portal's tests once more, with everything there
    Database,
    /// Within the tests: the packages, installed on a Debian that systemd boots in systemd-nspawn; needs root
    Systemd,
    /// How much the units leave open
    Exposure,
    /// Other programs read what the portal issues, and hold its API against its description
    Python,
    /// The demo's walk
    Walk,
    /// Within tests and walk: packets counted on the wire, which needs namespaces that an ordinary user may make
    Namespaces,
    /// A short run of each fuzz target
    Fuzz,
}

impl Test {
    pub(crate) fn run(&self) -> Result<bool> {
        let left_out = |part: &Part| self.without.contains(part);
        let wanted: BTreeSet<_> =
            PACKAGES.iter().filter(|(_, part, _)| !left_out(part)).map(|(name, ..)| *name).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let missing = packages::provide(&wanted, self.install)?;
        let mut table = Table::default();
        for name in missing {
            let why = format!("{name} is missing: --install installs it, --without leaves out what needs it");
            table.add(Row { what: "packages".into(), outcome: Outcome::Failed(why), took: Duration::ZERO });
        }
        let mut counts = (0, 0, 0);
        // Apart from the tests: whoever is not root still hears of all the others.
        self.part(&mut table, Part::Systemd, "packages, and a Debian to boot", || {
            appliance::provide().map(Outcome::Passed)
        });
        let parts = PACKAGES.iter().map(|(_, part, tests)| (part, tests));
        let parts = parts.chain(OTHERS.iter().map(|(part, tests)| (part, tests)));
        let skipped: Vec<&str> =
            parts.filter(|(part, _)| left_out(part)).flat_map(|(_, tests)| *tests).copied().collect();
        self.part(&mut table, Part::Tests, "cargo test", || {
            if !left_out(&Part::Browser) {
                python::provide_axe()?;
            }
            let outcome = cargo_tests::run(&skipped)?;
            counts = outcome.counts;
            outcome.verdict()
        });
        self.part(&mut table, Part::Database, "the portal's tests once more, on PostgreSQL", || {
            let outcome = cargo_tests::run_on_postgres(&skipped)?;
            counts = outcome.added_to(counts);
            outcome.verdict()
        });
        self.part(&mut table, Part::Exposure, "exposure of the units", || exposure::check().map(Outcome::Passed));
        self.part(&mut table, Part::Python, "other programs read what the portal issues", || {
            cross_check::run(!left_out(&Part::Broker)).map(Outcome::Passed)
        });
        self.part(&mut table, Part::Python, "the API as it describes itself, by schemathesis", || {
            api_check::run().map(Outcome::Passed)
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
