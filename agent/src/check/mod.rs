//! The check: the detection engine's output, then every endpoint that the sensor may have to reach, a stage at a time,
//! with a verdict for each.
//!
//! Sends nothing of the sensor's: no certificate, no heartbeat. Changes nothing.

mod endpoint;
mod report;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use picket_lifecycle::effect::TlsTime;
use picket_protocol::{
    heartbeat::Component,
    local_api::{CheckLine, Status},
};
use tokio::sync::mpsc;

use crate::{
    local_api::Checker,
    proxy::Proxy,
    service::{Snapshot, Target},
    upstream::tls::Greeting,
};

/// Lines that wait for a slow reader.
const WAITING_LINES: usize = 16;

/// What all endpoints of one check have in common.
#[derive(Debug, Clone)]
struct Circumstances {
    proxy: Option<Proxy>,
    time: TlsTime,
    greeting: Greeting,
}

/// Checks with this greeting, the one that the sensor itself uses.
#[must_use]
pub fn checker(greeting: Greeting) -> Checker {
    Arc::new(move |snapshot: &Snapshot| {
        let clock = &snapshot.status.clock;
        let circumstances = Circumstances {
            // A proxy that cannot be read is none that a call would take either.
            proxy: snapshot.proxy.as_ref().and_then(|settings| Proxy::try_from(settings).ok()),
            time: TlsTime { at: clock.wall.max(clock.floor), enforce_not_before: clock.wall >= clock.floor },
            greeting,
        };
        let (lines, receiver) = mpsc::channel(WAITING_LINES);
        let (engine, targets) = (engine(&snapshot.status), snapshot.targets.clone());
        tokio::spawn(async move {
            // Nobody reads on: `run` finds that out, too.
            let _ = lines.send(engine).await;
            run(circumstances, targets, lines).await;
        });
        receiver
    })
}

/// How the detection engine's output was when last looked at: nobody has to be asked for it.
fn engine(status: &Status) -> CheckLine {
    let health = status.health.get(&Component::Engine).map(|health| health.code.clone());
    CheckLine::Engine { source: status.alerts.source.clone(), health }
}

async fn run(circumstances: Circumstances, targets: Vec<Target>, lines: mpsc::Sender<CheckLine>) {
    let gone = lines.clone();
    tokio::select! {
        () = all(&circumstances, &targets, &lines) => {}
        // Nobody reads on: not another packet.
        () = gone.closed() => {}
    }
}

async fn all(circumstances: &Circumstances, targets: &[Target], lines: &mpsc::Sender<CheckLine>) {
    let (mut endpoints, mut failed) = (0, 0);
    for target in distinct(targets) {
        endpoints += 1;
        if !endpoint::check(circumstances, target, lines).await {
            failed += 1;
        }
    }
    let _ = lines.send(CheckLine::Done { endpoints, failed }).await;
}

/// An activation in force and its candidate mostly share their endpoints.
fn distinct(targets: &[Target]) -> impl Iterator<Item = &Target> {
    let seen = |position: usize, target: &Target| {
        targets[..position].iter().any(|earlier| earlier.role == target.role && earlier.endpoint == target.endpoint)
    };
    targets.iter().enumerate().filter(move |(position, target)| !seen(*position, target)).map(|(_, target)| target)
}
