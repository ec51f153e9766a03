//! Alerts by severity over the last day, as stacked bars.

use maud::{Markup, html};
use picket_look::chart::{Bar, Series, bars, number};
use picket_protocol::{alerts::Severity, local_api::SeverityHour, time::UnixSeconds};

use crate::texts::{alerts::severity, overview as texts};

const HOUR: i64 = 3600;
const SHOWN: i64 = 24;

/// The chart of the last day; hours without alerts are there, too.
pub(super) fn chart(hours: Option<&[SeverityHour]>, now: UnixSeconds) -> Markup {
    let Some(hours) = hours else { return html! { p class="muted" { (texts::NO_HOURS) } } };
    let last = now.0.div_euclid(HOUR) * HOUR;
    let shown: Vec<Bar> = (0..SHOWN).map(|back| last - (SHOWN - 1 - back) * HOUR).map(|at| bar(at, hours)).collect();
    let total: u64 = shown.iter().flat_map(|bar| &bar.values).sum();
    let high: u64 = shown.iter().filter_map(|bar| bar.values.last()).sum();
    let series = stacked().map(|one| Series { name: severity(one), class: one.as_str() });
    bars(&texts::chart(&number(total), &number(high)), texts::HOUR, &series, &shown)
}

/// The least grave at the bottom.
fn stacked() -> [Severity; 4] {
    let mut all = Severity::ALL;
    all.reverse();
    all
}

fn bar(at: i64, hours: &[SeverityHour]) -> Bar {
    let of =
        |severity| hours.iter().filter(|hour| hour.begins.0 == at).filter_map(|hour| hour.counts.get(&severity)).sum();
    // `2026-01-31T08`: the hour is enough of it.
    let label = UnixSeconds(at).to_string();
    Bar { label: format!("{}:00", label.get(11..13).unwrap_or(&label)), values: stacked().map(of).to_vec() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_hour_without_alerts_is_a_bar_without_height() {
        let hours = [SeverityHour { begins: UnixSeconds(7_200), counts: BTreeMap::from([(Severity::High, 3)]) }];
        assert_eq!(bar(7_200, &hours).values, [0, 0, 0, 3]);
        assert_eq!(bar(3_600, &hours).values, [0, 0, 0, 0]);
        assert_eq!(bar(3_600, &hours).label, "01:00");
    }
}
