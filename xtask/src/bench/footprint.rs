//! What the agent costs when idle with a heartbeat every 60 s, beside syslog-ng and rsyslog idle in the same run.

pub(super) mod peers;
mod process;

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;
use picket_lab::{Binaries, Program, figures::memory_kib};

use self::process::Cost;
use super::{programs::Shipped, statistics::judge};

const MOST_MEMORY_MIB: f64 = 8.0;
const GOAL_MIB: f64 = 6.5;
const MOST_WAKE_UPS: f64 = 1.0;
const MOST_PROGRAM_MB: f64 = 6.0;

pub(super) fn run(watch: u64) -> Result<bool> {
    let mut shipped = Shipped::set_up(60)?;
    shipped.agent.start()?;
    let sensor = shipped.portal.add_sensor("measured", &["--mode", "cloud-connected"])?;
    let file = shipped.portal.download(&sensor, &shipped.folder.join("measured.activation"))?;
    shipped.agent.activate(&file)?;
    shipped.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
    let mut peers = peers::start(shipped.folder.path())?;
    for (_, peer) in &mut peers {
        peer.must_run()?;
    }
    println!("Watching for {watch} s …");
    let agent = shipped.agent.program()?;
    let mut watched = vec![("picket-agent", Watched::begin(agent)?)];
    for (name, peer) in &peers {
        watched.push((name, Watched::begin(peer)?));
    }
    let end = Instant::now() + Duration::from_secs(watch);
    while let Some(rest) = end.checked_duration_since(Instant::now()) {
        sleep(rest);
    }
    let agent = shipped.agent.program()?;
    let programs = std::iter::once(&*agent).chain(peers.iter().map(|(_, peer)| peer));
    let mut own = None;
    for ((name, watched), program) in watched.iter().zip(programs) {
        let figures = watched.end(program)?;
        figures.print(name);
        own.get_or_insert(figures);
    }
    let Some(own) = own else { return Ok(false) };
    let size = std::fs::metadata(Binaries::of_profile("size")?.program("picket-agent")?)?.len();
    #[expect(clippy::cast_precision_loss, reason = "megabytes are printed to two digits")]
    let program_mb = size as f64 / 1e6;
    println!("the goal for memory is {GOAL_MIB} MiB");
    let well = [
        judge("RSS", own.rss_mib, MOST_MEMORY_MIB, "MiB"),
        judge("PSS", own.pss_mib, MOST_MEMORY_MIB, "MiB"),
        judge("wake-ups a second", own.wake_ups, MOST_WAKE_UPS, ""),
        judge("stripped program", program_mb, MOST_PROGRAM_MB, "MB"),
    ];
    Ok(well.iter().all(|well| *well))
}

struct Watched {
    since: Instant,
    cost: Cost,
}

struct Figures {
    rss_mib: f64,
    pss_mib: f64,
    wake_ups: f64,
    cpu_seconds: f64,
    seconds: f64,
}

impl Watched {
    fn begin(program: &Program) -> Result<Self> {
        Ok(Self { since: Instant::now(), cost: Cost::of(program.pid())? })
    }

    fn end(&self, program: &Program) -> Result<Figures> {
        let seconds = self.since.elapsed().as_secs_f64();
        let cost = Cost::of(program.pid())?;
        Ok(Figures {
            rss_mib: memory_kib(program.pid(), "Rss:")? / 1024.0,
            pss_mib: memory_kib(program.pid(), "Pss:")? / 1024.0,
            wake_ups: (cost.wake_ups - self.cost.wake_ups) / seconds,
            cpu_seconds: cost.cpu_seconds - self.cost.cpu_seconds,
            seconds,
        })
    }
}

impl Figures {
    fn print(&self, name: &str) {
        println!(
            "{name:<13} RSS {:>6.2} MiB  PSS {:>6.2} MiB  wake-ups {:>6.2} /s  CPU {:.2} s in {:.0} s",
            self.rss_mib, self.pss_mib, self.wake_ups, self.cpu_seconds, self.seconds
        );
    }
}
