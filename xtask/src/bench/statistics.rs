//! Medians and ratios.

/// The middle one.
pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 50)
}

/// The value that so many percent do not exceed.
pub(super) fn quantile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Prints a figure beside its limit, and says whether it is kept.
pub(super) fn judge(what: &str, found: f64, most: f64, unit: &str) -> bool {
    let well = found <= most;
    println!("{what}: {found:.2} {unit} (limit {most} {unit}) {}", if well { "ok" } else { "MISSED" });
    well
}
