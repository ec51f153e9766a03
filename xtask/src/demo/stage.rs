//! Does steps one after another, says each aloud, and notes how it went. After a failure the rest is not tried.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::table::{Outcome, Row, Table};

/// A step: its name, and what does it and returns what was seen.
pub(super) type Step<W> = (&'static str, fn(&mut W) -> Result<String>);

/// Whether all steps went well. `tell` hears of each step's beginning and end.
pub(super) fn play<W>(world: &mut W, steps: &[Step<W>], table: &mut Table, tell: impl Fn(&Told<'_>)) -> bool {
    let mut well = true;
    for (number, (what, act)) in steps.iter().enumerate() {
        if !well {
            let outcome = Outcome::Failed("not tried, since an earlier step failed".into());
            table.add(Row { what: (*what).into(), outcome, took: Duration::ZERO });
            continue;
        }
        tell(&Told::Begins { number: number + 1, of: steps.len(), what });
        let start = Instant::now();
        let outcome = match act(world) {
            Ok(seen) => Outcome::Passed(seen),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        well = matches!(outcome, Outcome::Passed(_));
        let row = Row { what: (*what).into(), outcome, took: start.elapsed() };
        tell(&Told::Ended(&row));
        table.add(row);
    }
    well
}

/// What is said aloud.
pub(super) enum Told<'a> {
    Begins { number: usize, of: usize, what: &'a str },
    Ended(&'a Row),
}
