//! The panel of a refusal, the same everywhere: title, what was found, what to do next, the code small at the end.

use maud::{Markup, html};

use crate::{
    definition::Definitions,
    icon::{Icon, icon},
    words,
};

/// One thing that was found.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// What it is.
    pub label: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// What a refusal says.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The stable code.
    pub code: &'a str,
    /// What is so.
    pub title: &'a str,
    /// What was found.
    pub found: &'a [Finding<'a>],
    /// What to do next, in order.
    pub next: &'a [String],
    /// Its page, if there is one at hand.
    pub page: Option<&'a str>,
}

/// The panel. Gets the focus after a form was refused, so that it is read first.
#[must_use]
pub fn refusal(refusal: &Refusal<'_>) -> Markup {
    let list = refusal.found.iter().fold(Definitions::new(), |list, found| list.with(found.label, found.value));
    html! {
        section class="refusal" data-refusal=(refusal.code) role="alert" tabindex="-1" {
            h2 { (icon(Icon::Critical)) (refusal.title) }
            @if !refusal.found.is_empty() { h3 { (words::FOUND) } (list) }
            @if !refusal.next.is_empty() {
                h3 { (words::NEXT) }
                ol { @for step in refusal.next { li { (step) } } }
            }
            p class="refusal-code" {
                (words::CODE) " " code { (refusal.code) }
                @if let Some(page) = refusal.page { " · " a href=(page) { (words::MORE_ABOUT_CODE) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_cannot_become_markup() {
        let found = [Finding { label: "name", value: "<script>alert(1)</script>" }];
        let shown = refusal(&Refusal { code: "a.b", title: "No", found: &found, next: &[], page: None }).into_string();
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt;"), "{shown}");
    }
}
