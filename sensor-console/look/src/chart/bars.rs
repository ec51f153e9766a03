//! Stacked bars over time, such as alerts by severity.

use maud::{Markup, html};

use super::{HEIGHT, figure, height, number, numbers, plot, round_up};
use crate::Column;

/// One of the things that are stacked: its name and its class of colour (`high`, `medium`, `low`, `informational`).
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its class of colour.
    pub class: &'a str,
}

/// One bar: when, and a value for each series, the lowest in the stack first.
#[derive(Debug, Clone)]
pub struct Bar {
    /// When.
    pub label: String,
    /// The values.
    pub values: Vec<u64>,
}

/// The chart.
#[must_use]
pub fn bars(summary: &str, over: &str, series: &[Series<'_>], bars: &[Bar]) -> Markup {
    let highest = bars.iter().map(|bar| bar.values.iter().sum()).max().unwrap_or(0);
    let top = round_up(highest);
    let ends = (bars.first().map_or("", |bar| &bar.label), bars.last().map_or("", |bar| &bar.label));
    let shapes = html! { @for (place, bar) in bars.iter().enumerate() { (stack(place, bar, series, top)) } };
    let drawing = html! {
        (plot(top, ends, bars.len(), &shapes))
        ul class="legend" {
            @for one in series.iter().rev() {
                li {
                    svg viewBox="0 0 12 12" aria-hidden="true" {
                        rect class={ "s-" (one.class) } width="12" height="12" rx="2" {}
                    }
                    (one.name)
                }
            }
        }
    };
    let mut columns = vec![Column::text(over)];
    columns.extend(series.iter().rev().map(|one| Column::number(one.name)));
    let rows = bars.iter().rev().map(row).collect();
    figure(summary, bars.len(), &drawing, &numbers(summary, &columns, rows))
}

fn stack(place: usize, bar: &Bar, series: &[Series<'_>], top: u64) -> Markup {
    let parts = series.iter().zip(&bar.values).filter(|(_, value)| **value > 0).scan(0, |below, (one, value)| {
        let tall = height(*value, top);
        *below += tall;
        Some((one.class, HEIGHT.saturating_sub(*below), tall))
    });
    html! {
        @for (class, y, tall) in parts {
            rect class={ "s-" (class) } x=(place * 10 + 1) width="8" y=(y) height=(tall) {}
        }
    }
}

fn row(bar: &Bar) -> Vec<Markup> {
    let mut cells = vec![html! { (bar.label) }];
    cells.extend(bar.values.iter().rev().map(|value| html! { (number(*value)) }));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_without_gaps_up_to_the_top() {
        let series = [Series { name: "Low", class: "low" }, Series { name: "High", class: "high" }];
        let bar = Bar { label: "10:00".to_owned(), values: vec![4, 6] };
        let shown = stack(0, &bar, &series, 10).into_string();
        assert!(shown.contains(r#"y="600" height="400""#), "{shown}");
        assert!(shown.contains(r#"y="0" height="600""#), "{shown}");
    }
}
