//! Consumers that are not ours, by the CloudEvents SDK, get the alerts of a real agent: an HTTPS hub, and a reader at a real
//! MQTT broker.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Agent, Binaries, Portal, PrivateFolder, Program, Role, Settings, Waited,
    hub::{self, Reader},
    process::run as output_of,
    until,
    waiting::PATIENCE,
};
use serde_json::Value;

use crate::test::python::script;

/// What Suricata wrote; see the README beside it.
const SAMPLE: &str = include_str!("../../demo/sample/eve.json");
const READER: &str = "reader";

/// An HTTPS hub. Says what was read.
pub(super) fn over_https(python: &Path) -> Result<String> {
    let mut stage = Stage::set_up()?;
    let mut command = Command::new(python);
    command.arg(script("events_sink.py")).arg(stage.folder.path());
    let mut sink = Consumer::start("events_sink.py", &mut command, &stage.folder)?;
    let port = sink.until("the sink listens", |line| line["port"].as_u64())?;
    let authority = stage.path("ca.pem")?;
    stage.activate(&["--hub-url", &format!("https://127.0.0.1:{port}"), "--hub-ca", &authority])?;
    Ok(format!("{} alerts from an HTTPS hub", stage.detect(&mut sink)?))
}

/// A reader at Mosquitto. Says what was read.
pub(super) fn over_mqtt(python: &Path) -> Result<String> {
    let mut stage = Stage::set_up()?;
    let consumer = || {
        let mut command = Command::new(python);
        command.arg(script("events_reader.py"));
        command
    };
    output_of(consumer().arg("certify").arg(stage.folder.path()))?;
    let reader = Reader { name: READER, authority: &stage.folder.join("reader-ca.pem") };
    let broker = hub::start_broker_with(&stage.portal, "broker", &reader)?;
    let (port, authority) = (broker.port().to_string(), stage.portal.authority());
    let mut command = consumer();
    command.arg("read").arg(stage.folder.path()).args([&port]).arg(&authority).arg("picket/+/alerts");
    let mut reader = Consumer::start("events_reader.py", &mut command, &stage.folder)?;
    reader.until("the reader has subscribed", |line| line["subscribed"].as_bool())?;
    let url = format!("mqtts://127.0.0.1:{port}");
    let authority = authority.to_str().context("a path in UTF-8")?;
    stage.portal.ask(&["hub", "add", hub::NAME, "--url", &url, "--ca", authority])?;
    stage.activate(&["--hub", hub::NAME])?;
    Ok(format!("{} from an MQTT hub", stage.detect(&mut reader)?))
}

/// A portal and a sensor. Programs end before the folder goes.
struct Stage {
    agent: Agent,
    portal: Portal,
    sensor: String,
    folder: PrivateFolder,
}

impl Stage {
    fn set_up() -> Result<Self> {
        let folder = PrivateFolder::new()?;
        let binaries = Binaries::beside_this_program()?;
        let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let room = folder.join("sensor");
        fs::create_dir(&room)?;
        let mut agent = Agent::set_up(&binaries, &room, &Settings::default())?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        Ok(Self { agent, portal, sensor: String::new(), folder })
    }

    /// Cloud-connected to this hub, to the last proof.
    fn activate(&mut self, hub: &[&str]) -> Result<()> {
        self.sensor = self.portal.add_sensor("read-by-others", &[&["--mode", "cloud-connected"], hub].concat())?;
        self.agent.activate(&self.portal.download(&self.sensor, &self.folder.join("others.activation"))?)?;
        self.agent
            .until("the hub has accepted a probe", |status| status["active"]["proof"]["hub"]["step"] == "proved")?;
        Ok(())
    }

    /// Has the engine write the sample, and the consumer read each of its alerts, once and unchanged. How many.
    fn detect(&self, consumer: &mut Consumer) -> Result<usize> {
        fs::write(self.agent.eve_file(), SAMPLE)?;
        let written = SAMPLE.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let written: Vec<_> = written.into_iter().filter(|record| record["event_type"] == "alert").collect();
        let read = consumer.until_alerts(written.len())?;
        for record in &written {
            let times = read.iter().filter(|event| event["data"] == *record).count();
            ensure!(times == 1, "read {times} times by the CloudEvents SDK: {record}");
        }
        let source = format!("/sensors/{}", self.sensor);
        ensure!(read.iter().all(|event| event["source"] == source.as_str()), "a source is not {source}");
        Ok(read.len())
    }

    fn path(&self, name: &str) -> Result<String> {
        self.folder.join(name).to_str().map(str::to_owned).context("a path in UTF-8")
    }
}

/// One of the scripts at work; it prints a line of JSON for each thing it has to say.
struct Consumer {
    program: Program,
}

impl Consumer {
    fn start(name: &str, command: &mut Command, folder: &PrivateFolder) -> Result<Self> {
        Ok(Self { program: Program::start(name, command, &folder.join("consumer.log"))? })
    }

    /// Waits until its first line says something.
    fn until<T>(&mut self, what: &str, said: impl Fn(&Value) -> Option<T>) -> Result<T> {
        until(what, PATIENCE, || {
            self.program.must_run()?;
            let found = self.lines().first().and_then(&said);
            Ok(found.map_or_else(|| Waited::NotYet(self.program.output()), Waited::Holds))
        })
    }

    fn until_alerts(&mut self, count: usize) -> Result<Vec<Value>> {
        until(&format!("the CloudEvents SDK has read {count} alerts"), PATIENCE, || {
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
