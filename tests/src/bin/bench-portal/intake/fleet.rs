//! The sensors: each with its certificate, a connection that it keeps, one batch under way at a time.

use std::rc::Rc;

use anyhow::{Result, ensure};
use picket_protocol::{documents::activation::Activation, ids::SensorId, wire};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::{sync::Semaphore, task};

use super::{
    super::client::{Connection, enrol},
    batches::{Share, Stream},
};

/// Batches under way at once, of all sensors. The others' wait at their sensors.
pub(super) const UNDER_WAY: usize = 64;

pub(super) struct Fleet {
    sensors: Vec<Sensor>,
}

struct Sensor {
    id: SensorId,
    stream: Stream,
    key: PrivateKeyDer<'static>,
    certificate: CertificateDer<'static>,
    connection: Option<Connection>,
}

impl Fleet {
    pub(super) async fn connect(activations: &[Activation]) -> Result<Self> {
        let mut sensors = Vec::new();
        for activation in activations {
            let (key, certificate) = enrol(activation).await?;
            let (id, stream) = (activation.sensor, Stream::new(activation.sensor));
            sensors.push(Sensor { id, stream, key, certificate, connection: None });
        }
        let mut fleet = Self { sensors };
        fleet.reconnect(activations).await?;
        Ok(fleet)
    }

    /// As after the portal was started anew.
    pub(super) async fn reconnect(&mut self, activations: &[Activation]) -> Result<()> {
        for (sensor, activation) in self.sensors.iter_mut().zip(activations) {
            let identity = (sensor.key.clone_key(), sensor.certificate.clone());
            sensor.connection = Some(Connection::open(activation, Some(identity)).await?);
        }
        Ok(())
    }

    pub(super) fn sensors(&self) -> Vec<SensorId> {
        self.sensors.iter().map(|sensor| sensor.id).collect()
    }

    /// How many alerts of each sensor were sent so far, each counted once.
    pub(super) fn sent(&self) -> Vec<u64> {
        self.sensors.iter().map(|sensor| sensor.stream.head).collect()
    }

    /// The next batches of each sensor; of all that is sent, one in `one_in` is sent again, as after an answer that got
    /// lost.
    pub(super) fn prepare(&mut self, batches: usize, one_in: usize) -> Result<Share> {
        let mut share = Share { bodies: Vec::new(), sent: 0, new: 0 };
        let mut made = 0;
        for (place, sensor) in self.sensors.iter_mut().enumerate() {
            let mut bodies = Vec::new();
            for _ in 0..batches {
                let (body, count) = sensor.stream.batch(place as u64 * 1_000_000)?;
                made += 1;
                let times = if made % (one_in - 1) == 0 { 2 } else { 1 };
                share.new += count;
                share.sent += count * times;
                bodies.extend(std::iter::repeat_n(body, times));
            }
            share.bodies.push(bodies);
        }
        Ok(share)
    }

    /// Sends everything, and waits for every answer.
    pub(super) async fn send(&mut self, share: &Share) -> Result<()> {
        let places = Rc::new(Semaphore::new(UNDER_WAY));
        let mut tasks = Vec::new();
        for (sensor, bodies) in self.sensors.iter_mut().zip(&share.bodies) {
            let connection = sensor.connection.take();
            tasks.push(task::spawn_local(deliver(connection, bodies.clone(), Rc::clone(&places))));
        }
        for (sensor, task) in self.sensors.iter_mut().zip(tasks) {
            sensor.connection = task.await??;
        }
        Ok(())
    }
}

async fn deliver(
    mut connection: Option<Connection>,
    bodies: Vec<Rc<[u8]>>,
    places: Rc<Semaphore>,
) -> Result<Option<Connection>> {
    let headers = format!("content-type: {}\r\ncontent-encoding: zstd\r\n", wire::MEDIA_EVENTS);
    for body in bodies {
        let _place = places.acquire().await?;
        if let Some(connection) = &mut connection {
            let (status, answer) = connection.post(wire::HUB_EVENTS, &headers, &body).await?;
            ensure!(status == 200, "{status} {}", String::from_utf8_lossy(&answer));
        }
    }
    Ok(connection)
}
