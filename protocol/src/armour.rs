//! The armoured form of an activation file: base64 between two lines, for pasting. Line ends and white space of any
//! kind are forgiven, nothing else is.

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::{
    cbor::check_size,
    refusal::Refusal,
    wire::{MAX_ACTIVATION_FILE, MAX_ARMOURED},
};

const BEGIN: &str = "-----BEGIN PICKET ACTIVATION-----";
const END: &str = "-----END PICKET ACTIVATION-----";
/// Characters of base64 in a line (RFC 7468 §2).
const LINE: usize = 64;

/// Writes the armoured form.
#[must_use]
pub fn armour(bytes: &[u8]) -> String {
    let base64 = BASE64.encode(bytes);
    let mut text = format!("{BEGIN}\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(END);
    text.push('\n');
    text
}

/// Whether `bytes` are meant as the armoured form. Only a look at the first line.
#[must_use]
pub fn is_armoured(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(BEGIN.as_bytes())
}

/// Takes the armour off.
///
/// # Errors
///
/// [`Refusal::TooLarge`] beyond [`MAX_ARMOURED`], or beyond [`MAX_ACTIVATION_FILE`] inside; [`Refusal::Malformed`] for
/// anything but the two lines with base64 (RFC 4648 §4, padded) between.
pub fn dearmour(text: &str) -> Result<Vec<u8>, Refusal> {
    check_size(text.len(), MAX_ARMOURED)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    let body = text.strip_prefix(BEGIN).ok_or_else(|| malformed("the BEGIN line is missing"))?;
    let body = body.strip_suffix(END).ok_or_else(|| malformed("the END line is missing"))?;
    let base64: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(base64).map_err(|error| malformed(&format!("{error}")))?;
    check_size(bytes.len(), MAX_ACTIVATION_FILE)?;
    Ok(bytes)
}

/// [`dearmour`] for bytes that may not be text.
pub(crate) fn dearmour_bytes(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    check_size(bytes.len(), MAX_ARMOURED)?;
    dearmour(core::str::from_utf8(bytes).map_err(|_| malformed("not text"))?)
}

fn malformed(why: &str) -> Refusal {
    Refusal::Malformed { at: format!("armour: {why}") }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn survives_line_ends_and_white_space() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = armour(&bytes);
        assert_eq!(dearmour(&text), Ok(bytes.clone()));
        assert_eq!(dearmour(&text.replace('\n', "\r\n")), Ok(bytes.clone()));
        assert_eq!(dearmour(&format!("\u{feff}\n  {}\n\n", text.replace('\n', " \t"))), Ok(bytes));
        assert!(is_armoured(format!("\u{feff}  {text}").as_bytes()));
    }

    #[test]
    fn refuses_what_is_not_its_form() {
        let text = armour(&[1, 2, 3, 4]);
        let cases = [
            text.replace("BEGIN", "BEGUN"),
            text.replace("END PICKET", "END"),
            format!("x{text}"),
            format!("{text}x"),
            text.replace("AQIDBA==", "AQIDBA"),
            text.replace("AQIDBA==", "AQIDBB=="),
            text.replace("AQIDBA==", "AQI-BA=="),
        ];
        for case in cases {
            assert!(matches!(dearmour(&case), Err(Refusal::Malformed { .. })), "{case}");
        }
    }

    #[test]
    fn refuses_by_size_inside_and_outside() {
        let large = armour(&vec![0; MAX_ACTIVATION_FILE + 1]);
        let found = MAX_ACTIVATION_FILE as u64 + 1;
        assert_eq!(dearmour(&large), Err(Refusal::TooLarge { found, limit: MAX_ACTIVATION_FILE as u64 }));
        let padded = format!("{}{}", armour(&[1]), " ".repeat(MAX_ARMOURED));
        assert!(matches!(dearmour(&padded), Err(Refusal::TooLarge { .. })));
    }
}
