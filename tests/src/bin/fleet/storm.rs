//! The portal is killed and started again: how the sensors come back.

use std::time::{Duration, Instant};

use anyhow::Result;
use picket_lab::figures::cpu_seconds;
use tokio::time::sleep;

use super::{Fleet, Plan};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Beyond the agent's longest wait between tries.
const PATIENCE: Duration = Duration::from_secs(360);
/// Figures in a line.
const IN_A_LINE: usize = 20;

/// How long it took till 99 % were back; none if they did not come.
pub(crate) async fn brave(fleet: &mut Fleet, plan: &Plan) -> Result<Option<Duration>> {
    fleet.meter.take();
    let killed = Instant::now();
    fleet.portal.kill();
    sleep(plan.outage).await;
    // A word of before the kill does not count: the sensors are this thread, and it waits here.
    fleet.portal.start()?;
    let (ready, since) = (Instant::now(), fleet.meter.now());
    println!("killed; ready again {:.1} s later", killed.elapsed().as_secs_f64());
    let (almost, all) = (plan.sensors * 99 / 100, plan.sensors);
    let (mut curve, mut counted, mut back_99) = (Vec::new(), 0, None);
    while counted < all && ready.elapsed() < PATIENCE {
        sleep(LOOK_EVERY).await;
        let count = fleet.meter.answered_since(since);
        let second = usize::try_from(ready.elapsed().as_secs())?;
        curve.resize(second + 1, 0);
        curve[second] += count - counted;
        counted = count;
        if counted >= almost && back_99.is_none() {
            back_99 = Some(ready.elapsed());
        }
    }
    let took = ready.elapsed().as_secs_f64();
    let cpu = cpu_seconds(fleet.portal.program()?.pid())?;
    let (_, failed) = fleet.meter.take();
    println!(
        "  {counted} of {all} back after {took:.1} s; {failed} heartbeats failed on the way; the portal used {cpu:.1} s of CPU"
    );
    println!("  back in each second, {} at most:", curve.iter().max().copied().unwrap_or_default());
    for line in curve.chunks(IN_A_LINE) {
        println!("    {}", line.iter().map(usize::to_string).collect::<Vec<_>>().join(" "));
    }
    Ok(back_99)
}
