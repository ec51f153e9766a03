//! Alerts as CSV (RFC 4180) that no spreadsheet takes for formulas.

use picket_protocol::local_api::AlertView;

use super::line::Line;

/// The first line.
pub(super) const HEADER: &str =
    "id,epoch,severity,detected_at,signature,category,source,destination,protocol,record\r\n";

/// A line.
pub(super) fn line(alert: &AlertView) -> String {
    let line = Line::of(alert);
    let epoch = alert.epoch.to_string();
    let cells = [
        alert.id.as_str(),
        &epoch,
        alert.severity.as_str(),
        &alert.detected_at,
        line.signature().unwrap_or_default(),
        line.category().unwrap_or_default(),
        &line.source(),
        &line.destination(),
        &line.protocol().unwrap_or_default(),
        alert.record.get(),
    ]
    .map(cell);
    format!("{}\r\n", cells.join(","))
}

/// Quoted; a cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_as_a_formula() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            assert_eq!(cell(&format!("{start}HYPERLINK(1)")), format!("\"'{start}HYPERLINK(1)\""));
        }
        assert_eq!(cell("a"), "\"a\"");
    }

    #[test]
    fn a_quote_cannot_end_its_cell() {
        assert_eq!(cell("a\",=1+1\r\n"), "\"a\"\",=1+1\r\n\"");
    }
}
