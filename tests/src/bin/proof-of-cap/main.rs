//! What a sensor under a bandwidth cap sends within a minute, by an nftables counter in a network namespace of its own.
//! Prints one line of JSON; judges nothing. A program of its own, since namespaces need a process with one thread.

#![expect(clippy::print_stdout, reason = "its answer")]
#![expect(clippy::disallowed_methods, reason = "a measurement takes the time")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Agent, Binaries, Generator, Portal, Role, Settings,
    namespaces::{Cable, FAR_ADDRESS, Left},
};
use serde_json::{Value, json};

const KILOBITS_PER_SECOND: u32 = 350;
const WINDOW: Duration = Duration::from_secs(60);
/// Enough to send for twice the window, as long as a record takes more than 350 bytes on the wire.
const ALERTS: usize = 16_000;

fn main() -> Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).context("an empty folder is needed")?);
    let cable = Cable::lay(&folder)?;
    let binaries = Binaries::beside_this_program()?;
    let (listen, url) = (format!("{FAR_ADDRESS}:8443"), format!("https://{FAR_ADDRESS}:8443"));
    let mut portal = Portal::init_at(&binaries, Role::Portal, &folder.join("portal"), &listen, &url)?;
    portal.start()?;
    let agent = sensor(&binaries, &folder, &portal, &cable)?;
    write_alerts(&agent)?;
    let status = agent.until("the first of the alerts are delivered", |status| delivered(status) > 0)?;
    let before = (Instant::now(), cable.left()?, delivered(&status));
    thread::sleep(WINDOW);
    let (took, left) = (before.0.elapsed(), cable.left()? - before.1);
    let status = agent.status()?;
    ensure!(delivered(&status) < ALERTS as u64, "everything was sent before the window ended");
    println!("{}", answer(took, left, delivered(&status) - before.2));
    Ok(())
}

/// A running sensor at the near side, activated and proved; its heartbeats come as shipped, since the cap does not hold
/// for them.
fn sensor(binaries: &Binaries, folder: &Path, portal: &Portal, cable: &Cable) -> Result<Agent> {
    let settings = Settings {
        heartbeat_interval_seconds: 60,
        more: format!("delivery.kilobits_per_second = {KILOBITS_PER_SECOND}\n"),
        ..Settings::default()
    };
    let room = folder.join("sensor");
    fs::create_dir(&room)?;
    let mut agent = Agent::set_up(binaries, &room, &settings)?;
    portal.export_root(&agent.trust_directory().join("portal.root"))?;
    cable.at_near_side(|| agent.start())?;
    let id = portal.add_sensor("capped", &["--mode", "cloud-connected"])?;
    agent.activate(&portal.download(&id, &folder.join("capped.activation"))?)?;
    agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
    Ok(agent)
}

/// Alerts with texts that compression finds little in.
fn write_alerts(agent: &Agent) -> Result<()> {
    let mut engine = Generator::new(&agent.eve_file(), 1)?;
    let mut state = 1_u64;
    for _ in 0..ALERTS {
        let mut text = String::new();
        while text.len() < 700 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&format!("{:08x}", state >> 32));
        }
        engine.alert(json!({
            "timestamp": "2026-01-05T06:00:00.054000+0000",
            "alert": { "signature_id": 1, "signature": "Generated", "severity": 1 },
            "payload": text,
        }))?;
    }
    Ok(())
}

fn delivered(status: &Value) -> u64 {
    status["alerts"]["streams"][0]["delivered"].as_u64().unwrap_or(0)
}

fn answer(took: Duration, left: Left, delivered: u64) -> Value {
    json!({
        "cap_kilobits_per_second": KILOBITS_PER_SECOND,
        "kilobits_per_second": left.bytes as f64 * 8.0 / 1000.0 / took.as_secs_f64(),
        "seconds": took.as_secs_f64(),
        "bytes": left.bytes,
        "packets": left.all,
        "alerts": delivered,
    })
}
