//! CSV (RFC 4180) that no spreadsheet takes for formulas.

/// A field and a comma. A spreadsheet takes what begins with `=`, `+`, `-`, `@` or a control character for a formula: an
/// apostrophe before it makes it text.
pub(super) fn write_field(text: &str, out: &mut String) {
    let formula = text.starts_with(|first: char| {
        matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || first.is_control()
    });
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push_str("\",");
}

/// A line.
pub(super) fn write_line<'a>(fields: impl IntoIterator<Item = &'a str>, out: &mut String) {
    fields.into_iter().for_each(|field| write_field(field, out));
    out.pop(); // the last comma
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_formula_and_ends_no_field() {
        let mut out = String::new();
        write_line(["=cmd|' /C calc'!A0", "a \"quoted\", one", ""], &mut out);
        assert_eq!(out, "\"'=cmd|' /C calc'!A0\",\"a \"\"quoted\"\", one\",\"\"\r\n");
    }
}
