//! Deliveries to a real broker, Mosquitto, read there by Mosquitto's own client.

use std::{fs, path::PathBuf, process::Command};

use picket_lab::{BrokerTls, Mosquitto, Program};
use rcgen::KeyPair;
use rustls_pki_types::CertificateDer;

use super::*;

const TOPIC: &str = "sensors/07070707-0707-0707-0707-070707070707/alerts";

/// A broker, and what a reader of it has got.
struct Scene {
    world: World,
    broker: Mosquitto,
    reader: Option<Program>,
}

fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<String> =
        STANDARD.encode(der).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

async fn scene() -> Scene {
    let ca: &'static Ca = Box::leak(Box::new(Ca::named("Portal CA")));
    let world = world_of(ca, |_| 200).await;
    let folder = world.folder.path().to_owned();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (chain, key): (Vec<CertificateDer<'static>>, KeyPair) = ca.server(2020, 2099);
    let tls = BrokerTls {
        chain: write("broker.pem", pem("CERTIFICATE", &chain[0])),
        key: write("broker.key", key.serialize_pem()),
        clients: write("ca.pem", pem("CERTIFICATE", &ca.der)),
        revoked: None,
    };
    // Every certificate of this CA names its holder so.
    let access = "user leaf\ntopic readwrite sensors/#\n";
    let mut broker = Mosquitto::set_up(&folder.join("broker"), &tls, access).unwrap();
    broker.start().unwrap();
    Scene { world, broker, reader: None }
}

impl Scene {
    fn folder(&self) -> PathBuf {
        self.world.folder.path().to_owned()
    }

    fn open(&self) {
        let url = format!("mqtts://127.0.0.1:{}", self.broker.port());
        let route = Route {
            to: RouteTo::Mqtt { topic: TOPIC.into() },
            endpoint: Endpoint { url, ..self.world.endpoint.clone() },
            ..self.world.route()
        };
        self.world.routes.send_replace(Routes { hub: Some(route), console: None });
    }

    /// Has Mosquitto's own client write down what comes, and waits until it has subscribed.
    async fn read(&mut self, log: &str) {
        let (folder, log) = (self.folder(), self.folder().join(log));
        // A line at a time, as it comes.
        let mut command = Command::new("stdbuf");
        command.args([
            "-oL",
            "mosquitto_sub",
            "-V",
            "mqttv5",
            "-h",
            "127.0.0.1",
            "-p",
            &self.broker.port().to_string(),
            "-q",
            "1",
            "-d",
        ]);
        command.args(["-t", "sensors/#", "-F", "%t %C %p"]);
        command.arg("--cafile").arg(folder.join("ca.pem"));
        command.arg("--cert").arg(folder.join("broker.pem")).arg("--key").arg(folder.join("broker.key"));
        self.reader = Some(Program::start("mosquitto_sub", &mut command, &log).unwrap());
        self.world.until(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("SUBACK"))).await;
    }

    /// The records that the reader got, in order.
    fn got(&self, log: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join(log)).unwrap();
        let prefix = format!("{TOPIC} {} ", wire::MEDIA_EVENT);
        // The reader may be in the middle of a line.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let events = whole.lines().filter_map(|line| line.strip_prefix(&prefix));
        let record = |event: &str| match picket_protocol::alerts::event::read_one(event.as_bytes()).unwrap().content {
            Content::Alert { record, .. } => record.to_owned(),
            other => panic!("{other:?}"),
        };
        events.map(record).collect()
    }
}

#[tokio::test]
async fn a_real_broker_gets_every_alert_once_and_in_order() {
    let mut scene = scene().await;
    scene.read("first.log").await;
    scene.world.detect(1, 0..5_000).await;
    scene.world.detect(2, 5_000..5_100).await;
    scene.open();
    scene.world.until(|| scene.got("first.log").len() >= 5_000).await;
    scene.world.until(|| scene.world.shows(|hub| hub.delivered == 5_000 && hub.in_flight == 0)).await;
    assert_eq!(scene.got("first.log"), (0..5_000).map(record).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_probe_is_taken_where_the_sensor_may_publish_and_nowhere_else() {
    let scene = scene().await;
    let upstreams = Upstreams::new(scene.world.identities.clone(), Greeting::PostQuantum);
    let url = format!("mqtts://127.0.0.1:{}", scene.broker.port());
    let endpoint = Endpoint { url, ..scene.world.endpoint.clone() };
    let probe = |topic: &str| ProbeHub {
        call: call(endpoint.clone()),
        to: RouteTo::Mqtt { topic: topic.into() },
        with: Slot::A,
        nonce: [9; 16],
    };
    upstreams.clone().probe(probe(TOPIC)).await.unwrap();
    let refused = upstreams.probe(probe("others/1")).await.unwrap_err().refusal;
    assert!(refused.to_string().contains("NotAuthorized"), "{refused}");
}

#[tokio::test]
async fn a_broker_that_comes_back_gets_the_rest() {
    let mut scene = scene().await;
    scene.open();
    scene.world.detect(1, 0..100).await;
    scene.world.until(|| scene.world.shows(|hub| hub.delivered == 100)).await;
    scene.broker.kill();
    scene.reader = None;
    scene.world.detect(1, 100..200).await;
    scene.world.until(|| scene.world.shows(|hub| hub.problem.is_some())).await;
    scene.broker.start().unwrap();
    scene.read("second.log").await;
    scene.world.detect(1, 200..300).await;
    scene.world.until(|| scene.world.shows(|hub| hub.delivered == 300)).await;
    let got: BTreeSet<String> = scene.got("second.log").into_iter().collect();
    assert!((200..300).all(|name| got.contains(&record(name))), "{got:?}");
}
