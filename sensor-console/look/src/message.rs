//! System messages: what stands on every page until its cause is gone.

use maud::{Markup, html};

use crate::{Tone, icon::icon, words};

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// How urgent.
    pub tone: Tone,
    /// A stable word, for tests and links.
    pub code: String,
    /// What is so, in a sentence.
    pub title: String,
    /// What to do, in order.
    pub next: Vec<String>,
}

/// A message of a page's own.
#[must_use]
pub fn message(tone: Tone, title: &str, more: &str) -> Markup {
    html! {
        div class={ "message " (tone.class()) } role=[(tone >= Tone::Warning).then_some("alert")] {
            (icon(tone.icon()))
            div { p class="message-title" { (title) } @if !more.is_empty() { p { (more) } } }
        }
    }
}

/// All of them, the most urgent first.
#[must_use]
pub fn messages(all: &[Message]) -> Markup {
    let mut sorted: Vec<&Message> = all.iter().collect();
    sorted.sort_by_key(|message| std::cmp::Reverse(message.tone));
    html! {
        @if !sorted.is_empty() {
            section class="messages" aria-label=(words::MESSAGES) {
                @for message in sorted { (one(message)) }
            }
        }
    }
}

fn one(message: &Message) -> Markup {
    html! {
        div class={ "message " (message.tone.class()) } data-message=(message.code) {
            (icon(message.tone.icon()))
            div {
                p class="message-title" { (message.title) }
                @match message.next.as_slice() {
                    [] => {}
                    [only] => p { (only) }
                    several => details {
                        summary { (words::SYSTEM_MESSAGE_NEXT) }
                        ol { @for step in several { li { (step) } } }
                    }
                }
            }
        }
    }
}
