//! The proof that a locally managed sensor sends nothing: an agent behind a cable whose every packet is counted.
//!
//! Prints one line of JSON per thing shown. No root and no external tool.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::Args;
use picket_lab::{
    Agent, Binaries, Portal, Role, Settings,
    namespaces::{Cable, FAR_ADDRESS, Left},
};

use super::{
    alerts::SAMPLE,
    stage::{Step, Told, play},
};
use crate::table::Table;

/// A name that only the name server behind the cable knows.
const PORTAL: &str = "portal.picket.test:8443";
const INTERVAL: Duration = Duration::from_secs(1);
const INTERVALS: u32 = 3;

#[derive(Args)]
pub(crate) struct QuietProof {
    /// An empty folder
    folder: PathBuf,
}

struct Proof {
    cable: Cable,
    portal: Portal,
    agent: Agent,
    folder: PathBuf,
    sensor: String,
}

const STEPS: [Step<Proof>; 5] = [
    ("quiet proof: the route works and packets are counted", route_works),
    ("locally managed sends nothing, DNS included", local_is_quiet),
    ("cloud-connected is counted by the same counter", cloud_is_counted),
    ("locally managed again falls silent", quiet_again),
    ("quiet proof: the counter still counts", route_still_works),
];

impl QuietProof {
    pub(crate) fn run(&self) -> Result<bool> {
        let mut proof = Proof::set_up(&self.folder)?;
        let mut table = Table::default();
        Ok(play(&mut proof, &STEPS, &mut table, |told| {
            if let Told::Ended(row) = told {
                println!("{}", row.to_line());
            }
        }))
    }
}

impl Proof {
    fn set_up(folder: &std::path::Path) -> Result<Self> {
        let binaries = Binaries::beside_this_program()?;
        let cable = Cable::lay(folder)?;
        let listen = format!("{FAR_ADDRESS}:8443");
        let mut portal =
            Portal::init_at(&binaries, Role::Portal, &folder.join("portal"), &listen, &format!("https://{PORTAL}"))?;
        portal.start()?;
        let room = folder.join("a");
        fs::create_dir(&room)?;
        let mut agent =
            Agent::set_up(&binaries, &room, &Settings { hardware: "quiet-1".into(), ..Settings::default() })?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        let sensor = portal.add_sensor("quiet-1", &["--mode", "locally-managed"])?;
        cable.at_near_side(|| agent.start())?;
        Ok(Self { cable, portal, agent, folder: folder.to_owned(), sensor })
    }

    /// Has the portal issue a file for a mode, and uploads it.
    fn activate(&self, mode: &str) -> Result<()> {
        self.portal.ask(&["sensor", "reissue", &self.sensor, "--mode", mode])?;
        let file = self.portal.download(&self.sensor, &self.folder.join(format!("{mode}.activation")))?;
        self.agent.activate(&file)?;
        self.agent.until("the mode is in force", |status| {
            status["active"]["activation"]["mode"] == mode && status["candidate"].is_null()
        })?;
        Ok(())
    }

    /// What left during a number of heartbeat intervals, which is what a heartbeat would need to show.
    fn left_over_intervals(&self) -> Result<Left> {
        let before = self.cable.left()?;
        let end = Instant::now() + INTERVAL * INTERVALS + INTERVAL / 2;
        while let Some(rest) = end.checked_duration_since(Instant::now()) {
            thread::sleep(rest);
        }
        let after = self.cable.left()?;
        Ok(after - before)
    }
}

fn route_works(proof: &mut Proof) -> Result<String> {
    let counted = proof.cable.control_packet()?;
    ensure!(counted == 1, "one packet was sent and {counted} were counted");
    Ok("1 packet sent by the default route, 1 counted".into())
}

fn route_still_works(proof: &mut Proof) -> Result<String> {
    route_works(proof)
}

fn local_is_quiet(proof: &mut Proof) -> Result<String> {
    let before = proof.cable.left()?;
    proof.activate("locally-managed")?;
    // With alerts in its log, there would be something to send.
    fs::write(proof.agent.eve_file(), SAMPLE)?;
    proof.left_over_intervals()?;
    let logged = proof.agent.ask(&["alerts", "verify"])?["streams"][0]["in_log"].as_u64().unwrap_or(0);
    ensure!(logged > 0, "no alert is in the log");
    let after = proof.cable.left()?;
    ensure!(after == before, "{} packets left, {} of them DNS", after.all - before.all, after.dns - before.dns);
    Ok(format!(
        "0 packets left, 0 of them DNS, from upload over {INTERVALS} heartbeat intervals of {} s, with {logged} alerts",
        INTERVAL.as_secs()
    ))
}

fn cloud_is_counted(proof: &mut Proof) -> Result<String> {
    let before = proof.cable.left()?;
    proof.activate("cloud-connected")?;
    let over = proof.left_over_intervals()?;
    let after = proof.cable.left()?;
    let dns = after.dns - before.dns;
    ensure!(over.all > 0, "no packet left over {INTERVALS} heartbeat intervals");
    ensure!(dns > 0, "the portal's name was resolved without a packet to port 53");
    Ok(format!(
        "{} packets left, {dns} of them DNS; {} of them over {INTERVALS} intervals",
        after.all - before.all,
        over.all
    ))
}

fn quiet_again(proof: &mut Proof) -> Result<String> {
    proof.activate("locally-managed")?;
    // The commit aborts connections before it, so nothing of theirs is left by now.
    let left = proof.left_over_intervals()?;
    ensure!(left == Left::default(), "{} packets left after the switch", left.all);
    Ok(format!("0 packets left over {INTERVALS} intervals from the commit on"))
}
