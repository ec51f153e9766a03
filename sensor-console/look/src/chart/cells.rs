//! A strip of cells over time, such as whether a connection stood.

use maud::{Markup, html};

use super::{HEIGHT, LEAST_POINTS};
use crate::{Tone, words};

/// One cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// When.
    pub label: String,
    /// How it was.
    pub tone: Tone,
    /// The same in a word.
    pub word: String,
}

/// The strip, the oldest cell on the left.
#[must_use]
pub fn cells(summary: &str, cells: &[Cell]) -> Markup {
    html! {
        figure class="chart cells" {
            figcaption { (summary) }
            @if cells.len() >= LEAST_POINTS {
                div class="plot" aria-hidden="true" {
                    svg viewBox={ "0 0 " (cells.len() * 10) " " (HEIGHT) } preserveAspectRatio="none" {
                        @for (place, cell) in cells.iter().enumerate() {
                            rect class={ "c-" (cell.tone.class()) } x=(place * 10) width="10" height=(HEIGHT) {}
                        }
                    }
                }
            }
            details {
                summary { (words::AS_TABLE) }
                ul { @for cell in cells { li { (cell.label) ": " (cell.word) } } }
            }
        }
    }
}
