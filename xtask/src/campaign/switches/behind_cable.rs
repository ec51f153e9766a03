//! A sensor behind a cable, two owners and two brokers before it; walks between them by the seed, and compares.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use picket_lab::{
    Agent, Generator, Mosquitto, Portal, Program, Role, Settings, Tally, Waited,
    generator::Background,
    hub,
    namespaces::{CONTROL_ADDRESS, Cable, FAR_ADDRESS, Packet, Watch},
    until,
};

use super::{
    super::{moments::Moments, place::Setting, sheet::Outcome},
    expected::Expected,
    stand::{Owner, Period, Stand},
};

/// Alerts a second, and how many more are written in one go before each upload, while the sensor stands still.
const RATE: u32 = 1_000;
const BURST: usize = 500;
/// The ids of the latter begin here.
const FIRST_OF_BURSTS: u64 = 1_000_000_000;
/// How long the sensor stands somewhere.
const LEAST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_millis(250);
const HUBS: [&str; 2] = ["Plant one", "Plant two"];
/// What has not arrived after so long a silence is lost.
const STALLED: Duration = Duration::from_secs(45);
/// Only spent on failure.
const PATIENCE: Duration = Duration::from_secs(300);

/// Fields are dropped in their order.
struct World {
    agent: Agent,
    observers: Vec<Program>,
    brokers: Vec<Mosquitto>,
    first: Portal,
    second: Portal,
    /// The sensor's id at each owner.
    sensors: [String; 2],
    cable: Cable,
    watch: Watch,
    folder: PathBuf,
    epoch: u64,
    worst: Duration,
    controls: usize,
}

pub(super) fn run(folder: &Path, setting: &Setting<'_>) -> Result<Outcome> {
    let mut world = World::set_up(folder, setting)?;
    let mut moments = Moments::of_seed(setting.seed);
    let mut bursts = Generator::new(&world.agent.eve_file(), FIRST_OF_BURSTS)?;
    let load = Generator::new(&world.agent.eve_file(), 1)?.in_background(RATE, None);
    let mut periods = vec![world.stand(Stand::Local, &load)?];
    for number in 0..setting.faults {
        let elsewhere: Vec<_> = Stand::ALL.into_iter().filter(|stand| Some(*stand) != at(&periods)).collect();
        // The last is with the first owner, so that all of its alerts come.
        let to = if number + 1 < setting.faults { moments.pick(&elsewhere) } else { Stand::FirstHub };
        std::thread::sleep(moments.between(LEAST, MOST));
        let file = world.issue(to)?;
        world.leave(&mut periods, &load, &mut bursts)?;
        world.go_over(&file)?;
        periods.push(world.stand(to, &load)?);
    }
    let last = load.stop()?;
    let end = periods.last_mut().context("it stands somewhere")?;
    end.last = *last.written().last().context("nothing was written")?;
    world.judge(&periods)
}

fn at(periods: &[Period]) -> Option<Stand> {
    periods.last().map(|period| period.stand)
}

/// Since 1970, as the kernel dates packets.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl World {
    fn set_up(folder: &Path, setting: &Setting<'_>) -> Result<Self> {
        let cable = Cable::lay(folder)?;
        let watch = cable.watch()?;
        let owner = |name: &str, port: u16| -> Result<Portal> {
            let listen = format!("{FAR_ADDRESS}:{port}");
            let url = format!("https://{listen}");
            let mut portal = Portal::init_at(setting.binaries, Role::Portal, &folder.join(name), &listen, &url)?;
            portal.start()?;
            Ok(portal)
        };
        let (first, second) = (owner("first", 8443)?, owner("second", 8444)?);
        let (mut brokers, mut observers) = (Vec::new(), Vec::new());
        for (name, place) in HUBS.into_iter().zip(["broker-1", "broker-2"]) {
            let (broker, observer) = hub::start_observed_broker(&first, FAR_ADDRESS, place)?;
            hub::register_at(&first, name, FAR_ADDRESS, broker.port())?;
            brokers.push(broker);
            observers.push(observer);
        }
        let room = folder.join("sensor");
        fs::create_dir(&room)?;
        let mut agent = Agent::set_up(setting.binaries, &room, &Settings::default())?;
        first.export_root(&agent.trust_directory().join("first.root"))?;
        second.export_root(&agent.trust_directory().join("second.root"))?;
        cable.at_near_side(|| agent.start())?;
        let sensors = [
            first.add_sensor("switched", &["--mode", "locally-managed"])?,
            second.add_sensor("switched", &["--mode", "cloud-connected"])?,
        ];
        let (folder, worst) = (folder.to_owned(), Duration::ZERO);
        let mut world = Self {
            agent,
            observers,
            brokers,
            first,
            second,
            sensors,
            cable,
            watch,
            folder,
            epoch: 0,
            worst,
            controls: 0,
        };
        let file = world.issue(Stand::Local)?;
        world.go_over(&file)?;
        Ok(world)
    }

    /// A file that leads there.
    fn issue(&self, to: Stand) -> Result<PathBuf> {
        let [first, second] = &self.sensors;
        let file = self.folder.join("next.activation");
        let more: &[&str] = match to {
            Stand::OtherOwner => return self.second.download(second, &file),
            Stand::Local => &["--mode", "locally-managed"],
            Stand::FirstHub => &["--mode", "cloud-connected", "--hub", HUBS[0]],
            Stand::SecondHub => &["--mode", "cloud-connected", "--hub", HUBS[1]],
        };
        self.first.ask(&[&["sensor", "reissue", first], more].concat())?;
        self.first.download(first, &file)
    }

    /// From now on the sensor surely stands there. While it is locally managed, a control packet shows that the watch sees.
    fn stand(&mut self, stand: Stand, load: &Background) -> Result<Period> {
        let (before, from) = (load.last(), now());
        if stand == Stand::Local {
            self.cable.control_packet()?;
            self.controls += 1;
        }
        Ok(Period { stand, from, until: from, before, last: before, burst: BTreeSet::new() })
    }

    /// From now on it does not any more: much is still to be read when the next file is uploaded.
    fn leave(&mut self, periods: &mut [Period], load: &Background, bursts: &mut Generator) -> Result<()> {
        let period = periods.last_mut().context("it stands somewhere")?;
        let written = bursts.written().last().copied().unwrap_or(FIRST_OF_BURSTS - 1);
        self.agent.program()?.signal(Signal::SIGSTOP)?;
        bursts.alerts(BURST)?;
        period.burst = bursts.written().range(written + 1..).copied().collect();
        period.last = load.last();
        period.until = now();
        self.agent.program()?.signal(Signal::SIGCONT)
    }

    /// Uploads a file, and waits until it is in force and proved.
    fn go_over(&mut self, file: &Path) -> Result<()> {
        let start = Instant::now();
        let before = self.epoch;
        self.agent.activate(file)?;
        let status = self.agent.until("the file is in force and proved", |status| {
            status["epoch"].as_u64() > Some(before)
                && status["candidate"].is_null()
                && status["active"]["proof"]["hub"]["step"] == "proved"
        })?;
        self.epoch = status["epoch"].as_u64().context("no epoch")?;
        self.worst = self.worst.max(start.elapsed());
        Ok(())
    }

    /// The sensor stands with the first owner: its alerts come; then with the second, for the same.
    fn judge(&mut self, periods: &[Period]) -> Result<Outcome> {
        let (first, second) = (Expected::of(Owner::First, periods), Expected::of(Owner::Second, periods));
        let one = settled(&first, &self.first)?;
        let file = self.issue(Stand::OtherOwner)?;
        self.go_over(&file)?;
        let other = settled(&second, &self.second)?;
        let mut outcome = Outcome { tally: together(one, other), recovery: self.worst, ..Outcome::default() };
        self.judge_brokers(&first, &mut outcome)?;
        self.judge_packets(periods, &mut outcome);
        Ok(outcome)
    }

    /// What the observers heard must be the first owner's.
    fn judge_brokers(&mut self, first: &Expected, outcome: &mut Outcome) -> Result<()> {
        for (observer, name) in self.observers.iter_mut().zip(HUBS) {
            observer.must_run()?;
            let heard = hub::ids_heard(observer);
            outcome.must(!heard.is_empty(), || format!("nothing came to {name}"));
            outcome.remarks.push(format!("{} alerts at {name}", heard.len()));
            outcome.tally.foreign.extend(heard.difference(&first.allowed));
        }
        Ok(())
    }

    /// While it stands somewhere, packets leave for what is in force there only.
    fn judge_packets(&self, periods: &[Period], outcome: &mut Outcome) {
        let packets = self.watch.packets();
        let (controls, packets): (Vec<_>, Vec<_>) = packets.into_iter().partition(|to| to.to == CONTROL_ADDRESS);
        outcome.must(controls.len() == self.controls, || {
            format!("{} of {} control packets were seen", controls.len(), self.controls)
        });
        let mut astray = 0;
        for period in periods {
            let allowed = self.ports(period.stand);
            let is_in = |packet: &&Packet| packet.at > period.from && packet.at < period.until;
            let strays: Vec<_> =
                packets.iter().filter(is_in).filter(|packet| !allowed.contains(&packet.port) && packet.acts).collect();
            if let Some(stray) = strays.first() {
                let late = stray.at.saturating_sub(period.from);
                outcome.broken.push(format!(
                    "{:?}: {} packets to port {}, {late:?} in",
                    period.stand,
                    strays.len(),
                    stray.port
                ));
            }
            astray += strays.len();
        }
        let moves = |wanted: &dyn Fn(Stand, Stand) -> bool| {
            periods.windows(2).filter(|pair| wanted(pair[0].stand, pair[1].stand)).count()
        };
        outcome.must(!packets.is_empty(), || "no packet left at all".into());
        outcome.remarks.push(format!(
            "{} times locally managed, {} moves between hubs, {} changes of the owner; of {} packets {astray} astray; {} control \
             packets seen",
            moves(&|_, to| to == Stand::Local),
            moves(&|from, to| from.owner() == to.owner()),
            moves(&|from, to| from.owner().is_some() && to.owner().is_some() && from.owner() != to.owner()),
            packets.len(),
            controls.len(),
        ));
    }

    fn ports(&self, stand: Stand) -> Vec<u16> {
        match stand {
            Stand::Local => Vec::new(),
            Stand::FirstHub => vec![8443, self.brokers[0].port()],
            Stand::SecondHub => vec![8443, self.brokers[1].port()],
            Stand::OtherOwner => vec![8444],
        }
    }
}

/// Waits until an owner's portal has all that it must, or nothing more comes.
fn settled(expected: &Expected, portal: &Portal) -> Result<Tally> {
    let (mut count, mut since) = (0, Instant::now());
    until("the owner has its alerts, or no more come", PATIENCE, || {
        let now = portal.alert_count()?;
        if now > count {
            (count, since) = (now, Instant::now());
        }
        let stalled = since.elapsed() > STALLED;
        if now < expected.required.len() && !stalled {
            return Ok(Waited::NotYet(now.to_string()));
        }
        let tally = expected.tally(&portal.alerts()?);
        let over = tally.lacking.is_empty() || stalled;
        Ok(if over { Waited::Holds(tally) } else { Waited::NotYet(tally.to_string()) })
    })
}

fn together(mut one: Tally, other: Tally) -> Tally {
    one.written += other.written;
    one.lacking.extend(other.lacking);
    one.doubled.extend(other.doubled);
    one.foreign.extend(other.foreign);
    one
}
