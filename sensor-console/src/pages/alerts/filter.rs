//! Which alerts are asked for: read from a page's address, and written into links, so that a filter can be bookmarked.

use picket_protocol::{alerts::Severity, time::UnixSeconds};
use serde::Deserialize;

/// The filter in an address. What is not understood does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// At least this grave.
    pub(super) severity: String,
    /// How far back.
    pub(super) within: String,
    /// A text in the record.
    pub(super) text: String,
    /// Alerts below this place, the newest first.
    pub(super) before: Option<u64>,
    /// Alerts above this place, those next to it.
    pub(super) after: Option<u64>,
}

/// Most characters of a text.
const MAX_TEXT: usize = 200;

impl Filter {
    /// At least this grave, if that is asked for.
    pub(super) fn at_least(&self) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.as_str() == self.severity)
    }

    /// Detected since, if that is asked for.
    pub(super) fn since(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let hours = match self.within.as_str() {
            "hour" => 1,
            "day" => 24,
            "week" => 7 * 24,
            _ => return None,
        };
        Some(now.plus(-hours * 3600))
    }

    /// The text, if there is one.
    pub(super) fn text(&self) -> Option<String> {
        let text: String = self.text.trim().chars().take(MAX_TEXT).collect();
        (!text.is_empty()).then_some(text)
    }

    /// Whether anything is left out.
    pub(super) fn filters(&self) -> bool {
        self.at_least().is_some() || self.since(UnixSeconds(0)).is_some() || self.text().is_some()
    }

    /// From the first page on.
    pub(super) fn first_page(&self) -> Self {
        Self { before: None, after: None, ..self.clone() }
    }

    /// As the query of an address, with its question mark; empty when nothing is asked.
    pub(super) fn query(&self) -> String {
        let place = |place: Option<u64>| place.map(|place| place.to_string()).unwrap_or_default();
        let pairs = [
            ("severity", self.severity.clone()),
            ("within", self.within.clone()),
            ("text", self.text().unwrap_or_default()),
            ("before", place(self.before)),
            ("after", place(self.after)),
        ];
        let asked: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        match serde_urlencoded::to_string(asked) {
            Ok(query) if !query.is_empty() => format!("?{query}"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_from_its_own_address() {
        let filter = Filter {
            severity: "high".to_owned(),
            within: "day".to_owned(),
            text: "a&b=\"ü\"".to_owned(),
            before: Some(7),
            after: None,
        };
        let query = filter.query();
        assert_eq!(serde_urlencoded::from_str::<Filter>(&query[1..]).unwrap(), filter, "{query}");
        assert_eq!(Filter::default().query(), "");
    }

    #[test]
    fn what_is_not_understood_does_not_filter() {
        let filter = Filter { severity: "worst".to_owned(), within: "aeon".to_owned(), ..Filter::default() };
        assert!(!filter.filters());
    }
}
