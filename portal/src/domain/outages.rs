//! When a sensor was not heard, from what was told of it, as a strip of hours.

use picket_protocol::time::UnixSeconds;

const HOUR: i64 = 3600;

/// What was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It was last heard then.
    Lost(UnixSeconds),
    /// It was heard again then.
    Back(UnixSeconds),
}

/// Spans of silence; the last may not have ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outages(Vec<(UnixSeconds, Option<UnixSeconds>)>);

/// How an hour was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hour {
    /// The sensor was not there yet.
    Before,
    /// Heard.
    Heard,
    /// Not heard for some of it.
    Partly,
    /// Not heard.
    Silent,
}

impl Outages {
    /// From words in the order they were told.
    #[must_use]
    pub fn of(words: impl IntoIterator<Item = Word>) -> Self {
        let mut spans: Vec<(UnixSeconds, Option<UnixSeconds>)> = Vec::new();
        for word in words {
            match (word, spans.last_mut()) {
                (Word::Lost(at), Some((_, Some(_))) | None) => spans.push((at, None)),
                (Word::Back(at), Some((_, end @ None))) => *end = Some(at),
                // The beginning was forgotten: it was silent for all that is remembered.
                (Word::Back(at), None) => spans.push((UnixSeconds(0), Some(at))),
                (Word::Lost(_), Some((_, None))) | (Word::Back(_), Some((_, Some(_)))) => {}
            }
        }
        Self(spans)
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The last hours, the oldest first, each with its beginning. `first_heard`: before that there was nothing to hear.
    #[must_use]
    pub fn hours(&self, hours: i64, first_heard: UnixSeconds, now: UnixSeconds) -> Vec<(UnixSeconds, Hour)> {
        let present = now.0.div_euclid(HOUR);
        ((present - hours + 1)..=present)
            .map(|hour| {
                let (from, to) = (UnixSeconds(hour * HOUR), UnixSeconds(((hour + 1) * HOUR).min(now.0)));
                (from, if to <= first_heard { Hour::Before } else { self.between(from.max(first_heard), to) })
            })
            .collect()
    }

    fn between(&self, from: UnixSeconds, to: UnixSeconds) -> Hour {
        let silent: i64 =
            self.0.iter().map(|(lost, back)| back.unwrap_or(to).min(to).since((*lost).max(from)).max(0)).sum();
        match silent {
            0 => Hour::Heard,
            some if some >= to.since(from) => Hour::Silent,
            _ => Hour::Partly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 500_000 * HOUR;

    fn at(hours: f64) -> UnixSeconds {
        #[expect(clippy::cast_possible_truncation, reason = "a few hours")]
        UnixSeconds(START + (hours * 3600.0) as i64)
    }

    fn hours(words: &[Word], first: UnixSeconds, now: UnixSeconds) -> Vec<Hour> {
        Outages::of(words.iter().copied()).hours(6, first, now).into_iter().map(|(_, hour)| hour).collect()
    }

    #[test]
    fn a_strip_shows_before_heard_partly_and_silent() {
        use Hour::{Before, Heard, Partly, Silent};
        let words = [Word::Lost(at(2.5)), Word::Back(at(4.0))];
        assert_eq!(hours(&words, at(1.0), at(5.9)), [Before, Heard, Partly, Silent, Heard, Heard]);
        assert_eq!(hours(&words[..1], at(0.0), at(5.9)), [Heard, Heard, Partly, Silent, Silent, Silent]);
        assert_eq!(hours(&words[1..], at(0.0), at(5.9)), [Silent, Silent, Silent, Silent, Heard, Heard]);
        assert_eq!(hours(&[], at(9.0), at(5.9)), [Before; 6]);
    }
}
