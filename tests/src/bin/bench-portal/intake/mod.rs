//! Alerts a second that one portal takes durably from 1,000 sensors, some of them twice, while people look at its alerts;
//! beside a bare SQLite insert with a unique index, of the same alerts, in the same run.

mod batches;
mod fleet;
mod looker;
mod peer;
pub(crate) mod retention;
mod stored;
mod table;

use std::time::Instant;

use anyhow::{Result, ensure};
use picket_lab::{
    Portal,
    figures::{cpu_seconds, peak_mebibytes},
    probe,
};
use tokio::{runtime::Runtime, task::LocalSet};

use self::{
    batches::Share,
    fleet::Fleet,
    looker::Looker,
    peer::Peer,
    table::{Round, Table},
};
use super::crowd::Crowd;

const SENSORS: usize = 1000;
/// Batches of a sensor in a round, each new.
const BATCHES: usize = 2;
/// Of ten alerts that are sent, one was sent before.
const ONE_IN: usize = 10;
const ROUNDS: usize = 5;

pub(crate) fn run(runtime: &Runtime) -> Result<bool> {
    let mut crowd = Crowd::register(SENSORS)?;
    let mut fleet = runtime.block_on(Fleet::connect(&crowd.activations))?;
    let mut peer = Peer::open(&crowd.folder().join("peer.db"))?;
    peer.insert(&first_alerts(runtime, &mut fleet)?)?;
    let mut table = Table::new(probe::fdatasync(crowd.folder())?);
    for _ in 0..ROUNDS {
        let share = fleet.prepare(BATCHES, ONE_IN)?;
        let mut round = portal_round(runtime, &crowd.portal, &mut fleet, &share)?;
        round.bare_a_second = peer.insert(&share)?;
        round.probe = probe::fdatasync(crowd.folder())?;
        table.add(round);
    }
    let peak = peak_mebibytes(crowd.portal.program()?.pid())?;
    crowd.portal.stop()?;
    let stored = stored::look(crowd.portal.data(), fleet.sent())?;
    Ok(table.judge(&stored, peak))
}

/// Every sensor has alerts to look at before the clock runs.
fn first_alerts(runtime: &Runtime, fleet: &mut Fleet) -> Result<Share> {
    let share = fleet.prepare(1, ONE_IN)?;
    LocalSet::new().block_on(runtime, fleet.send(&share))?;
    Ok(share)
}

/// From the first batch to the last answer.
fn portal_round(runtime: &Runtime, portal: &Portal, fleet: &mut Fleet, share: &Share) -> Result<Round> {
    let pid = portal.program()?.pid();
    let looker = Looker::start(portal, fleet.sensors())?;
    let (start, cpu) = (Instant::now(), cpu_seconds(pid)?);
    LocalSet::new().block_on(runtime, fleet.send(share))?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds(pid)? - cpu;
    let looks = looker.stop()?;
    ensure!(!looks.is_empty(), "nobody looked");
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let (new, sent) = (share.new as f64, share.sent as f64);
    Ok(Round {
        stored_a_second: new / seconds,
        sent_a_second: sent / seconds,
        cpu_per_million: cpu / new * 1e6,
        looks,
        bare_a_second: 0.0,
        probe: 0.0,
    })
}
