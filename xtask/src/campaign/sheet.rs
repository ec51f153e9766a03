//! What came of a place's faults, and the table that a campaign prints of it.

use std::{collections::BTreeSet, fmt, time::Duration};

use anyhow::{Context, Result};
use picket_lab::Tally;
use serde_json::{Value, json};

use super::sabotage::Sabotage;

/// What came of a place's faults.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) tally: Tally,
    /// Not at the portal, and accounted for: dropped by a stated bound, by reason, or rotated away unread. Not in
    /// `tally.lacking`.
    pub(super) let_go: u64,
    /// From a fault until the program answered again, or from the beginning of a switch to its end, at worst.
    pub(super) recovery: Duration,
    /// What else did not hold, in words.
    pub(super) broken: Vec<String>,
    /// What else was seen, in words.
    pub(super) remarks: Vec<String>,
}

impl Outcome {
    pub(super) fn is_well(&self) -> bool {
        self.tally.is_exact() && self.broken.is_empty()
    }

    /// For whoever plays a place in a process of its own; [`Self::from_json`] takes it.
    pub(super) fn to_json(&self) -> Value {
        let Self { tally: Tally { written, lacking, doubled, foreign }, let_go, recovery, broken, remarks } = self;
        json!({
            "written": written, "lacking": lacking, "doubled": doubled, "foreign": foreign, "let_go": let_go,
            "recovery": recovery.as_secs_f64(), "broken": broken, "remarks": remarks,
        })
    }

    pub(super) fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let number = |name: &str| value[name].as_u64().with_context(|| format!("no {name}"));
        let list = |name: &str| value[name].as_array().with_context(|| format!("no {name}"));
        let ids = |name: &str| -> Result<BTreeSet<u64>> { Ok(list(name)?.iter().filter_map(Value::as_u64).collect()) };
        let words = |name: &str| -> Result<Vec<String>> {
            Ok(list(name)?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let lacking = ids("lacking")?;
        let tally = Tally {
            written: number("written")?.try_into()?,
            lacking,
            doubled: ids("doubled")?,
            foreign: ids("foreign")?,
        };
        let recovery = Duration::from_secs_f64(value["recovery"].as_f64().context("no recovery")?);
        Ok(Self { tally, let_go: number("let_go")?, recovery, broken: words("broken")?, remarks: words("remarks")? })
    }

    /// Adds what came of more faults, with alerts of ids of their own.
    pub(super) fn add(&mut self, more: Self) {
        let Self { tally: Tally { written, lacking, doubled, foreign }, let_go, recovery, broken, remarks } = more;
        self.tally.written += written;
        self.tally.lacking.extend(lacking);
        self.tally.doubled.extend(doubled);
        self.tally.foreign.extend(foreign);
        self.let_go += let_go;
        self.recovery = self.recovery.max(recovery);
        self.broken.extend(broken);
        self.remarks.extend(remarks);
    }

    /// Notes what must hold.
    pub(super) fn must(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} let go", self.tally, self.let_go)?;
        self.remarks.iter().try_for_each(|remark| write!(f, "; {remark}"))?;
        self.broken.iter().try_for_each(|broken| write!(f, "; BROKEN: {broken}"))
    }
}

/// One place, with what came of its faults.
pub(super) struct Row {
    pub(super) place: &'static str,
    pub(super) faults: u32,
    /// What the build was broken by, on purpose.
    pub(super) sabotage: Option<Sabotage>,
    pub(super) outcome: Outcome,
}

impl Row {
    pub(super) fn is_well(&self) -> bool {
        self.outcome.is_well()
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

    pub(super) fn all(&self, holds: impl Fn(&Row) -> bool) -> bool {
        self.rows.iter().all(holds)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sabotaged = self.rows.iter().any(|row| row.sabotage.is_some());
        let (head, rule) = if sabotaged { (" sabotage | found out |", "---|---|") } else { ("", "") };
        writeln!(f, "| where | faults | alerts checked | let go | lost | doubled | astray | worst recovery |{head}")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|---:|{rule}")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        let broken = self.rows.iter().flat_map(|row| row.outcome.broken.iter().map(move |broken| (row.place, broken)));
        broken.into_iter().try_for_each(|(place, broken)| writeln!(f, "\n{place}: {broken}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { tally: Tally { written, lacking, doubled, foreign }, let_go, recovery, .. } = &self.outcome;
        write!(f, "| {} | {} | {written} | {let_go} | {} | ", self.place, self.faults, lacking.len())?;
        write!(f, "{} | {} | {:.2} s |", doubled.len(), foreign.len(), recovery.as_secs_f64())?;
        self.sabotage
            .map_or(Ok(()), |sabotage| write!(f, " {sabotage} | {} |", if self.is_well() { "no" } else { "yes" }))
    }
}
