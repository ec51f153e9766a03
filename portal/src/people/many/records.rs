//! CSV as spreadsheets write it (RFC 4180), read whole: records of cells. Knows no sensor.

use super::wrong;
use crate::domain::refused::Wrong;

/// Most bytes of a table.
pub(crate) const MAX_BYTES: usize = 192 * 1024;
/// Most rows, the header among them.
const MAX_RECORDS: usize = 1001;

/// The records of a table, each with the row that a spreadsheet shows it in.
pub(super) fn records(bytes: &[u8]) -> Result<Vec<(usize, Vec<String>)>, Wrong> {
    if bytes.len() > MAX_BYTES {
        return Err(wrong(1, None, "csv.too-large", format!("at most {MAX_BYTES} bytes")));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| wrong(1, None, "csv.not-utf8", "save it as CSV in UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { separator: separator(text), ..Reader::default() };
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if reader.quoted && character == '"' && rest.next_if_eq(&'"').is_some() {
            reader.cell.push('"');
        } else {
            reader.take(character);
        }
        if reader.records.len() > MAX_RECORDS {
            return Err(wrong(MAX_RECORDS + 1, None, "csv.too-large", format!("at most {} sensors", MAX_RECORDS - 1)));
        }
    }
    if reader.quoted {
        return Err(wrong(reader.row() + 1, None, "csv.quotes", "a quotation mark is not closed".to_owned()));
    }
    reader.end_record();
    let numbered = reader.records.into_iter().enumerate().map(|(place, record)| (place + 1, record));
    Ok(numbered.filter(|(_, record)| record.iter().any(|cell| !cell.is_empty())).collect())
}

/// Where a comma is the decimal sign, spreadsheets put semicolons between cells.
fn separator(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') { ';' } else { ',' }
}

#[derive(Default)]
struct Reader {
    separator: char,
    records: Vec<Vec<String>>,
    record: Vec<String>,
    cell: String,
    quoted: bool,
}

impl Reader {
    fn row(&self) -> usize {
        self.records.len()
    }

    fn take(&mut self, character: char) {
        match character {
            '"' if self.quoted => self.quoted = false,
            '"' if self.cell.is_empty() => self.quoted = true,
            _ if self.quoted => self.cell.push(character),
            '\r' => {}
            '\n' => self.end_record(),
            _ if character == self.separator => self.end_cell(),
            _ => self.cell.push(character),
        }
    }

    fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        self.record.push(plain(cell.trim()).to_owned());
    }

    fn end_record(&mut self) {
        self.end_cell();
        self.records.push(std::mem::take(&mut self.record));
    }
}

/// The apostrophe with which our own CSV keeps spreadsheets from taking a cell for a formula is no part of it.
fn plain(cell: &str) -> &str {
    let bare = cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    bare.unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        records(text.as_bytes()).unwrap().into_iter().map(|(_, record)| record).collect()
    }

    #[test]
    fn cells_may_be_quoted_and_hold_separators_quotes_and_lines() {
        let read = read("\u{feff}name,tags\r\n\"a, b\",\"say \"\"hi\"\"\nthere\"\n'=x,\n");
        assert_eq!(read, [["name", "tags"], ["a, b", "say \"hi\"\nthere"], ["=x", ""]]);
    }

    #[test]
    fn semicolons_stand_between_cells_where_the_header_has_them_alone() {
        assert_eq!(read("name;site\nPump;a,b\n"), [["name", "site"], ["Pump", "a,b"]]);
    }

    #[test]
    fn empty_rows_are_passed_over_and_still_counted() {
        let records = records(b"name\n\n,,\nPump\n\n").unwrap();
        assert_eq!(records.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let code = |bytes: &[u8]| records(bytes).unwrap_err().code;
        assert_eq!(code(b"name\n\"open"), "csv.quotes");
        assert_eq!(code(b"name\n\xff"), "csv.not-utf8");
        assert_eq!(code(&vec![b'x'; MAX_BYTES + 1]), "csv.too-large");
        assert_eq!(code("x\n".repeat(MAX_RECORDS + 1).as_bytes()), "csv.too-large");
    }
}
