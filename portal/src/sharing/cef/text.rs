//! Text from outside as CEF holds it: what it cannot hold replaced, what steers a reader escaped. Decides no field.
//!
//! CEF (Implementing ArcSight Common Event Format, "Character Encoding"): in a field of the header `\` and `|` are
//! escaped, in a value of the extension `\`, `=`, line feed (`\n`) and carriage return (`\r`). It has no spelling for
//! other control characters, and readers drop white space at the ends of a value.

/// Stands for a control character, which CEF cannot spell.
const REPLACED: char = '\u{fffd}';
/// Ends a text that was cut.
const CUT: char = '…';

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Between the bars: one line.
    Header,
    /// After a key.
    Extension,
}

/// The text that a reader gets back: no white space at the ends, a tab a space, other control characters U+FFFD (but line
/// ends, which are kept in an extension and a space in a header), and at most `most` characters, the last `…` if cut.
#[must_use]
pub fn plain(text: &str, position: Position, most: usize) -> String {
    let mut kept: String = text.trim().chars().map(|c| replaced(c, position)).take(most + 1).collect();
    if let Some((end, _)) = kept.char_indices().nth(most) {
        let last = kept[..end].char_indices().next_back().map_or(0, |(last, _)| last);
        kept.truncate(last);
        kept.push(CUT);
    }
    kept
}

const fn replaced(c: char, position: Position) -> char {
    match (c, position) {
        ('\t', _) | ('\n' | '\r', Position::Header) => ' ',
        ('\n' | '\r', Position::Extension) => c,
        ('\0'..='\u{1f}' | '\u{7f}'..='\u{9f}', _) => REPLACED,
        _ => c,
    }
}

/// Appends plain text, escaped, as far as `room` bytes hold it; what does not fit is cut. Whether anything was written.
pub fn escape(plain: &str, position: Position, room: usize, out: &mut String) -> bool {
    let (start, mut cut_at) = (out.len(), out.len());
    for c in plain.chars() {
        let before = out.len();
        push(c, position, out);
        if out.len() - start > room {
            out.truncate(cut_at);
            if cut_at > start {
                out.push(CUT);
            }
            return cut_at > start;
        }
        // The last end after which the mark of a cut still fits.
        if before - start + CUT.len_utf8() <= room {
            cut_at = before;
        }
    }
    out.len() > start
}

fn push(c: char, position: Position, out: &mut String) {
    match (c, position) {
        ('\\', _) => out.push_str("\\\\"),
        ('|', Position::Header) => out.push_str("\\|"),
        ('=', Position::Extension) => out.push_str("\\="),
        ('\n', Position::Extension) => out.push_str("\\n"),
        ('\r', Position::Extension) => out.push_str("\\r"),
        _ => out.push(c),
    }
}
