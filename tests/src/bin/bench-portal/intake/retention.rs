//! What forgetting costs: intake over the bound of bytes, where as much must go as comes, beside intake within it. In
//! turns, each on a portal started anew on the same database.

use anyhow::{Result, ensure};
use picket_lab::probe;
use tokio::runtime::Runtime;

use super::{
    super::crowd::Crowd,
    BATCHES, ONE_IN, ROUNDS, SENSORS, first_alerts,
    fleet::Fleet,
    portal_round,
    stored::{Held, held},
    table::{quantile, steady, verdict},
};

/// Of its speed intake keeps this while as much is forgotten.
const LEAST_KEPT: f64 = 0.8;
const MEBIBYTE: u64 = 1 << 20;

pub(crate) fn run(runtime: &Runtime) -> Result<bool> {
    let mut crowd = Crowd::register(SENSORS)?;
    let mut fleet = runtime.block_on(Fleet::connect(&crowd.activations))?;
    first_alerts(runtime, &mut fleet)?;
    let (mut within, mut over, mut probes) = (Vec::new(), Vec::new(), vec![probe::fdatasync(crowd.folder())?]);
    let mut kept_up = true;
    println!("| round | within the bound: stored /s | over it: stored /s | forgotten of stored | fdatasync ms |");
    println!("|---|---|---|---|---|");
    for round in 1..=ROUNDS {
        let one = turn(runtime, &mut crowd, &mut fleet, None)?;
        let bound = held(crowd.portal.data())?;
        let other = turn(runtime, &mut crowd, &mut fleet, Some(bound))?;
        let probe = probe::fdatasync(crowd.folder())?;
        let (stored, share) = (other.stored_a_second, other.forgotten_of_stored * 100.0);
        println!("| {round} | {:.0} | {stored:.0} | {share:.0} % | {probe:.2} |", one.stored_a_second);
        kept_up &= other.forgotten_of_stored >= 1.0;
        within.push(one.stored_a_second);
        over.push(other.stored_a_second);
        probes.push(probe);
    }
    let kept = quantile(&over, 50) / quantile(&within, 50);
    let well = [
        verdict(&format!("intake keeps {kept:.2} of its speed (at least {LEAST_KEPT})"), kept >= LEAST_KEPT),
        verdict("as much is forgotten as stored, in each round", kept_up),
        steady(&probes),
    ];
    Ok(well.iter().all(|well| *well))
}

struct Turn {
    stored_a_second: f64,
    /// Alerts forgotten for each that was stored.
    forgotten_of_stored: f64,
}

/// One round of intake; over a bound of what is held at its start.
fn turn(runtime: &Runtime, crowd: &mut Crowd, fleet: &mut Fleet, bound: Option<Held>) -> Result<Turn> {
    let mebibytes = bound.map(|held| (held.bytes / MEBIBYTE).to_string());
    let bounds = mebibytes.as_deref().map(|mebibytes| ["--alerts-mebibytes", mebibytes]);
    crowd.restart(bounds.as_ref().map_or(&[], |bounds| bounds))?;
    runtime.block_on(fleet.reconnect(&crowd.activations))?;
    let share = fleet.prepare(BATCHES, ONE_IN)?;
    let before = held(crowd.portal.data())?;
    let round = portal_round(runtime, &crowd.portal, fleet, &share)?;
    let after = held(crowd.portal.data())?;
    let stored = after.newest - before.newest;
    ensure!(usize::try_from(stored)? == share.new, "{stored} stored instead of {}", share.new);
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let forgotten_of_stored = (after.oldest - before.oldest) as f64 / stored as f64;
    Ok(Turn { stored_a_second: round.stored_a_second, forgotten_of_stored })
}
