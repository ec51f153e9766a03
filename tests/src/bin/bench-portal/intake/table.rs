//! The rounds as a table, and the limits.

use picket_lab::figures::quantile;

use super::{SENSORS, fleet::UNDER_WAY, stored::Stored};

/// Alerts stored a second, each counted once.
const LEAST_A_SECOND: f64 = 100_000.0;
/// For the last 100 alerts of a sensor, meanwhile.
const MOST_MILLISECONDS: f64 = 20.0;

pub(super) struct Round {
    pub(super) stored_a_second: f64,
    pub(super) sent_a_second: f64,
    pub(super) cpu_per_million: f64,
    /// Milliseconds of each look at the last 100 alerts of a sensor.
    pub(super) looks: Vec<f64>,
    pub(super) bare_a_second: f64,
    pub(super) probe: f64,
}

/// Printed as it grows.
pub(super) struct Table {
    rounds: Vec<Round>,
    probes: Vec<f64>,
}

impl Table {
    pub(super) fn new(probe: f64) -> Self {
        println!("{SENSORS} sensors on as many connections, {UNDER_WAY} batches under way at once");
        println!(
            "| round | stored /s | sent /s | CPU s per million | last 100: p50, p99 ms | bare SQLite, unique index /s | fdatasync ms |"
        );
        println!("|---|---|---|---|---|---|---|");
        Self { rounds: Vec::new(), probes: vec![probe] }
    }

    pub(super) fn add(&mut self, round: Round) {
        let Round { stored_a_second, sent_a_second, cpu_per_million, looks, bare_a_second, probe } = &round;
        let (half, most) = (quantile(looks, 50), quantile(looks, 99));
        let number = self.rounds.len() + 1;
        println!(
            "| {number} | {stored_a_second:.0} | {sent_a_second:.0} | {cpu_per_million:.1} | {half:.1}, {most:.1} of {} | {bare_a_second:.0} | {probe:.2} |",
            looks.len()
        );
        self.probes.push(*probe);
        self.rounds.push(round);
    }

    /// Whether every limit is kept.
    pub(super) fn judge(self, stored: &Stored, peak_mebibytes: f64) -> bool {
        let median = |of: fn(&Round) -> f64| quantile(&self.rounds.iter().map(of).collect::<Vec<_>>(), 50);
        let rate = median(|round| round.stored_a_second);
        let bare = median(|round| round.bare_a_second);
        let looks: Vec<f64> = self.rounds.iter().flat_map(|round| round.looks.iter().copied()).collect();
        let look = quantile(&looks, 99);
        let Stored { sent, twice, lost } = stored;
        println!("bare SQLite with a unique index: {bare:.0} /s; the portal {:.2} times that", rate / bare);
        println!("peak RSS of the portal: {peak_mebibytes:.0} MiB");
        let well = [
            verdict(&format!("stored durably: {rate:.0} /s (at least {LEAST_A_SECOND} /s)"), rate >= LEAST_A_SECOND),
            verdict(
                &format!(
                    "last 100 alerts of a sensor: p99 {look:.1} ms of {} (limit {MOST_MILLISECONDS} ms)",
                    looks.len()
                ),
                look <= MOST_MILLISECONDS,
            ),
            verdict(&format!("of {sent} alerts stored twice: {twice} (limit 0)"), *twice == 0),
            verdict(&format!("of {sent} alerts lost: {lost} (limit 0)"), *lost == 0),
            steady(&self.probes),
        ];
        well.iter().all(|well| *well)
    }
}

/// Prints the probes, and whether they say that the run counts.
pub(super) fn steady(probes: &[f64]) -> bool {
    let least = probes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = probes.iter().copied().fold(0.0, f64::max);
    let steady = most <= least * 2.0;
    let then = if steady { "" } else { "; it moved more than twofold: discard this run and repeat it" };
    println!("probe: fdatasync of 4 KiB {least:.2}–{most:.2} ms{then}");
    steady
}

pub(super) fn verdict(what: &str, well: bool) -> bool {
    println!("{what} {}", if well { "ok" } else { "MISSED" });
    well
}
