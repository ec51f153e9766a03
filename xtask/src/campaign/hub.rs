//! Mosquitto as the hub between a scene's sensor and its portal: mutual TLS, a topic for each sensor, nothing kept over a
//! restart.

use std::fs;

use anyhow::{Context, Result, ensure};
use picket_lab::{BrokerTls, Mosquitto, Portal, Waited, until, waiting::PATIENCE};

/// As docs/portal.md has it.
const ACCESS: &str = "user picket-portal\ntopic read picket/+/alerts\npattern write picket/%u/alerts\n";
/// What the portal calls the hub.
pub(super) const NAME: &str = "Plant";

/// A running broker that shows the portal's own certificate and believes the sensors that the portal certifies.
pub(super) fn start_broker(portal: &Portal, name: &str) -> Result<Mosquitto> {
    let file = |name: &str| portal.data().join(name);
    let tls = BrokerTls {
        chain: file("server.pem"),
        key: file("server.key"),
        clients: file("device-ca.pem"),
        revoked: Some(file("device-ca.crl")),
    };
    let mut broker = Mosquitto::set_up(&portal.data().with_file_name(name), &tls, ACCESS)?;
    broker.start()?;
    Ok(broker)
}

/// Registers what listens on a loopback port as a hub that the portal reads, and waits until it does.
pub(super) fn register(portal: &Portal, name: &str, port: u16) -> Result<()> {
    let authority = portal.authority();
    let authority = authority.to_str().context("a path in UTF-8")?;
    let url = format!("mqtts://127.0.0.1:{port}");
    portal.ask(&["hub", "add", name, "--url", &url, "--ca", authority, "--portal-reads"])?;
    until_read(portal, name)
}

/// Waits until the portal reads a hub.
pub(super) fn until_read(portal: &Portal, name: &str) -> Result<()> {
    until(&format!("the portal reads {name}"), PATIENCE, || {
        let hubs = portal.ask(&["hub", "list"])?;
        let hub = hubs["hubs"].as_array().context("no hubs")?.iter().find(|hub| hub["name"] == name);
        let reading = &hub.with_context(|| format!("no hub {name}"))?["reading"];
        Ok(if reading == "ok" { Waited::Holds(()) } else { Waited::NotYet(reading.to_string()) })
    })
}

/// How many messages a broker took from a sensor since it was set up, over its restarts; its probes included.
pub(super) fn taken(broker: &Mosquitto, sensor: &str) -> Result<u64> {
    let log = fs::read(broker.log()).context("the broker left no log")?;
    let log = String::from_utf8_lossy(&log);
    ensure!(log.contains("Sending CONNACK"), "the broker's log does not say what it does");
    let taken = format!("Received PUBLISH from {sensor} ");
    Ok(log.lines().filter(|line| line.contains(&taken)).count() as u64)
}
