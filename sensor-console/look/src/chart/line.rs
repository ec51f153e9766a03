//! A line over time, such as a backlog.

use maud::{Markup, html};

use super::{HEIGHT, figure, height, number, numbers, plot, round_up};
use crate::Column;

/// The chart of values with their labels, the oldest first. `what` names the values.
#[must_use]
pub fn line(summary: &str, what: &str, points: &[(String, u64)]) -> Markup {
    let top = round_up(points.iter().map(|(_, value)| *value).max().unwrap_or(0));
    let ends = (points.first().map_or("", |(label, _)| label), points.last().map_or("", |(label, _)| label));
    let at = |(place, (_, value)): (usize, &(String, u64))| {
        format!("{},{}", place * 10 + 5, HEIGHT.saturating_sub(height(*value, top)))
    };
    let path = points.iter().enumerate().map(at).collect::<Vec<_>>().join("L");
    let last = points.len().saturating_sub(1) * 10 + 5;
    let shapes = html! {
        path class="under" d={ "M" (path) "L" (last) "," (HEIGHT) "L5," (HEIGHT) "Z" } {}
        path class="line" d={ "M" (path) } {}
    };
    let columns = [Column::text(""), Column::number(what)];
    let rows = points.iter().rev().map(|(label, value)| vec![html! { (label) }, html! { (number(*value)) }]).collect();
    figure(summary, points.len(), &plot(top, ends, points.len(), &shapes), &numbers(summary, &columns, rows))
}
