//! Thousands of sensors at one portal process, each on the agent's own service and upstream client. Run by
//! `cargo xtask fleet`.

#![expect(clippy::print_stdout, reason = "a measurement prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a measurement takes the time")]

mod files;
mod handshakes;
mod meter;
mod onboarding;
mod sensor;
mod steady;
mod storm;

use std::{process::ExitCode, rc::Rc, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_agent::{
    identity::{Identities, Seal},
    upstream::{Upstreams, tls::Greeting},
};
use picket_lab::{Binaries, Portal, PrivateFolder, Role, ending, figures::memory_kib};
use tokio::task::LocalSet;

use self::{meter::Meter, sensor::Sensor};

/// What is asked for.
struct Plan {
    sensors: usize,
    /// Between heartbeats, seconds.
    interval: u64,
    /// For how long the portal is away.
    outage: Duration,
}

/// A running fleet.
struct Fleet {
    portal: Portal,
    sensors: Vec<Sensor>,
    identities: Identities,
    meter: Arc<Meter>,
    /// Resident memory of the portal before the first sensor, KiB.
    empty_kib: f64,
}

fn main() -> Result<ExitCode> {
    let numbers = std::env::args().skip(1).map(|text| text.parse::<u64>()).collect::<Result<Vec<_>, _>>()?;
    let [sensors, interval, outage] = numbers[..] else { anyhow::bail!("how many, which interval, which outage?") };
    let plan = Plan { sensors: sensors.try_into()?, interval, outage: Duration::from_secs(outage) };
    ending::end_cleanly_on_signals()?;
    files::room_for(plan.sensors)?;
    // One thread: the portal has the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let well = LocalSet::new().block_on(&runtime, run(&plan))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(plan: &Plan) -> Result<bool> {
    println!(
        "{} sensors, each the agent's own service and upstream client over TLS with a certificate of its own; all of them are \
         one thread, and share this machine's {} cores with the portal",
        plan.sensors,
        std::thread::available_parallelism()?
    );
    // The portal's files are on a disk; the sensors' keys need not be.
    let (disk, memory) = (PrivateFolder::on_disk()?, PrivateFolder::new()?);
    let interval = plan.interval.to_string();
    let arguments = ["--handshakes-per-address", "0", "--heartbeat-interval", &interval];
    let mut portal =
        Portal::init(&Binaries::beside_this_program()?, Role::Portal, &disk.join("portal"))?.with(&arguments);
    portal.start()?;
    let empty_kib = memory_kib(portal.program()?.pid(), "Rss:")?;
    let root = disk.join("portal.root");
    portal.export_root(&root)?;
    let root = Rc::from(std::fs::read(&root)?);
    let files = onboarding::files(&portal, plan.sensors).await?;

    let meter = Arc::new(Meter::of(plan.sensors));
    let identities = Identities::in_state_directory(memory.path(), Seal::default());
    let upstreams = Upstreams::new(identities.clone(), Greeting::PostQuantum);
    let sensors = sensor::start(files, &upstreams, &meter, &root).await?;
    let mut fleet = Fleet { portal, sensors, identities, meter, empty_kib };
    let mut well = steady::watch(&fleet, plan).await?;
    let back = storm::brave(&mut fleet, plan).await?;
    let limit = handshakes::limit(&fleet).await?;
    #[expect(clippy::cast_precision_loss, reason = "some thousand sensors")]
    let least = plan.sensors as f64 * 0.99 / limit;
    let back = back.context("99 % did not come back")?.as_secs_f64();
    println!(
        "99 % back after {back:.1} s; handshakes alone would take {least:.1} s at that limit: ratio {:.1}",
        back / least
    );
    well &= fleet.sensors.iter().all(|sensor| !sensor.service.is_finished());
    ensure!(well, "heartbeats failed, or a sensor ended");
    Ok(well)
}
