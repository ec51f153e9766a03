//! Disks that are full, and disks that fail to sync. What the agent could not accept stays in the engine's files; what is
//! gone from them unread meanwhile is counted as missed, and nothing else is missing.

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use picket_lab::{Generator, Tally, Waited, until};
use picket_shim::{Powered, SmallDisk};
use serde_json::Value;

use super::{
    place::{Place, Setting},
    sabotage::Sabotage::{AcknowledgedBeforeCommit, FailureHidden},
    sheet::Outcome,
    stage::Stage,
};

/// The disk of the agent's state: the log at its bound and its journal of 16 MiB must not fill it by themselves.
const MEBIBYTES: u64 = 96;
/// The bound of the log. It makes the log's reserve for a full disk 3 MiB.
const LOG: &str = "alert_log.max_mebibytes = 48\n";
/// After so many disks full a new sensor takes over: a log at its bound lets go of what was delivered, and goes on on a
/// full disk.
const FULL_EACH: usize = 3;
/// Ids of alerts that each such sensor has for itself.
const IDS_EACH: u64 = 1_000_000;
/// Alerts that come in while the disk has room.
const WITH_ROOM: usize = 300;
/// While it is full: alerts in a file, and most files. The first holds more than fits into the reserve.
const IN_A_FILE: usize = 6_000;
const MOST_FILES: usize = 6;
/// Alerts that are gone from the engine's files before there is room again.
const UNREAD: usize = 500;
/// In so long the agent has looked at them all the same.
const LOOKED_AT: Duration = Duration::from_secs(3);
/// After so long a silence the log takes no more.
const SILENCE: Duration = Duration::from_secs(2);
/// Alerts a second while syncs fail, between two failures at least.
const RATE: u32 = 500;
const LEAST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_millis(400);
/// Every so many failures the power is cut too: what was only in memory shows then.
const CUT_EVERY: u32 = 5;
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) const PLACES: &[Place] = &[
    Place { name: "agent, disk full", faults: 12, finds: &[FailureHidden], act: full },
    Place {
        name: "agent, syncs fail",
        faults: 50,
        finds: &[FailureHidden],
        act: |given| failing_agent(Stage::of_agent(given, "", Powered::from)?),
    },
    Place {
        name: "portal, syncs fail",
        faults: 50,
        finds: &[AcknowledgedBeforeCommit],
        act: |given| failing_portal(Stage::of_portal(given, Powered::from)?),
    },
];

fn full(given: &Setting<'_>) -> Result<Outcome> {
    let rounds: Vec<_> = (0..given.faults).collect();
    let mut outcome = Outcome::default();
    for rounds in rounds.chunks(FULL_EACH) {
        outcome.add(fill_and_free(given, rounds)?);
    }
    Ok(outcome)
}

fn fill_and_free(given: &Setting<'_>, rounds: &[u32]) -> Result<Outcome> {
    let mut stage = Stage::of_agent(given, LOG, |at| SmallDisk::from(at, MEBIBYTES))?;
    let first = rounds.first().context("no rounds")?;
    let mut generator =
        Generator::new(&stage.scene.agent.eve_file(), 1 + IDS_EACH * u64::from(*first))?.with_payloads();
    let (mut may_be_missed, mut kept_out) = (BTreeSet::new(), 0);
    for round in rounds.iter().copied() {
        generator.alerts(WITH_ROOM)?;
        until_no_more(&stage)?;
        stage.disk()?.fill()?;
        kept_out += overflow(&stage, &mut generator)?;
        if round % 3 == 2 {
            stage.scene.kill_agent()?;
        }
        generator.alerts(UNREAD)?;
        // What the agent has never seen it cannot count; it looks at the files every second.
        sleep(LOOKED_AT);
        may_be_missed.append(&mut lose(&mut generator, round)?);
        stage.disk()?.free()?;
        generator.alerts(WITH_ROOM)?;
        until_log_is(&stage, "ok")?;
    }
    let mut outcome = stage.judge(&generator)?;
    outcome.must(kept_out > 0, || "the disk was never full".into());
    outcome.remarks.push(format!("{kept_out} had to wait for room"));
    account(&stage.scene.agent.ask(&["alerts", "verify"])?, &may_be_missed, &mut outcome)?;
    Ok(outcome)
}

/// Writes until the log takes no more, which it must call full; how many alerts have to wait. The journal may be large
/// enough from before to take much on a full disk.
fn overflow(stage: &Stage<SmallDisk>, generator: &mut Generator) -> Result<u64> {
    // What was missed has no number, so only what comes on top says anything.
    let before = generator.written().len() as u64 - stage.accepted()?;
    for _ in 0..MOST_FILES {
        generator.alerts(IN_A_FILE)?;
        generator.rotate()?;
        let waiting = generator.written().len() as u64 - until_no_more(stage)? - before;
        if waiting > 0 {
            until_log_is(stage, "full")?;
            return Ok(waiting);
        }
    }
    bail!("a full disk took {} alerts", MOST_FILES * IN_A_FILE)
}

/// Takes the file with the last alerts from under the agent, which has not read them; which.
fn lose(generator: &mut Generator, round: u32) -> Result<BTreeSet<u64>> {
    let last = *generator.written().last().context("nothing is written")?;
    if round.is_multiple_of(2) {
        generator.truncate()?;
    } else {
        generator.remove()?;
    }
    Ok((last + 1 - UNREAD as u64..=last).collect())
}

/// Takes what was missed out of what is lacking: only what was gone from the files may be, and the agent must say so.
fn account(verification: &Value, may_be_missed: &BTreeSet<u64>, outcome: &mut Outcome) -> Result<()> {
    let counters = &verification["counters"];
    let count = |name: &str| counters[name].as_u64().unwrap_or_default();
    let (missed, gaps) = (count("missed"), count("gaps"));
    let Tally { lacking, .. } = &mut outcome.tally;
    let gone: BTreeSet<_> = lacking.extract_if(.., |id| may_be_missed.contains(id)).collect();
    outcome.let_go = gone.len() as u64;
    outcome.remarks.push(format!("{missed} counted as missed in {gaps} gaps"));
    outcome.must(!gone.is_empty(), || "nothing was gone unread".into());
    // A gap is counted by bytes and the mean length of a line, so by at most one too many.
    let right = (gone.len() as u64..=gone.len() as u64 + gaps).contains(&missed);
    outcome.must(right, || format!("{} are gone unread, {missed} are counted as missed", gone.len()));
    outcome.must(verification["complete"] == true, || format!("the log is not complete: {verification}"));
    Ok(())
}

fn until_log_is(stage: &Stage<SmallDisk>, word: &str) -> Result<()> {
    until(&format!("the alert log is {word}"), PATIENCE, || {
        let health = stage.log_health()?;
        Ok(if health == word { Waited::Holds(()) } else { Waited::NotYet(health.to_string()) })
    })
}

/// Waits until the log takes no more; how many alerts it has taken.
fn until_no_more(stage: &Stage<SmallDisk>) -> Result<u64> {
    let (mut taken, mut since) = (0, Instant::now());
    until("the log takes no more", PATIENCE, || {
        let now = stage.accepted()?;
        if now != taken {
            (taken, since) = (now, Instant::now());
        }
        Ok(if since.elapsed() > SILENCE { Waited::Holds(taken) } else { Waited::NotYet(taken.to_string()) })
    })
}

/// Syncs that fail while the agent takes alerts: one to four in a row, and a cut now and then.
fn failing_agent(mut stage: Stage<Powered>) -> Result<Outcome> {
    let load = stage.scene.generator()?.in_background(RATE, None);
    for round in 1..=stage.faults {
        stage.scene.pass(LEAST, MOST);
        fail(&mut stage, round % 4 + 1)?;
        if round.is_multiple_of(CUT_EVERY) && !stage.cut_agent()? {
            break;
        }
    }
    let generator = load.stop()?;
    stage.judge(&generator)
}

/// Syncs that fail while the portal takes alerts: one, after which the sensor waits a little, and a cut now and then.
fn failing_portal(mut stage: Stage<Powered>) -> Result<Outcome> {
    let load = stage.scene.generator()?.in_background(RATE, None);
    for round in 1..=stage.faults {
        let received = stage.scene.received()?;
        stage.scene.until_received(received + 1)?;
        stage.scene.pass(Duration::ZERO, LEAST);
        fail(&mut stage, 1)?;
        if round.is_multiple_of(CUT_EVERY) && !stage.cut_portal()? {
            break;
        }
    }
    let generator = load.stop()?;
    stage.judge(&generator)
}

fn fail(stage: &mut Stage<Powered>, syncs: u32) -> Result<()> {
    let disk = stage.disk()?.disk().clone();
    disk.fail_syncs(syncs);
    until("the syncs have failed", PATIENCE, || {
        Ok(if disk.failing() == 0 { Waited::Holds(()) } else { Waited::NotYet(disk.failing().to_string()) })
    })
}
