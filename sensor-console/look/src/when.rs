//! Times: relative, with the exact one in UTC a hover, tap or tab away; the script adds the viewer's own time zone.

use maud::{Markup, html};
use picket_protocol::time::UnixSeconds;

/// `2 min ago`, and the exact time behind it.
#[must_use]
pub fn when(at: UnixSeconds, now: UnixSeconds) -> Markup {
    html! {
        time class="when" tabindex="0" datetime=(at) data-utc=(utc(at)) data-relative { (relative(at.since(now))) }
    }
}

/// The exact time in UTC, written out.
#[must_use]
pub fn exact(at: UnixSeconds) -> Markup {
    html! { time class="exact" datetime=(at) data-utc=(utc(at)) { (utc(at)) } }
}

/// What is left of a span, counted down by the script.
#[must_use]
pub fn countdown(seconds: u64) -> Markup {
    html! { span class="countdown" role="timer" data-countdown=(seconds) { (clock(seconds)) } }
}

/// A span of time in its two largest units: `3 d 4 h`.
#[must_use]
pub fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, unit) = UNITS[first];
    let head = format!("{} {unit}", seconds / size);
    match UNITS.get(first + 1).map(|(size_below, unit)| ((seconds % size) / size_below, unit)) {
        Some((rest, unit)) if rest > 0 => format!("{head} {rest} {unit}"),
        _ => head,
    }
}

fn utc(at: UnixSeconds) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Of a difference in seconds; negative is past. The script says the same in the same words.
fn relative(difference: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let away = difference.unsigned_abs();
    let Some((size, unit)) = UNITS.iter().find(|(size, _)| away >= *size) else { return "now".to_owned() };
    let text = format!("{} {unit}", away / size);
    if difference < 0 { format!("{text} ago") } else { format!("in {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_ago_in_one_unit() {
        let said: Vec<String> = [0, -1, -125, 7_200, -90_000].into_iter().map(relative).collect();
        assert_eq!(said, ["now", "1 s ago", "2 min ago", "in 2 h", "1 d ago"]);
    }

    #[test]
    fn shows_the_exact_utc_too() {
        let shown = when(UnixSeconds(0), UnixSeconds(60)).into_string();
        assert!(shown.contains("1970-01-01 00:00:00 UTC") && shown.contains("1 min ago"), "{shown}");
    }

    #[test]
    fn says_a_span_in_its_two_largest_units() {
        assert_eq!(span(90_061), "1 d 1 h");
        assert_eq!(span(3_600), "1 h");
        assert_eq!(span(0), "0 s");
    }
}
