//! CSV as spreadsheets write it (RFC 4180), read whole: records of cells. Knows no sensor.

use csv::ReaderBuilder;

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
    // Some spreadsheets still end lines as a typewriter does; the reader would take all of them for one line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator(&text)).from_reader(text.as_bytes());
    let (mut records, mut within_cells) = (Vec::new(), 0);
    for record in reader.records() {
        let record = record.map_err(|error| wrong(1, None, "csv.invalid", error.to_string()))?;
        // The reader counts lines; a spreadsheet shows a cell of several lines in one row.
        let row = record.position().map_or(0, |position| position.line()) - within_cells;
        let row = usize::try_from(row).unwrap_or(usize::MAX);
        if row > MAX_RECORDS {
            return Err(wrong(row, None, "csv.too-large", format!("at most {} sensors", MAX_RECORDS - 1)));
        }
        within_cells += record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        records.push((row, record.iter().map(|cell| plain(cell.trim()).to_owned()).collect()));
    }
    // The reader takes what is left for the cell's: half a table would be onboarded.
    if !text.matches('"').count().is_multiple_of(2) {
        let row = records.last().map_or(1, |(row, _): &(usize, Vec<String>)| *row);
        return Err(wrong(row, None, "csv.quotes", "a quotation mark is not closed".to_owned()));
    }
    records.retain(|(_, record)| record.iter().any(|cell| !cell.is_empty()));
    Ok(records)
}

/// Where a comma is the decimal sign, spreadsheets put semicolons between cells.
fn separator(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
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
        for line in ["x\n", "x\r\n", "x\r"] {
            assert_eq!(code(line.repeat(MAX_RECORDS + 1).as_bytes()), "csv.too-large", "{line:?}");
        }
    }
}
