//! A definition list: names on the left, values on the right; below each other on phones.

use maud::{Markup, Render, html};

/// One entry.
#[derive(Debug)]
pub struct Entry {
    term: String,
    value: Markup,
    help: Option<String>,
}

/// The list.
#[derive(Debug, Default)]
pub struct Definitions {
    entries: Vec<Entry>,
}

impl Definitions {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more entry.
    #[must_use]
    pub fn with(mut self, term: &str, value: impl Render) -> Self {
        self.entries.push(Entry { term: term.to_owned(), value: html! { (value) }, help: None });
        self
    }

    /// With one more entry, if there is a value.
    #[must_use]
    pub fn with_some(self, term: &str, value: Option<impl Render>) -> Self {
        match value {
            Some(value) => self.with(term, value),
            None => self,
        }
    }

    /// With one more entry and a line of explanation under its value.
    #[must_use]
    pub fn with_help(mut self, term: &str, value: impl Render, help: &str) -> Self {
        self.entries.push(Entry { term: term.to_owned(), value: html! { (value) }, help: Some(help.to_owned()) });
        self
    }
}

impl Render for Definitions {
    fn render(&self) -> Markup {
        html! {
            dl class="definitions" {
                @for Entry { term, value, help } in &self.entries {
                    div {
                        dt { (term) }
                        dd { (value) @if let Some(help) = help { p class="help" { (help) } } }
                    }
                }
            }
        }
    }
}
