//! The reader of MQTT hubs, beside a real broker: Mosquitto.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis, event::AlertEvent},
    heartbeat::{Standing, StreamTotals},
    ids::{Epoch, SensorId, StreamId},
};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Packet, PublishOptions, QoS};
use serde_json::Value;
use tokio_rustls::TlsConnector;

use crate::{sensor::Sensor, server::Server};

const STREAM: StreamId = StreamId::from_bytes([5; 16]);
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Mosquitto with the portal's own server certificate, believing the certificates of sensors.
struct Broker {
    process: Option<Child>,
    port: u16,
    folder: std::path::PathBuf,
}

impl Broker {
    fn start(server: &Server) -> Self {
        let folder = server.scratch("broker");
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let data = server.data();
        let file = |name: &str| data.join(name).display().to_string();
        let access = "user picket-portal\ntopic read picket/+/alerts\npattern write picket/%u/alerts\n";
        std::fs::write(folder.join("access"), access).unwrap();
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let configuration = format!(
            "user {}\nlistener {port} 127.0.0.1\nallow_anonymous false\nacl_file {}\ncafile {}\ncertfile {}\n\
             keyfile {}\nrequire_certificate true\nuse_identity_as_username true\nmax_queued_messages 0\n\
             log_dest stderr\nlog_type all\ncrlfile {}\n",
            String::from_utf8(user).unwrap().trim(),
            folder.join("access").display(),
            file("device-ca.pem"),
            file("server.pem"),
            file("server.key"),
            file("device-ca.crl"),
        );
        std::fs::write(folder.join("mosquitto.conf"), configuration).unwrap();
        let mut broker = Self { process: None, port, folder };
        broker.restart();
        broker
    }

    /// Kills it if it runs: what it held is gone.
    fn restart(&mut self) {
        self.kill();
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(self.folder.join("mosquitto.conf")).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("Mosquitto"));
        wait("the broker takes connections", || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok());
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Has it read the withdrawn certificates anew.
    fn reload(&self) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn wait<T>(what: &str, mut until: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        if let Some(value) = until() {
            return value;
        }
        std::thread::sleep(LOOK);
    }
    panic!("{what}: not in time");
}

/// A sensor's connection to the broker.
struct Publisher {
    client: AsyncClient,
    events: EventLoop,
    topic: String,
}

impl Publisher {
    fn of(sensor: &Sensor, broker: &Broker) -> Self {
        let tls = Arc::new(sensor.tls());
        let mut options = MqttOptions::new(sensor.id.to_string(), ("127.0.0.1", broker.port));
        let port = broker.port;
        options.set_socket_connector(move |_, _: NetworkOptions| {
            let tls = Arc::clone(&tls);
            async move {
                let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
                let name = std::net::IpAddr::V4(Ipv4Addr::LOCALHOST).into();
                TlsConnector::from(tls).connect(name, stream).await
            }
        });
        let (client, events) = AsyncClient::builder(options).capacity(1000).build();
        Self { client, events, topic: format!("picket/{}/alerts", sensor.id) }
    }

    /// Publishes, and waits until the broker has acknowledged all of it.
    async fn publish(&mut self, payloads: Vec<String>) -> Result<(), String> {
        let mut open = payloads.len();
        for payload in payloads {
            let options = PublishOptions::new(QoS::AtLeastOnce);
            self.client.publish(self.topic.clone(), payload, options).await.map_err(|error| error.to_string())?;
        }
        while open > 0 {
            match tokio::time::timeout(PATIENCE, self.events.poll()).await.map_err(|_| "no answer")? {
                Ok(Event::Incoming(Packet::PubAck(_))) => open -= 1,
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

fn events(sensor: SensorId, numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
    let event = |number| {
        let mut out = String::new();
        let record = format!(r#"{{"n":{number}}}"#);
        let (id, at) = (AlertId { stream: STREAM, number }, UnixMillis(1_800_000_000_000));
        AlertEvent { id, sensor, epoch: Epoch(1), severity: Severity::Low, at, record: &record }.write(&mut out);
        out
    };
    numbers.map(event).collect()
}

fn numbers(server: &Server) -> Vec<u64> {
    let listed = server.json(&["alert", "list", "--limit", "1000", "--after", "0"]);
    listed["alerts"].as_array().unwrap().iter().map(|alert| alert["record"]["n"].as_u64().unwrap()).collect()
}

fn come(server: &Server, expected: std::ops::RangeInclusive<u64>) {
    let expected: Vec<u64> = expected.collect();
    wait(&format!("{} alerts come", expected.len()), || (numbers(server) == expected).then_some(()));
}

/// A broker that the portal reads, and a sensor.
async fn set_up(server: &Server) -> (Broker, Sensor) {
    let mut sensor = Sensor::enrolled(server, "One").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let broker = Broker::start(server);
    let ca = server.data().join("tls-ca.pem");
    let url = format!("mqtts://127.0.0.1:{}", broker.port);
    server.cli(&["hub", "add", "Broker", "--url", &url, "--ca", ca.to_str().unwrap(), "--portal-reads"]);
    wait("the portal reads the broker", || {
        let hubs = server.json(&["hub", "list"]);
        (hubs["hubs"][0]["reading"] == "ok").then_some(())
    });
    (broker, sensor)
}

/// Its heartbeat says how far its stream goes, which is how far a hub is believed.
async fn reach(server: &Server, sensor: &mut Sensor, head: u64) -> Value {
    let totals = StreamTotals { head, delivered: 0, dropped: [].into(), oldest_undelivered: None };
    sensor.streams = [(STREAM, totals)].into();
    let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    serde_json::to_value(&answer.confirmations).unwrap()[STREAM.to_string()].clone()
}

#[tokio::test]
async fn what_a_broker_took_comes_once_and_is_confirmed() {
    let server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    reach(&server, &mut sensor, 120).await;
    let mut publisher = Publisher::of(&sensor, &broker);
    publisher.publish(events(sensor.id, 1..=100)).await.unwrap();
    publisher.publish(events(sensor.id, 91..=120)).await.unwrap();
    come(&server, 1..=120);
    assert_eq!(reach(&server, &mut sensor, 120).await["up_to"], 120);
}

#[tokio::test]
async fn numbers_that_a_sensor_has_not_reported_wait_until_it_does() {
    let mut server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    let id = sensor.id.to_string();
    reach(&server, &mut sensor, 5).await;
    Publisher::of(&sensor, &broker).publish(events(sensor.id, 1..=9)).await.unwrap();
    come(&server, 1..=5);
    wait("the rest waits", || (server.json(&["sensor", "streams", &id])["waiting"] == 4).then_some(()));
    assert_eq!(reach(&server, &mut sensor, 5).await["up_to"], 5);
    server.kill();
    server.start();
    assert_eq!(server.json(&["sensor", "streams", &id])["waiting"], 4);
    reach(&server, &mut sensor, 7).await;
    come(&server, 1..=7);
    reach(&server, &mut sensor, 9).await;
    come(&server, 1..=9);
    assert_eq!(server.json(&["sensor", "streams", &id])["waiting"], 0);
}

#[tokio::test]
async fn what_no_sensor_can_have_meant_holds_up_nothing() {
    let server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    reach(&server, &mut sensor, 3).await;
    let other = events(SensorId::from_bytes([9; 16]), 1..=1).remove(0);
    let mut publisher = Publisher::of(&sensor, &broker);
    let mut payloads = vec!["[]".to_owned(), "x".to_owned(), other, "{\"specversion\":\"1.0\"}".to_owned()];
    payloads.extend(events(sensor.id, 1..=3));
    publisher.publish(payloads).await.unwrap();
    come(&server, 1..=3);
}

#[tokio::test]
async fn a_broker_that_comes_back_empty_is_read_again() {
    let server = Server::portal();
    let (mut broker, mut sensor) = set_up(&server).await;
    reach(&server, &mut sensor, 9).await;
    Publisher::of(&sensor, &broker).publish(events(sensor.id, 1..=3)).await.unwrap();
    come(&server, 1..=3);
    let subscribed = |broker: &Broker| broker.log().matches("$share/picket/picket/+/alerts").count();
    let before = subscribed(&broker);
    broker.restart();
    wait("the portal reads the broker again", || (subscribed(&broker) > before).then_some(()));
    Publisher::of(&sensor, &broker).publish(events(sensor.id, 3..=9)).await.unwrap();
    come(&server, 1..=9);
}

#[tokio::test]
async fn a_broker_keeps_what_comes_while_the_portal_is_killed() {
    let mut server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    reach(&server, &mut sensor, 50).await;
    let mut publisher = Publisher::of(&sensor, &broker);
    publisher.publish(events(sensor.id, 1..=20)).await.unwrap();
    server.kill();
    publisher.publish(events(sensor.id, 21..=50)).await.unwrap();
    server.start();
    reach(&server, &mut sensor, 50).await;
    come(&server, 1..=50);
}

#[tokio::test]
async fn a_deleted_sensor_is_refused_by_a_broker_that_has_the_withdrawn_certificates() {
    let server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    reach(&server, &mut sensor, 9).await;
    Publisher::of(&sensor, &broker).publish(events(sensor.id, 1..=3)).await.unwrap();
    come(&server, 1..=3);
    let crl = server.data().join("device-ca.crl");
    let before = std::fs::read(&crl).unwrap();
    server.cli(&["sensor", "delete", &sensor.id.to_string(), "--reason", "gone"]);
    wait("the list of withdrawn certificates is published", || {
        std::fs::read(&crl).ok().filter(|now| *now != before).map(|_| ())
    });
    broker.reload();
    let mut attempts = 0;
    while Publisher::of(&sensor, &broker).publish(events(sensor.id, 4..=4)).await.is_ok() {
        attempts += 1;
        assert!(attempts < 200, "the broker refuses the sensor: not in time");
        tokio::time::sleep(LOOK).await;
    }
    let mut another = Sensor::enrolled(&server, "Two").await;
    reach(&server, &mut another, 1).await;
    Publisher::of(&another, &broker).publish(events(another.id, 1..=1)).await.unwrap();
    wait("the other sensor's alert comes", || (numbers(&server) == [1, 2, 3, 1]).then_some(()));
}

#[tokio::test]
async fn a_hub_that_is_removed_takes_none_of_the_messages_of_another_at_its_broker() {
    let server = Server::portal();
    let (broker, mut sensor) = set_up(&server).await;
    let url = format!("mqtts://127.0.0.1:{}", broker.port);
    let ca = server.data().join("tls-ca.pem");
    let second =
        server.cli(&["hub", "add", "Second", "--url", &url, "--ca", ca.to_str().unwrap(), "--portal-reads", "--json"]);
    let second: Value = serde_json::from_str(&second).unwrap();
    let id = second["id"].as_str().unwrap();
    wait("both are read", || {
        let hubs = server.json(&["hub", "list"]);
        hubs["hubs"].as_array().unwrap().iter().all(|hub| hub["reading"] == "ok").then_some(())
    });
    server.cli(&["hub", "remove", id]);
    let left = format!("Received DISCONNECT from picket-portal-{id}");
    wait("the portal takes leave of it", || broker.log().contains(&left).then_some(()));
    reach(&server, &mut sensor, 20).await;
    Publisher::of(&sensor, &broker).publish(events(sensor.id, 1..=20)).await.unwrap();
    come(&server, 1..=20);
}
