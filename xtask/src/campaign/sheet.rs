//! What a campaign prints: one row per place of the faults.

use std::{fmt, time::Duration};

use picket_lab::Tally;

/// One place, with what came of its faults.
pub(super) struct Row {
    pub(super) place: &'static str,
    pub(super) faults: u32,
    pub(super) tally: Tally,
    /// From a fault until the program answered again, or from the beginning of a switch to its end, at worst.
    pub(super) recovery: Duration,
}

impl Row {
    pub(super) fn is_well(&self) -> bool {
        self.tally.is_exact()
    }
}

/// All rows, as a table in Markdown.
#[derive(Default)]
pub(super) struct Sheet {
    rows: Vec<Row>,
}

impl Sheet {
    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(super) fn all_well(&self) -> bool {
        self.rows.iter().all(Row::is_well)
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| where | faults | alerts checked | lost | doubled | astray | worst recovery |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|")?;
        for Row { place, faults, tally, recovery } in &self.rows {
            let Tally { written, lacking, doubled, foreign } = tally;
            writeln!(
                f,
                "| {place} | {faults} | {written} | {} | {} | {} | {:.2} s |",
                lacking.len(),
                doubled.len(),
                foreign.len(),
                recovery.as_secs_f64()
            )?;
        }
        Ok(())
    }
}
