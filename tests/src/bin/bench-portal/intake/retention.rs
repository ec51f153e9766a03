//! What forgetting costs: intake at the bound of bytes, where as much must go as comes, beside intake far from it. In turns,
//! each on a portal started anew on the same database.

use anyhow::{Result, ensure};
use picket_lab::{figures::quantile, probe};
use tokio::runtime::Runtime;

use super::{
    super::crowd::Crowd,
    BATCHES, ONE_IN, ROUNDS, SENSORS, first_alerts,
    fleet::Fleet,
    portal_round,
    stored::{Held, held},
    table::{steady, verdict},
};

/// Of its speed intake keeps this while as much is forgotten.
const LEAST_KEPT: f64 = 0.8;
const MEBIBYTE: u64 = 1 << 20;
/// A bound in MiB that no run comes near.
const FAR: u64 = 51_200;

pub(crate) fn run(runtime: &Runtime) -> Result<bool> {
    let mut crowd = Crowd::register(SENSORS)?;
    let mut fleet = runtime.block_on(Fleet::connect(&crowd.activations))?;
    first_alerts(runtime, &mut fleet)?;
    let (mut far, mut at, mut probes) = (Vec::new(), Vec::new(), vec![probe::fdatasync(crowd.folder())?]);
    let mut held_to = true;
    println!(
        "| round | far from the bound: stored /s | at it: stored /s | forgotten of stored | in use at the end, of the bound | fdatasync ms |"
    );
    println!("|---|---|---|---|---|---|");
    for round in 1..=ROUNDS {
        let one = turn(runtime, &mut crowd, &mut fleet, None)?;
        let bound = held(crowd.portal.data())?;
        let other = turn(runtime, &mut crowd, &mut fleet, Some(bound))?;
        let probe = probe::fdatasync(crowd.folder())?;
        let (stored, share) = (other.stored_a_second, other.forgotten_of_stored * 100.0);
        let of_bound = other.used_of_bound * 100.0;
        println!(
            "| {round} | {:.0} | {stored:.0} | {share:.0} % | {of_bound:.1} % | {probe:.2} |",
            one.stored_a_second
        );
        held_to &= other.used_of_bound <= 1.0;
        far.push(one.stored_a_second);
        at.push(other.stored_a_second);
        probes.push(probe);
    }
    let kept = quantile(&at, 50) / quantile(&far, 50);
    let well = [
        verdict(&format!("intake keeps {kept:.2} of its speed (at least {LEAST_KEPT})"), kept >= LEAST_KEPT),
        verdict("the bound holds at the end of each round, which began at it", held_to),
        steady(&probes),
    ];
    Ok(well.iter().all(|well| *well))
}

struct Turn {
    stored_a_second: f64,
    /// Alerts forgotten for each that was stored.
    forgotten_of_stored: f64,
    /// Bytes in use after it; above 1 less was forgotten than came.
    used_of_bound: f64,
}

/// One round of intake; at a bound of what is held at its start, or far from any.
fn turn(runtime: &Runtime, crowd: &mut Crowd, fleet: &mut Fleet, bound: Option<Held>) -> Result<Turn> {
    let mebibytes = bound.map_or(FAR, |held| held.bytes / MEBIBYTE);
    crowd.restart(&["--alerts-mebibytes", &mebibytes.to_string()])?;
    runtime.block_on(fleet.reconnect(&crowd.activations))?;
    let share = fleet.prepare(BATCHES, ONE_IN)?;
    let before = held(crowd.portal.data())?;
    let round = portal_round(runtime, &crowd.portal, fleet, &share)?;
    let after = held(crowd.portal.data())?;
    let stored = after.newest - before.newest;
    ensure!(usize::try_from(stored)? == share.new, "{stored} stored instead of {}", share.new);
    #[expect(clippy::cast_precision_loss, reason = "some millions, and gigabytes")]
    let (forgotten_of_stored, used_of_bound) =
        ((after.oldest - before.oldest) as f64 / stored as f64, after.bytes as f64 / (mebibytes * MEBIBYTE) as f64);
    Ok(Turn { stored_a_second: round.stored_a_second, forgotten_of_stored, used_of_bound })
}
