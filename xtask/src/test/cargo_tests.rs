//! Runs `cargo test` over the workspace, shows what it prints, and counts from its result lines.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use picket_lab::{Postgres, PrivateFolder, postgres::TEST_SERVER};

use crate::{
    builds::{ALL_BUT_XTASK, build, cargo},
    table::Outcome,
};

pub(super) struct CargoTests {
    /// Passed, failed, skipped.
    pub(super) counts: (usize, usize, usize),
    well: bool,
}

/// Leaves out the tests whose names contain one of `skipped`.
pub(super) fn run(skipped: &[&str]) -> Result<CargoTests> {
    // The end-to-end tests start the programs, which cargo would not build for another package's tests.
    build("dev", &ALL_BUT_XTASK)?;
    run_each(&[&ALL_BUT_XTASK[..], &["--package", "xtask"]], skipped, None)
}

/// The portal's tests, and the end-to-end tests of its pages, with what a portal keeps at a PostgreSQL server.
pub(super) fn run_on_postgres(skipped: &[&str]) -> Result<CargoTests> {
    build("dev", &ALL_BUT_XTASK)?;
    // Where whoever is not root can go.
    let folder = PrivateFolder::within(&env::temp_dir())?;
    let server = Postgres::start(&folder.join("postgres"))?;
    let selections: [&[&str]; 2] =
        [&["--package", "picket-portal"], &["--package", "picket-tests", "--test", "portal"]];
    run_each(&selections, skipped, Some(&server.url("postgres")))
}

fn run_each(selections: &[&[&str]], skipped: &[&str], postgres: Option<&str>) -> Result<CargoTests> {
    let mut counts = (0, 0, 0);
    let mut well = true;
    for selection in selections {
        let mut command = cargo(&["test", "--no-fail-fast"]);
        command.args(*selection).arg("--");
        for part in skipped {
            command.args(["--skip", part]);
        }
        command.envs(postgres.map(|url| (TEST_SERVER, url)));
        well &= watch(command, &mut counts)?;
    }
    Ok(CargoTests { counts, well })
}

/// Runs one `cargo test`, adds to the counts, and says whether all went well.
fn watch(mut command: Command, counts: &mut (usize, usize, usize)) -> Result<bool> {
    // A failed test says what it saw; where anyhow was called from helps nobody.
    command.env("RUST_LIB_BACKTRACE", "0");
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        add(counts, &line);
    }
    Ok(child.wait()?.success())
}

impl CargoTests {
    /// With those of another run.
    pub(super) const fn added_to(&self, (passed, failed, skipped): (usize, usize, usize)) -> (usize, usize, usize) {
        (passed + self.counts.0, failed + self.counts.1, skipped + self.counts.2)
    }

    pub(super) fn verdict(&self) -> Result<Outcome> {
        let (passed, failed, left_out) = self.counts;
        if !self.well {
            bail!("{failed} tests failed, or something did not build");
        }
        if passed == 0 {
            bail!("no test was run");
        }
        Ok(Outcome::Passed(if left_out == 0 {
            format!("{passed} tests")
        } else {
            format!("{passed} tests, {left_out} left out by --without")
        }))
    }
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; …`.
fn add(counts: &mut (usize, usize, usize), line: &str) {
    let Some(result) = line.strip_prefix("test result: ") else { return };
    let words: Vec<_> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<usize>() else { continue };
        match pair[1] {
            "passed" => counts.0 += number,
            "failed" => counts.1 += number,
            "ignored" | "filtered" => counts.2 += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::add;

    #[test]
    fn counts_what_cargo_test_says() {
        let mut counts = (0, 0, 0);
        add(
            &mut counts,
            "test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
        );
        add(
            &mut counts,
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        add(&mut counts, "test a::b ... ok");
        assert_eq!(counts, (7, 1, 3));
    }
}
