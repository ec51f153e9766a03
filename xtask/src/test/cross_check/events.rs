//! A hub that is not ours, by the CloudEvents SDK, gets the alerts of a real agent.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use picket_lab::{Agent, Binaries, Portal, PrivateFolder, Program, Role, Settings, Waited, until, waiting::PATIENCE};
use serde_json::Value;

use super::script;

/// What Suricata wrote; see the README beside it.
const SAMPLE: &str = include_str!("../../demo/sample/eve.json");

/// Says what was read.
pub(super) fn run(python: &Path) -> Result<String> {
    let folder = PrivateFolder::new()?;
    let mut sink = Sink::start(python, &folder)?;
    let binaries = Binaries::beside_this_program()?;
    let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
    portal.start()?;
    let room = folder.join("sensor");
    fs::create_dir(&room)?;
    let mut agent = Agent::set_up(&binaries, &room, &Settings::default())?;
    portal.export_root(&agent.trust_directory().join("portal.root"))?;
    agent.start()?;
    let (url, authority) = (sink.url()?, folder.join("ca.pem"));
    let hub = ["--hub-url", &url, "--hub-ca", authority.to_str().context("a path in UTF-8")?];
    let sensor = portal.add_sensor("read-by-others", &[&["--mode", "cloud-connected"], &hub[..]].concat())?;
    agent.activate(&portal.download(&sensor, &folder.join("sink.activation"))?)?;
    agent.until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
    fs::write(agent.eve_file(), SAMPLE)?;
    let written = SAMPLE.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let written: Vec<_> = written.into_iter().filter(|record| record["event_type"] == "alert").collect();
    let read = sink.until_alerts(written.len())?;
    for record in &written {
        let times = read.iter().filter(|event| event["data"] == *record).count();
        ensure!(times == 1, "read {times} times by the CloudEvents SDK: {record}");
    }
    let source = format!("/sensors/{sensor}");
    ensure!(read.iter().all(|event| event["source"] == source.as_str()), "a source is not {source}");
    Ok(format!("{} alerts by the CloudEvents SDK, each once", read.len()))
}

/// `events_sink.py` at work.
struct Sink {
    program: Program,
}

impl Sink {
    fn start(python: &Path, folder: &PrivateFolder) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(script("events_sink.py")).arg(folder.path());
        Ok(Self { program: Program::start("events_sink.py", &mut command, &folder.join("sink.log"))? })
    }

    fn url(&mut self) -> Result<String> {
        let port = until("the sink listens", PATIENCE, || {
            self.program.must_run()?;
            let port = self.lines().first().and_then(|line| line["port"].as_u64());
            Ok(port.map_or_else(|| Waited::NotYet(self.program.output()), Waited::Holds))
        })?;
        Ok(format!("https://127.0.0.1:{port}"))
    }

    fn until_alerts(&mut self, count: usize) -> Result<Vec<Value>> {
        until(&format!("the sink has read {count} alerts"), PATIENCE, || {
            self.program.must_run()?;
            let mut alerts = self.lines();
            alerts.retain(|line| line["type"] == "io.picket.alert");
            Ok(if alerts.len() >= count { Waited::Holds(alerts) } else { Waited::NotYet(self.program.output()) })
        })
    }

    /// Whole lines that it has printed.
    fn lines(&self) -> Vec<Value> {
        self.program.output().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
