//! Alerts from the engine's file by way of the portal to a real syslog server over TLS.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use picket_lab::{Rsyslog, SyslogTls, generator::id_of};
use picket_tests::{
    Scene,
    alerts::{arrive_once, engine_of},
    faults::Authority,
    hostile::Hostile,
};
use serde_json::{Value, json};

/// A syslog server, and its CA in a file that the portal is given.
fn server(scene: &Scene) -> Result<(Rsyslog, String)> {
    let authority = Authority::new("A syslog server's CA")?;
    let file = |name: &str| scene.folder.join(name);
    authority.write(&file("syslog-ca.pem"))?;
    authority.write_pair("syslog", &["localhost"], &file("syslog.pem"), &file("syslog.key"))?;
    let tls = SyslogTls { authority: file("syslog-ca.pem"), chain: file("syslog.pem"), key: file("syslog.key") };
    let mut server = Rsyslog::set_up(&file("syslog"), &tls)?;
    server.start()?;
    Ok((server, scene.path("syslog-ca.pem")?))
}

/// The ids of the alerts in what the server received: CEF's `cs1`.
fn alerts(received: &[Value]) -> Vec<String> {
    let cef = received.iter().filter_map(|message| message["raw"].as_str()).filter(|raw| raw.contains("|Generated: "));
    cef.filter_map(|raw| raw.split("cs1=").nth(1)?.split(' ').next().map(str::to_owned)).collect()
}

#[test]
fn what_is_grave_enough_is_shared_once_from_when_sharing_began() -> Result<()> {
    let mut scene = Scene::new()?;
    let (mut server, authority) = server(&scene)?;
    scene.cloud_connected("shared")?;
    let mut engine = engine_of(&scene.agent)?;
    engine.alerts(20)?;
    arrive_once(&scene.portal, engine.written())?;
    let earlier = scene.portal.alerts()?.len();
    let address = format!("localhost:{}", server.port());
    let to = ["share", "add", "soc", "--syslog", &address, "--ca", &authority];
    scene.portal.ask(&[&to[..], &["--severity", "medium"]].concat())?;
    scene.portal.ask(&["share", "test", "soc"])?;
    server.until("the test message is there", |received| {
        received.iter().any(|message| message["raw"].as_str().is_some_and(|raw| raw.contains("|test|")))
    })?;
    engine.alerts(40)?;
    arrive_once(&scene.portal, engine.written())?;
    let (received, expected) = until_shared(&scene, &server, earlier)?;
    ensure!(received.len() == expected, "{} messages of {expected} alerts", received.len());
    // Syslog acknowledges nothing: after an outage of either end some may come again, and none is lost.
    server.stop()?;
    engine.alerts(40)?;
    arrive_once(&scene.portal, engine.written())?;
    scene.portal.stop()?;
    server.start()?;
    scene.portal.start()?;
    let (received, expected) = until_shared(&scene, &server, earlier)?;
    let once: BTreeSet<_> = received.iter().collect();
    ensure!(once.len() == expected, "{} alerts of {expected}", once.len());
    Ok(())
}

/// Waits until every alert of the portal's from `earlier` on that is grave enough is at the server. The ids of all that
/// are, and how many are to be.
fn until_shared(scene: &Scene, server: &Rsyslog, earlier: usize) -> Result<(Vec<String>, usize)> {
    let stored = scene.portal.alerts()?;
    let grave = |alert: &&Value| matches!(alert["severity"].as_str(), Some("high" | "medium"));
    let ids = stored.iter().skip(earlier).filter(grave).map(|alert| alert["id"].as_str().map(str::to_owned));
    let expected = ids.collect::<Option<BTreeSet<_>>>().context("an alert without an id")?;
    let received = server.until("what is grave enough is there", |received| {
        let there: BTreeSet<_> = alerts(received).into_iter().collect();
        expected.is_subset(&there)
    })?;
    let read = received.iter().all(|message| message["app"].as_str().is_some_and(|app| !app.is_empty()));
    ensure!(read, "rsyslog did not read a message: {received:?}");
    Ok((alerts(&received), expected.len()))
}

/// What a syslog server is told of a hostile record, by the key in CEF.
fn hostile(texts: &mut Hostile) -> Value {
    json!({
        "timestamp": "2026-01-05T06:00:00.054000+0000",
        "src_ip": "192.0.2.66", "src_port": 1025, "dest_ip": "192.0.2.20", "dest_port": 80, "proto": "TCP",
        "alert": { "gid": 1, "signature_id": 1, "signature": texts.line(), "category": texts.lines(), "severity": 1 },
        "http": { "hostname": texts.line(), "url": texts.lines(), "http_user_agent": texts.lines() },
    })
}

#[test]
fn hostile_fields_come_back_equal_by_a_parser_that_is_not_ours() -> Result<()> {
    const COUNT: usize = 10_000;
    let scene = Scene::new()?;
    let (server, authority) = server(&scene)?;
    scene.cloud_connected("hostile")?;
    let address = format!("localhost:{}", server.port());
    scene.portal.ask(&["share", "add", "soc", "--syslog", &address, "--ca", &authority])?;
    let (mut engine, mut texts) = (engine_of(&scene.agent)?, Hostile::new(1));
    let mut written = BTreeMap::new();
    for _ in 0..COUNT {
        let record = hostile(&mut texts);
        written.insert(engine.alert(record.clone())?, record);
    }
    arrive_once(&scene.portal, engine.written())?;
    let stored = scene.portal.alerts()?;
    let by_id: BTreeMap<_, _> =
        stored.iter().filter_map(|alert| Some((alert["id"].as_str()?, id_of(&alert["record"])?))).collect();
    let received = server.until_count(COUNT)?;
    let mut seen = BTreeSet::new();
    for message in &received {
        let fields = &message["cef"]["Extensions"];
        let id = fields["cs1"].as_str().and_then(|id| by_id.get(id)).with_context(|| format!("unknown: {message}"))?;
        let record = &written[id];
        ensure!(message["cef"]["Name"] == record["alert"]["signature"], "{record}: {message}");
        for (key, pointer) in [
            ("cat", "/alert/category"),
            ("destinationDnsDomain", "/http/hostname"),
            ("request", "/http/url"),
            ("requestClientApplication", "/http/http_user_agent"),
        ] {
            ensure!(record.pointer(pointer) == Some(&fields[key]), "{key}: {record}: {message}");
        }
        ensure!(fields["src"] == "192.0.2.66" && fields["act"].is_null(), "a field was smuggled in: {message}");
        ensure!(seen.insert(id), "alert {id} was shared twice");
    }
    ensure!(seen.len() == COUNT, "{} of {COUNT} alerts", seen.len());
    Ok(())
}
