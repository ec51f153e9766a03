//! The limit beside it: TLS handshakes with a client certificate and nothing after them, against the same listener, by the
//! same client, on the same cores.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use picket_agent::{
    clock,
    upstream::{
        dial::{address, dial},
        tls::{Greeting, TlsSettings},
    },
};
use picket_lab::figures::cpu_seconds;
use picket_lifecycle::{effect::TlsTime, identity::Slot};
use tokio::task::spawn_local;

use super::Fleet;

const AT_ONCE: usize = 32;
const MEASURED: Duration = Duration::from_secs(8);

/// Handshakes a second.
pub(crate) async fn limit(fleet: &Fleet) -> Result<f64> {
    let portal = fleet.portal.program()?.pid();
    let (start, cpu, made) = (Instant::now(), cpu_seconds(portal)?, Rc::new(Cell::new(0_u32)));
    let mut tasks = Vec::new();
    for number in 0..AT_ONCE {
        let target = fleet.sensors.get(number % fleet.sensors.len()).context("no sensor")?.target()?;
        let (identities, made) = (fleet.identities.clone(), Rc::clone(&made));
        tasks.push(spawn_local(async move {
            let to = address(&target.endpoint.url).map_err(|refusal| anyhow!("{refusal}"))?;
            while start.elapsed() < MEASURED {
                let credential = identities.credential(target.stamp.cti, Slot::A);
                let settings = TlsSettings {
                    ca_certificates: &target.endpoint.ca_certificates,
                    time: TlsTime { at: clock::wall(), enforce_not_before: true },
                    greeting: Greeting::PostQuantum,
                    credential: Some(credential.map_err(|refusal| anyhow!("{refusal}"))?),
                };
                let config = settings.config(&to.host).map_err(|refusal| anyhow!("{refusal}"))?;
                dial(&to, None, config).await.map_err(|refusal| anyhow!("{refusal}"))?;
                made.set(made.get() + 1);
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let (took, cpu, made) = (start.elapsed().as_secs_f64(), cpu_seconds(portal)? - cpu, f64::from(made.get()));
    println!(
        "handshakes alone: {:.0} /s; the portal used {:.2} ms of CPU for each (heartbeats went on beside them), {:.2} cores",
        made / took,
        cpu * 1000.0 / made,
        cpu / took
    );
    Ok(made / took)
}
