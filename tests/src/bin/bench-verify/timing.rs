//! CPU time of this thread, which other programs on the machine do not disturb much.

use std::{hint::black_box, time::Duration};

use nix::time::{ClockId, clock_gettime};

/// Microseconds of CPU that one of `times` runs takes.
pub(crate) fn cpu<T>(times: u32, mut run: impl FnMut() -> T) -> f64 {
    let start = now();
    for _ in 0..times {
        black_box(run());
    }
    (now() - start).as_secs_f64() * 1e6 / f64::from(times)
}

fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
