//! Charts, drawn here as SVG: each with a summary in words and its numbers as a table behind it.
//!
//! Drawings stretch over the width there is; their words stand beside them as text, so that they stay readable.
//! Fewer than three points make no chart, only the table.

mod bars;
mod cells;
mod line;

pub use bars::{Bar, Series, bars};
pub use cells::{Cell, cells};
pub use line::line;
use maud::{Markup, Render, html};

use crate::{Column, Empty, Table, words};

const LEAST_POINTS: usize = 3;

/// A drawing is so many units high; its width is one unit a point.
const HEIGHT: u64 = 1000;

/// How high a value stands, in units, when `top` is the full height.
fn height(value: u64, top: u64) -> u64 {
    let units = u128::from(value) * u128::from(HEIGHT) / u128::from(top.max(1));
    u64::try_from(units).unwrap_or(HEIGHT)
}

/// The first of 1, 2, 5, 10, 20, … that is not below the value.
fn round_up(value: u64) -> u64 {
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    steps.into_iter().find(|step| *step >= value).unwrap_or(u64::MAX)
}

/// A number with thousands apart.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&String::from_utf8_lossy(group));
    }
    text
}

/// Summary, drawing (if there are points enough) and numbers.
fn figure(summary: &str, points: usize, drawing: &Markup, numbers: &Table<'_>) -> Markup {
    html! {
        figure class="chart" {
            figcaption { (summary) }
            @if points < LEAST_POINTS {
                (numbers)
            } @else {
                (drawing)
                details { summary { (words::AS_TABLE) } (numbers) }
            }
        }
    }
}

/// A table of the numbers behind a chart.
fn numbers<'a>(caption: &'a str, columns: &'a [Column<'a>], rows: Vec<Vec<Markup>>) -> Table<'a> {
    Table { caption, columns, rows, empty: Empty { why: caption.to_owned(), next: html! {} } }
}

/// The drawing between its axes.
fn plot(top: u64, along: (&str, &str), points: usize, shapes: &impl Render) -> Markup {
    html! {
        div class="plot" aria-hidden="true" {
            div class="axis up" { span { (number(top)) } span { "0" } }
            svg viewBox={ "0 0 " (points * 10) " " (HEIGHT) } preserveAspectRatio="none" { (shapes) }
            div class="axis along" { span { (along.0) } span { (along.1) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        assert_eq!([0, 1, 3, 7, 12, 101, u64::MAX].map(round_up), [1, 1, 5, 10, 20, 200, u64::MAX]);
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn two_points_make_a_table_and_no_chart() {
        let point = |label: &str| (label.to_owned(), 3);
        assert!(!line("backlog", "waiting", &[point("a"), point("b")]).into_string().contains("<svg"));
        assert!(line("backlog", "waiting", &[point("a"), point("b"), point("c")]).into_string().contains("<path"));
    }
}
