//! `cargo xtask guards`: an attack test that passes without its guard proves nothing. Each guard is taken out of a copy of
//! the sensor console, which is built; the test of its attack must pass with the guard, and fail without it.

mod list;

use std::{process::Output, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::list::{GUARDS, Guard};
use crate::{
    broken_copy::BrokenCopy,
    table::{Outcome, Row, Table, closing_line},
};

/// The tests of the whole program that play the attacks.
const ATTACKS: [&str; 5] = ["test", "--package", "picket-console", "--test", "console"];

#[derive(Args)]
pub(crate) struct Guards {
    /// Only those whose name has one of these in it
    words: Vec<String>,
}

impl Guards {
    pub(crate) fn run(&self) -> Result<bool> {
        let wanted = |guard: &&Guard| self.words.is_empty() || self.words.iter().any(|word| guard.name.contains(word));
        let guards: Vec<_> = GUARDS.iter().filter(wanted).collect();
        ensure!(!guards.is_empty(), "no guard has any of {:?} in its name", self.words);
        println!("Building with every guard in its place …");
        let mut tests: Vec<_> = guards.iter().map(|guard| guard.test).collect();
        tests.sort_unstable();
        tests.dedup();
        let whole = BrokenCopy::with(&[])?;
        build(&whole)?;
        ensure!(play(&whole, &tests)?.status.success(), "an attack succeeds though every guard is in its place");
        let mut table = Table::default();
        for guard in guards {
            println!("Without {} …", guard.name);
            table.add(without(guard)?);
        }
        println!("\n{table}{}", closing_line(table.counts()));
        Ok(table.all_well())
    }
}

fn without(guard: &Guard) -> Result<Row> {
    let copy = BrokenCopy::with(guard.cuts)?;
    build(&copy)?;
    let began = Instant::now();
    let output = play(&copy, &[guard.test])?;
    let outcome = if fell(&output, guard.test) {
        Outcome::Passed(format!("{} fails", guard.test))
    } else {
        Outcome::Failed(format!("{} does not notice", guard.test))
    };
    Ok(Row { what: guard.name.to_owned(), outcome, took: began.elapsed() })
}

fn build(copy: &BrokenCopy) -> Result<()> {
    // Its warnings are of no interest: something is used no longer.
    let output = copy.cargo(&ATTACKS).arg("--no-run").output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("it does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn play(copy: &BrokenCopy, tests: &[&str]) -> Result<Output> {
    // One after the other: some measure time.
    let mut command = copy.cargo(&ATTACKS);
    command.args(["--", "--exact", "--test-threads=1"]).args(tests).output().context("cannot run cargo")
}

/// Whether this very test failed: not the build, nor another one.
fn fell(output: &Output, test: &str) -> bool {
    let said = String::from_utf8_lossy(&output.stdout);
    let listed = said.lines().any(|line| line.trim() == test);
    !output.status.success() && listed && said.contains("test result: FAILED. 0 passed; 1 failed")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{broken_copy::cut, builds::root};

    #[test]
    fn every_guard_has_its_places_in_the_source_and_its_test() -> Result<()> {
        for guard in GUARDS {
            for place in guard.cuts {
                let text = fs::read_to_string(root().join(place.file)).with_context(|| guard.name.to_owned())?;
                let own: Vec<_> = guard.cuts.iter().filter(|other| other.file == place.file).collect();
                assert_ne!(cut(&text, &own)?, text, "{}", guard.name);
            }
            let (file, name) = guard.test.split_once("::").context("a test is in a file")?;
            let tests = fs::read_to_string(root().join(format!("sensor-console/tests/console/{file}.rs")))?;
            assert!(tests.contains(&format!("fn {name}()")), "{}", guard.test);
        }
        Ok(())
    }
}
