//! The fleet in its ordinary state: heartbeats as they come, for a little more than an interval.

use std::time::{Duration, Instant};

use anyhow::Result;
use nix::unistd::Pid;
use picket_lab::figures::{cpu_seconds, memory_kib, quantile};
use tokio::time::sleep;

use super::{Fleet, Plan};

/// Longer than an interval with its jitter, so that each sensor spoke.
const MARGIN: f64 = 1.2;

/// Whether every heartbeat was answered.
#[expect(clippy::cast_precision_loss, reason = "some thousand sensors")]
pub(crate) async fn watch(fleet: &Fleet, plan: &Plan) -> Result<bool> {
    let watched = Duration::from_secs(plan.interval).mul_f64(MARGIN);
    // What came of activating: connections that the sensors opened at once.
    sleep(watched).await;
    let (portal, own) = (fleet.portal.program()?.pid(), Pid::this());
    fleet.meter.take();
    let (start, cpu, own_cpu) = (Instant::now(), cpu_seconds(portal)?, cpu_seconds(own)?);
    sleep(watched).await;
    let took = start.elapsed().as_secs_f64();
    let (cpu, own_cpu) = (cpu_seconds(portal)? - cpu, cpu_seconds(own)? - own_cpu);
    let (latencies, failed) = fleet.meter.take();
    let count = latencies.len().max(1) as f64;
    let (half, most, worst) = (quantile(&latencies, 50), quantile(&latencies, 99), quantile(&latencies, 100));
    println!(
        "at rest, interval {} s, for {took:.0} s: {count:.0} heartbeats ({:.0} /s), p50 {half:.1} ms, p99 {most:.1} ms, \
         worst {worst:.1} ms, {failed} failed",
        plan.interval,
        count / took
    );
    println!(
        "  the portal: {:.2} ms of CPU a heartbeat, {:.3} cores; the sensors {:.3} cores",
        cpu * 1000.0 / count,
        cpu / took,
        own_cpu / took
    );
    let kib = memory_kib(portal, "Rss:")?;
    println!(
        "  the portal's RSS: {:.1} MiB, {:.1} MiB before the first sensor: {:.1} KiB a sensor",
        kib / 1024.0,
        fleet.empty_kib / 1024.0,
        (kib - fleet.empty_kib) / plan.sensors as f64
    );
    Ok(failed == 0)
}
