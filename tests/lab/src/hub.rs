//! Mosquitto as the hub between a sensor and its portal: mutual TLS, a topic for each sensor, withdrawn certificates
//! refused, nothing kept over a restart. Judges nothing.

use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    generator::id_of,
    mosquitto::{BrokerTls, Mosquitto},
    portal::Portal,
    process::Program,
    waiting::{PATIENCE, Waited, until},
};

/// What the broker lets a client do, as docs/portal.md has it.
const ACCESS: &str = "user picket-portal\ntopic read picket/+/alerts\npattern write picket/%u/alerts\n";
/// What the portal calls the hub.
pub const NAME: &str = "Plant";

/// A reader of every sensor's alerts beside the portal.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The common name of its certificate.
    pub name: &'a str,
    /// The CA that its certificate is from, as PEM.
    pub authority: &'a Path,
}

/// A running broker that shows the portal's own certificate and believes the sensors that the portal certifies.
///
/// # Errors
/// When its folder cannot be written, or it does not start.
pub fn start_broker(portal: &Portal, name: &str) -> Result<Mosquitto> {
    let file = |name: &str| portal.data().join(name);
    start(portal, name, file("device-ca.pem"), Some(file("device-ca.crl")), ACCESS)
}

/// As [`start_broker`], and one more reader is let in. Withdrawn certificates are not refused: with a list of one CA's,
/// Mosquitto refuses everybody of another CA that has no list.
///
/// # Errors
/// As [`start_broker`].
pub fn start_broker_with(portal: &Portal, name: &str, reader: &Reader<'_>) -> Result<Mosquitto> {
    let clients = portal.data().with_file_name(format!("{name}-clients.pem"));
    let sensors = fs::read_to_string(portal.data().join("device-ca.pem"))?;
    fs::write(&clients, sensors + &fs::read_to_string(reader.authority)?)?;
    start(portal, name, clients, None, &format!("{ACCESS}user {}\ntopic read picket/+/alerts\n", reader.name))
}

/// As [`start_broker`] at another address of this machine, with somebody on loopback who writes down what it hands out.
///
/// # Errors
/// As [`start_broker`]; when the observer does not start.
pub fn start_observed_broker(portal: &Portal, address: Ipv4Addr, name: &str) -> Result<(Mosquitto, Program)> {
    let file = |name: &str| portal.data().join(name);
    let (chain, key, clients) = (file("server.pem"), file("server.key"), file("device-ca.pem"));
    let tls = BrokerTls { chain, key, clients, revoked: Some(file("device-ca.crl")) };
    let access = format!("topic read #\n{ACCESS}");
    let mut broker = Mosquitto::set_up_at(address, &portal.data().with_file_name(name), &tls, &access)?;
    let port = broker.open_for_observer()?;
    broker.start()?;
    // It may open this port after the other.
    until("the broker takes the observer", PATIENCE, || {
        Ok(match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => Waited::Holds(()),
            Err(error) => Waited::NotYet(error.to_string()),
        })
    })?;
    let mut command = Command::new("mosquitto_sub");
    command.args(["-V", "mqttv5", "-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", "#", "-F", "%p"]);
    let heard = portal.data().with_file_name(format!("{name}.heard"));
    let mut observer = Program::start("mosquitto_sub", &mut command, &heard)?;
    until("the observer has subscribed", PATIENCE, || {
        observer.must_run()?;
        let said = fs::read_to_string(broker.log())?;
        Ok(if said.contains("Sending SUBACK") { Waited::Holds(()) } else { Waited::NotYet(said) })
    })?;
    Ok((broker, observer))
}

/// The ids of the alerts that an observer wrote down.
#[must_use]
pub fn ids_heard(observer: &Program) -> BTreeSet<u64> {
    let events = observer.output();
    let records = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter_map(|event| id_of(&event["data"])).collect()
}

fn start(portal: &Portal, name: &str, clients: PathBuf, revoked: Option<PathBuf>, access: &str) -> Result<Mosquitto> {
    let (chain, key) = (portal.data().join("server.pem"), portal.data().join("server.key"));
    let tls = BrokerTls { chain, key, clients, revoked };
    let mut broker = Mosquitto::set_up(&portal.data().with_file_name(name), &tls, access)?;
    broker.start()?;
    Ok(broker)
}

/// Registers what listens on a loopback port as a hub that the portal reads, and waits until it does.
///
/// # Errors
/// When the portal refuses, or does not come to read it.
pub fn register(portal: &Portal, name: &str, port: u16) -> Result<()> {
    register_at(portal, name, Ipv4Addr::LOCALHOST, port)
}

/// As [`register`], for another address of this machine.
///
/// # Errors
/// As [`register`].
pub fn register_at(portal: &Portal, name: &str, address: Ipv4Addr, port: u16) -> Result<()> {
    let authority = portal.authority();
    let authority = authority.to_str().context("a path in UTF-8")?;
    let url = format!("mqtts://{address}:{port}");
    portal.ask(&["hub", "add", name, "--url", &url, "--ca", authority, "--portal-reads"])?;
    until_read(portal, name)
}

/// Waits until the portal reads a hub.
///
/// # Errors
/// When it does not come to be.
pub fn until_read(portal: &Portal, name: &str) -> Result<()> {
    until(&format!("the portal reads {name}"), PATIENCE, || {
        let hubs = portal.ask(&["hub", "list"])?;
        let hub = hubs["hubs"].as_array().context("no hubs")?.iter().find(|hub| hub["name"] == name);
        let reading = &hub.with_context(|| format!("no hub {name}"))?["reading"];
        Ok(if reading == "ok" { Waited::Holds(()) } else { Waited::NotYet(reading.to_string()) })
    })
}

/// How many messages a broker took from a sensor since it was set up, over its restarts; its probes included.
///
/// # Errors
/// When the broker left no log that says what it does.
pub fn taken(broker: &Mosquitto, sensor: &str) -> Result<u64> {
    let log = fs::read(broker.log()).context("the broker left no log")?;
    let log = String::from_utf8_lossy(&log);
    ensure!(log.contains("Sending CONNACK"), "the broker's log does not say what it does");
    let taken = format!("Received PUBLISH from {sensor} ");
    Ok(log.lines().filter(|line| line.contains(&taken)).count() as u64)
}
