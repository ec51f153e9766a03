//! What the command line says, and how it fails. The one place that prints.

use std::{io::Write as _, process::ExitCode};

use serde_json::Value;

/// A line on standard output; a reader that has gone is no failure.
pub(super) fn line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

pub(super) fn json(value: &Value) {
    line(value.to_string());
}

pub(super) fn failure(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "picket-portal: {error:#}");
    ExitCode::FAILURE
}

/// Columns, each as wide as its widest cell.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(header.get(column).map(|title| title.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// A field of a JSON answer as a cell.
pub(super) fn cell(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
