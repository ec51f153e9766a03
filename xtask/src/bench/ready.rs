//! From start to READY, of an activated sensor, beside starting a program that does nothing.

use std::{
    os::unix::net::UnixDatagram,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    probe,
    programs::Shipped,
    statistics::{judge, median, quantile},
};

const STARTS: usize = 31;
const MOST_MILLISECONDS: f64 = 40.0;

pub(super) fn run() -> Result<bool> {
    let mut shipped = Shipped::set_up(60)?;
    shipped.agent.start()?;
    let sensor = shipped.portal.add_sensor("measured", &["--mode", "locally-managed"])?;
    let file = shipped.portal.download(&sensor, &shipped.folder.join("measured.activation"))?;
    shipped.agent.activate(&file)?;
    shipped.agent.stop()?;
    let (mut starts, mut floors, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        starts.push(start_to_ready(&mut shipped)?);
        floors.push(nothing()?);
        probes.push(probe::fdatasync(shipped.folder.path())?);
    }
    println!("a program that does nothing: start → end median {:.2} ms", median(&floors));
    println!("agent: start → READY median {:.2} ms, 95 % {:.2} ms of {STARTS}", median(&starts), quantile(&starts, 95));
    let steady = probe::report(&[median(&probes)]);
    Ok(judge("start → READY", median(&starts), MOST_MILLISECONDS, "ms") && steady)
}

/// Milliseconds until the agent says READY by the protocol of sd_notify(3).
pub(super) fn start_to_ready(shipped: &mut Shipped) -> Result<f64> {
    let path = shipped.folder.join("notify");
    let _ = std::fs::remove_file(&path);
    let notify = UnixDatagram::bind(&path)?;
    notify.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut command = shipped.agent.command();
    command.env("NOTIFY_SOCKET", &path);
    let start = Instant::now();
    shipped.agent.start_as(command)?;
    let mut message = [0; 512];
    loop {
        let size = notify.recv(&mut message).context("the agent never said READY")?;
        if String::from_utf8_lossy(&message[..size]).lines().any(|line| line == "READY=1") {
            break;
        }
    }
    let took = start.elapsed().as_secs_f64() * 1e3;
    shipped.agent.stop()?;
    Ok(took)
}

fn nothing() -> Result<f64> {
    let start = Instant::now();
    Command::new("/bin/true").status()?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
