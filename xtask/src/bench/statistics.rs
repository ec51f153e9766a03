//! Medians and ratios.

pub(super) use picket_lab::figures::quantile;

/// The middle one.
pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 50)
}

/// Prints a figure beside its limit, and says whether it is kept.
pub(super) fn judge(what: &str, found: f64, most: f64, unit: &str) -> bool {
    let well = found <= most;
    println!("{what}: {found:.2} {unit} (limit {most} {unit}) {}", if well { "ok" } else { "MISSED" });
    well
}
