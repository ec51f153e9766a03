//! The broker, by Mosquitto's own clients.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::{Result, ensure};
use picket_lab::{BrokerTls, Mosquitto, PrivateFolder, Program, Waited, process::run, until};
use picket_tests::faults::Authority;

const ACCESS: &str = "pattern write sensors/%u/alerts\nuser reader\ntopic read sensors/#\n";

/// A broker whose clients' certificates are from the same CA as its own.
struct Scene {
    broker: Mosquitto,
    authority: Authority,
    folder: PrivateFolder,
}

impl Scene {
    fn new() -> Result<Self> {
        let folder = PrivateFolder::new()?;
        let authority = Authority::new("A broker's CA")?;
        let file = |name: &str| folder.join(name);
        authority.write(&file("ca.pem"))?;
        authority.write_pair("broker", &["127.0.0.1"], &file("broker.pem"), &file("broker.key"))?;
        let (chain, key, clients) = (file("broker.pem"), file("broker.key"), file("ca.pem"));
        let tls = BrokerTls { chain, key, clients, revoked: None };
        let mut broker = Mosquitto::set_up(&file("broker"), &tls, ACCESS)?;
        broker.start()?;
        Ok(Self { broker, authority, folder })
    }

    /// One of Mosquitto's clients, with a certificate in this name.
    fn client(&self, program: &str, name: &str) -> Result<Command> {
        let (chain, key) = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        self.authority.write_pair(name, &[], &chain, &key)?;
        let mut command = self.stranger(program);
        command.arg("--cert").arg(chain).arg("--key").arg(key);
        Ok(command)
    }

    /// One of Mosquitto's clients, without a certificate.
    fn stranger(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-V", "mqttv5", "-h", "127.0.0.1", "-p", &self.broker.port().to_string(), "-q", "1"]);
        command.arg("--cafile").arg(self.file("ca.pem"));
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[test]
fn a_client_publishes_under_its_own_name_only() -> Result<()> {
    let scene = Scene::new()?;
    let mut listen = scene.client("mosquitto_sub", "reader")?;
    listen.args(["-t", "sensors/#", "-C", "1", "-F", "%t %p"]);
    let mut reader = Program::start("mosquitto_sub", &mut listen, &scene.file("reader.log"))?;
    until("the reader has subscribed", Duration::from_secs(20), || {
        reader.must_run()?;
        let said = std::fs::read_to_string(scene.broker.log())?;
        Ok(if said.contains("Sending SUBACK") { Waited::Holds(()) } else { Waited::NotYet(said) })
    })?;
    for (topic, message) in [("sensors/somebody/alerts", "as another"), ("sensors/line-3/alerts", "as itself")] {
        let mut publish = scene.client("mosquitto_pub", "line-3")?;
        // Whether a client says that it was not allowed to is its own affair; what the reader gets is not.
        let _ = run(publish.args(["-t", topic, "-m", message]));
    }
    let ended = reader.wait(Duration::from_secs(20))?;
    ensure!(ended.success() && reader.output() == "sensors/line-3/alerts as itself\n", "{}", reader.output());
    Ok(())
}

#[test]
fn a_client_without_a_certificate_is_refused() -> Result<()> {
    let scene = Scene::new()?;
    let refused = run(scene.stranger("mosquitto_pub").args(["-t", "sensors/line-3/alerts", "-m", "anonymous"]));
    ensure!(refused.is_err(), "a client without a certificate was served");
    run(scene.client("mosquitto_pub", "line-3")?.args(["-t", "sensors/line-3/alerts", "-m", "known"]))?;
    Ok(())
}
