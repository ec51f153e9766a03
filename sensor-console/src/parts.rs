//! Parts of pages that need the protocol's types; what needs none is in picket-look.

use maud::{Markup, html};
use picket_protocol::refusal::Problem;

/// A refusal: title, what was found, what to do next, the code small at the end.
#[must_use]
pub(crate) fn refusal(problem: &Problem) -> Markup {
    html! {
        section.refusal data-refusal=(problem.code) role="alert" {
            h2 { (problem.title) }
            dl { @for found in &problem.found { dt { (found.label) } dd { (found.value) } } }
            ol { @for step in &problem.next { li { (step) } } }
            p.code { "Code: " code { (problem.code) } }
        }
    }
}
