//! What the command line says, and how it fails. The one place that prints.

use std::{io::Write as _, process::ExitCode};

use serde_json::Value;

use super::failure;

/// A line on standard output; a reader that has gone is no failure.
pub(super) fn line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

pub(super) fn lines(texts: &[String]) {
    texts.iter().for_each(line);
}

pub(super) fn json(value: &Value) {
    line(value.to_string());
}

/// How a command failed, on standard error; with JSON, a refusal is the answer and goes where answers go.
pub(super) fn failure(error: &anyhow::Error) -> ExitCode {
    match failure::as_json(error).and_then(|problem| serde_json::to_value(problem).ok()) {
        Some(problem) => json(&problem),
        None => {
            let mut error_out = std::io::stderr().lock();
            let _ = failure::lines(error).iter().try_for_each(|line| writeln!(error_out, "{}", shown(line)));
        }
    }
    ExitCode::from(failure::exit_code(error))
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

/// A list of a JSON answer as a table: a title and a pointer for each column.
pub(super) fn list(answer: &Value, name: &str, columns: &[(&str, &str)]) {
    let rows = answer[name].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> =
        rows.map(|row| columns.iter().map(|(_, pointer)| cell(row, pointer)).collect()).collect();
    let header: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    table(&header, &rows);
}

/// A field of a JSON answer as a cell.
pub(super) fn cell(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => shown(text),
        Some(other) => shown(&other.to_string()),
    }
}

/// Text from outside must not steer the terminal: no control characters, none that change the direction.
fn shown(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// For a query value: everything but unreserved characters (RFC 3986 §2.3).
pub(super) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
