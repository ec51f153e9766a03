//! The summary of a chore: one row per thing shown, and how it went.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

/// How one thing went, with what was seen.
pub(crate) enum Outcome {
    Passed(String),
    Failed(String),
    Skipped(String),
}

/// One row.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl Row {
    /// One line that another process can print and this one read.
    pub(crate) fn to_line(&self) -> String {
        let (word, seen) = self.outcome.parts();
        json!({ "what": self.what, "outcome": word, "seen": seen, "ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX) }).to_string()
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let seen = value["seen"].as_str()?.to_owned();
        let outcome = match value["outcome"].as_str()? {
            "ok" => Outcome::Passed(seen),
            "skipped" => Outcome::Skipped(seen),
            _ => Outcome::Failed(seen),
        };
        Some(Self {
            what: value["what"].as_str()?.to_owned(),
            outcome,
            took: Duration::from_millis(value["ms"].as_u64()?),
        })
    }
}

impl Outcome {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Passed(seen) => ("ok", seen),
            Self::Failed(seen) => ("FAILED", seen),
            Self::Skipped(why) => ("skipped", why),
        }
    }
}

/// All rows so far.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn all_well(&self) -> bool {
        self.counts().1 == 0
    }

    /// Passed, failed, skipped.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let count = |word| self.rows.iter().filter(|row| row.outcome.parts().0 == word).count();
        (count("ok"), count("FAILED"), count("skipped"))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        for row in &self.rows {
            let (word, seen) = row.outcome.parts();
            let seen = seen.lines().next().unwrap_or_default();
            writeln!(f, "{word:<8}{:<width$}  {:>6.1} s  {seen}", row.what, row.took.as_secs_f64())?;
        }
        Ok(())
    }
}

/// `N passed, N failed`, and skipped ones where there are any.
pub(crate) fn closing_line((passed, failed, skipped): (usize, usize, usize)) -> String {
    let mut line = format!("{passed} passed, {failed} failed");
    if skipped > 0 {
        line.push_str(&format!(", {skipped} skipped"));
    }
    line
}
