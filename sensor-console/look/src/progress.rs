//! Progress as a list of named steps with state and time, not a bar that lies.

use maud::{Markup, html};

use crate::{
    Tone,
    icon::{Icon, icon},
};

/// One step of something under way.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// What it is.
    pub name: String,
    /// How it stands; neutral: not there yet.
    pub tone: Tone,
    /// The state in a word.
    pub word: String,
    /// More, if there is more to say.
    pub detail: Option<String>,
    /// How long it took, or has taken so far.
    pub took: Option<String>,
}

/// The list.
#[must_use]
pub fn progress(all: &[Progress]) -> Markup {
    html! { ol class="progress" { @for step in all { (one(step)) } } }
}

fn one(step: &Progress) -> Markup {
    let which = if step.tone == Tone::Neutral { Icon::Waiting } else { step.tone.icon() };
    html! {
        li class=(step.tone.class()) {
            (icon(which))
            div {
                span class="progress-name" { (step.name) }
                span class="progress-word" { (step.word) }
                @if let Some(took) = &step.took { span class="muted" { (took) } }
                @if let Some(detail) = &step.detail { p { (detail) } }
            }
        }
    }
}
