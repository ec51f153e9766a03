//! A table of what is now and what will be then, shown before anything that cannot be taken back.

use maud::{Markup, html};

use crate::{Tone, badge, words};

/// One value, now and then.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// What it is.
    pub what: &'a str,
    /// Now; none when there is nothing.
    pub now: Option<&'a str>,
    /// Then.
    pub then: Option<&'a str>,
}

impl Change<'_> {
    fn word(&self) -> (Tone, &'static str) {
        match (self.now, self.then) {
            (now, then) if now == then => (Tone::Neutral, words::STAYS),
            (None, _) => (Tone::Notice, words::ADDED),
            (_, None) => (Tone::Warning, words::REMOVED),
            _ => (Tone::Notice, words::CHANGES),
        }
    }
}

/// The table. What stays is listed too, so that nothing is left to guess.
#[must_use]
pub fn now_then(caption: &str, changes: &[Change<'_>]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table class="now-then cards" {
                caption class="visually-hidden" { (caption) }
                thead {
                    tr {
                        th scope="col" { (words::VALUE) }
                        th scope="col" { (words::NOW) }
                        th scope="col" { (words::THEN) }
                        th scope="col" { span class="visually-hidden" { (words::CHANGES) } }
                    }
                }
                tbody {
                    @for change in changes { (row(change)) }
                }
            }
        }
    }
}

fn row(change: &Change<'_>) -> Markup {
    let (tone, word) = change.word();
    let stays = change.now == change.then;
    html! {
        tr class=[stays.then_some("stays")] {
            th scope="row" { (change.what) }
            td data-label=(words::NOW) { (value(change.now)) }
            td data-label=(words::THEN) { @if stays { (value(change.then)) } @else { strong { (value(change.then)) } } }
            td { (badge(tone, word)) }
        }
    }
}

fn value(value: Option<&str>) -> Markup {
    html! { @match value { Some(value) => (value), None => span class="muted" { (words::NOTHING) } } }
}
