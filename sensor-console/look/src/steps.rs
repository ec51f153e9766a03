//! The steps of a flow: a short ordered list with the present one open, done ones in a line, none skipped in silence.

use maud::{Markup, html};

use crate::{
    icon::{Icon, icon},
    words,
};

/// Where a step stands.
#[derive(Debug, Clone)]
pub enum StepState {
    /// Done: what came of it, and where to change it, if that can still be done.
    Done { summary: String, change: Option<String> },
    /// The present one, with its content.
    Present(Markup),
    /// Comes later; or is not needed, and why.
    Later { note: Option<String> },
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// Its stable name, found by tests as `data-step`.
    pub name: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Where it stands.
    pub state: StepState,
}

/// The list.
#[must_use]
pub fn steps(all: &[Step<'_>]) -> Markup {
    html! { ol class="steps" { @for (number, step) in (1..).zip(all) { (one(number, step)) } } }
}

fn one(number: usize, step: &Step<'_>) -> Markup {
    match &step.state {
        StepState::Done { summary, change } => html! {
            li class="step done" data-step=(step.name) {
                span class="step-mark" { (icon(Icon::Check)) }
                div {
                    h2 { (step.title) span class="visually-hidden" { " (" (words::STEP_DONE) ")" } }
                    p class="step-line" {
                        (summary)
                        @if let Some(change) = change {
                            " " a href=(change) { (words::STEP_CHANGE) span class="visually-hidden" { " " (step.title) } }
                        }
                    }
                }
            }
        },
        StepState::Present(content) => html! {
            li class="step present" data-step=(step.name) aria-current="step" {
                span class="step-mark" aria-hidden="true" { (number) }
                div { h2 { (step.title) } (content) }
            }
        },
        StepState::Later { note } => html! {
            li class="step later" data-step=(step.name) {
                span class="step-mark" aria-hidden="true" { (number) }
                div {
                    h2 { (step.title) span class="visually-hidden" { " (" (words::STEP_LATER) ")" } }
                    @if let Some(note) = note { p class="step-line" { (note) } }
                }
            }
        },
    }
}
