//! Durable heartbeats a second: each answered after it was committed, over kept mutual TLS connections.

use std::{
    cell::Cell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use picket_lab::figures::cpu_seconds;
use picket_protocol::{
    documents::activation::{Activation, Mode},
    heartbeat::{Chain, Component, Health, Heartbeat, SensorStatus, Standing, TiStatus, Versions},
    ids::{ApplianceId, Epoch, HeartbeatDigest, SensorId, Serial},
    names::SensorName,
    time::UnixSeconds,
    wire,
};
use tokio::{runtime::Runtime, task::LocalSet};

use super::{
    client::{Connection, enrol},
    crowd::Crowd,
    judge,
};

const SENSORS: usize = 256;
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(10);
const LEAST: f64 = 10_000.0;

pub(crate) fn run(runtime: &Runtime) -> Result<bool> {
    let crowd = Crowd::register(SENSORS)?;
    let pid = crowd.portal.program()?.pid();
    let answered = Rc::new(Cell::new(0_u32));
    let rate = LocalSet::new().block_on(runtime, async {
        let mut tasks = Vec::new();
        let until = Instant::now() + Duration::from_secs(3600);
        for activation in crowd.activations.clone() {
            let identity = enrol(&activation).await?;
            let connection = Connection::open(&activation, Some(identity)).await?;
            tasks.push(tokio::task::spawn_local(beat(activation, connection, answered.clone(), until)));
        }
        tokio::time::sleep(WARM_UP).await;
        let (start, before, cpu) = (Instant::now(), answered.get(), cpu_seconds(pid)?);
        tokio::time::sleep(MEASURED).await;
        let (took, count) = (start.elapsed().as_secs_f64(), answered.get() - before);
        let cpu = (cpu_seconds(pid)? - cpu) / took;
        for task in &tasks {
            ensure!(!task.is_finished(), "a sensor stopped");
            task.abort();
        }
        println!("{SENSORS} sensors, one heartbeat in flight each, for {took:.0} s; the portal used {cpu:.2} cores");
        Ok(f64::from(count) / took)
    })?;
    Ok(judge("durable heartbeats", rate, LEAST))
}

async fn beat(
    activation: Activation,
    mut connection: Connection,
    answered: Rc<Cell<u32>>,
    until: Instant,
) -> Result<()> {
    let mut heartbeat = first(activation.name.clone(), activation.sensor, activation.serial);
    let headers = format!("content-type: {}\r\n", wire::MEDIA_HEARTBEAT);
    while Instant::now() < until {
        let bytes = heartbeat.encode();
        let (status, answer) = connection.post(wire::HEARTBEAT, &headers, &bytes).await?;
        ensure!(status == 200, "{status} {}", String::from_utf8_lossy(&answer));
        answered.set(answered.get() + 1);
        heartbeat.chain = next(&heartbeat.chain, Heartbeat::digest(&bytes));
    }
    Ok(())
}

fn next(chain: &Chain, previous: HeartbeatDigest) -> Chain {
    let counter = chain.counter + 1;
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&counter.to_be_bytes());
    Chain { counter, nonce, previous: Some(previous) }
}

/// As a sensor in force sends it.
pub(crate) fn first(name: SensorName, sensor: SensorId, serial: Serial) -> Heartbeat {
    let ok = Health { code: "ok".into(), since: UnixSeconds(1_800_000_000) };
    let status = SensorStatus {
        mode: Mode::CloudConnected,
        epoch: Epoch(1),
        name,
        appliance: ApplianceId::from_digest(&[9; 32]),
        addresses: vec!["192.0.2.7".into(), "2001:db8::7".into()],
        uptime_seconds: 86_400,
        clock: UnixSeconds(1_800_000_000),
        interval_seconds: 60,
        counters: BTreeMap::from([("heartbeats".into(), 1440), ("retries".into(), 3)]),
        health: Component::ALL.into_iter().map(|component| (component, ok.clone())).collect(),
        ti: TiStatus { version: None, automatic: false, status: "none".into() },
        streams: BTreeMap::new(),
        last_candidate: None,
    };
    Heartbeat {
        chain: Chain { counter: 1, nonce: [0; 16], previous: None },
        sensor,
        serial,
        standing: Standing::Committed,
        versions: Versions { agent: "0.1.0".into(), engine: None },
        status: Some(status),
    }
}
