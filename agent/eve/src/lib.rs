//! A line of EVE JSON: an alert, another record, or none. Looks at few fields and keeps the line as it is.
//!
//! A crate of its own since every byte of the engine goes through it: it is built to be fast, where the agent around it is
//! built to be small.

mod detection;
mod stats;

use std::borrow::Cow;

use picket_protocol::alerts::{Severity, UnixMillis};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::detection::Detection;
pub use self::stats::{Capture, Detect, Stats};

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// Something was detected.
    Alert {
        /// How grave.
        severity: Severity,
        /// When, if the record says it in a form that can be read.
        at: Option<UnixMillis>,
        /// The record, untouched.
        text: &'a str,
    },
    /// The engine's own counters.
    Stats(Stats),
    /// Any other record of the engine.
    Other,
    /// Not UTF-8.
    InvalidUtf8,
    /// Not one JSON object.
    InvalidJson,
}

/// The fields are looked at one by one: one of an unexpected type must not cost the alert.
#[derive(Deserialize)]
struct Eve<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(default)]
    alert: Detection,
    #[serde(borrow, default)]
    stats: Option<&'a RawValue>,
}

/// Reads a line without its line feed. `anomalies`: whether `anomaly` records count as alerts.
#[must_use]
pub fn read(line: &[u8], anomalies: bool) -> Record<'_> {
    // An engine that does not append leaves a hole of zeros where a file was cut off under it.
    let start = line.iter().position(|byte| *byte != 0).unwrap_or(line.len());
    let Ok(text) = std::str::from_utf8(&line[start..]) else { return Record::InvalidUtf8 };
    let text = text.trim_ascii();
    // The whole line is checked to be JSON here: later readers rely on it.
    let Ok(eve) = serde_json::from_str::<Eve<'_>>(text) else { return Record::InvalidJson };
    match &*eve.event_type {
        "alert" => {
            Record::Alert { severity: Severity::from_engine(eve.alert.severity), at: instant_of(eve.timestamp), text }
        }
        "anomaly" if anomalies => {
            Record::Alert { severity: Severity::Informational, at: instant_of(eve.timestamp), text }
        }
        "stats" => {
            eve.stats.and_then(|stats| serde_json::from_str(stats.get()).ok()).map_or(Record::Other, Record::Stats)
        }
        _ => Record::Other,
    }
}

/// No engine escapes what an instant is made of.
fn instant_of(timestamp: Option<&RawValue>) -> Option<UnixMillis> {
    instant(timestamp?.get().strip_prefix('"')?.strip_suffix('"')?)
}

/// `2004-08-26T12:01:34.211940+0000`, as Suricata writes it; the zone may also have a colon or be `Z`.
fn instant(text: &str) -> Option<UnixMillis> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let [year, month, day] = [number(0..4)?, number(5..7)?, number(8..10)?];
    let [hour, minute, second] = [number(11..13)?, number(14..16)?, number(17..19)?];
    let separators = text.as_bytes();
    if [4, 7, 10, 13, 16].map(|place| separators[place]) != *b"--T::" || !(1..=12).contains(&month) {
        return None;
    }
    let rest = &text[19..];
    let fraction = rest.strip_prefix('.').unwrap_or("");
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let millis =
        fraction[..digits].bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let zone = if digits == 0 { rest } else { &fraction[digits..] };
    let days = days_since_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(UnixMillis(seconds * 1_000 + millis))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("Z", "") => return Some(0),
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|character| *character != ':').collect();
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Some(sign * (number / 100 * 3_600 + number % 100 * 60))
}

/// Days-from-civil after Howard Hinnant.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"timestamp":"2004-08-26T12:01:34.211940+0000","flow_id":459574422418600,"event_type":"alert","alert":{"signature_id":9100008,"severity":2},"x":"\u0041"}"#;

    #[test]
    fn an_alert_keeps_its_text_severity_and_instant() {
        let expected =
            Record::Alert { severity: Severity::Medium, at: Some(UnixMillis(1_093_521_694_211)), text: LINE };
        assert_eq!(read(LINE.as_bytes(), false), expected);
        let zeros = [&[0; 500], LINE.as_bytes(), b"\r"].concat();
        assert_eq!(read(&zeros, false), expected);
    }

    #[test]
    fn other_records_are_told_apart() {
        let flow = br#"{"event_type":"flow","flow":{"pkts_toserver":3}}"#;
        assert_eq!(read(flow, true), Record::Other);
        let anomaly = br#"{"event_type":"anomaly","anomaly":{"type":"decode"}}"#;
        assert_eq!(read(anomaly, false), Record::Other);
        assert!(matches!(read(anomaly, true), Record::Alert { severity: Severity::Informational, at: None, .. }));
        let stats = br#"{"event_type":"stats","stats":{"capture":{"kernel_drops":7}}}"#;
        assert_eq!(
            read(stats, false),
            Record::Stats(Stats { capture: Capture { kernel_drops: 7 }, detect: Detect::default() })
        );
    }

    #[test]
    fn an_alert_that_says_no_severity_is_informational() {
        for odd in [
            "",
            r#","alert":null"#,
            r#","alert":7,"timestamp":8,"stats":"x""#,
            r#","alert":{"severity":-1.5}"#,
            r#","alert":{"severity":1e999}"#,
            r#","alert":["severity",2]"#,
            r#","alert":"severity""#,
        ] {
            let line = format!(r#"{{"event_type":"alert"{odd}}}"#);
            let read = read(line.as_bytes(), false);
            assert!(matches!(read, Record::Alert { severity: Severity::Informational, at: None, .. }), "{odd}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_apart() {
        for line in [&b"{\"event_type\":\"alert\""[..], b"", b"[]", b"{}", b"\"alert\"", b"{\"event_type\":\"a\x00b\"}"]
        {
            assert_eq!(read(line, true), Record::InvalidJson, "{line:?}");
        }
        let twice = [LINE.as_bytes(), LINE.as_bytes()].concat();
        assert_eq!(read(&twice, true), Record::InvalidJson);
        assert_eq!(read(b"{\"event_type\":\"alert\",\"x\":\"\xFF\"}", true), Record::InvalidUtf8);
    }

    #[test]
    fn instants_are_read_in_the_forms_that_engines_write() {
        for (text, millis) in [
            ("1970-01-01T00:00:00.000000+0000", 0),
            ("1970-01-01T01:00:00.25+01:00", 250),
            ("1969-12-31T22:30:00-0130", 0),
            ("2024-02-29T23:59:59Z", 1_709_251_199_000),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(instant(text), Some(UnixMillis(millis)), "{text}");
        }
        for text in [
            "",
            "1970-01-01",
            "1970-13-01T00:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00+1",
            "é970-01-01T00:00:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
