//! Enrolments a second: a new key, a TLS connection and a claimed token each.

use std::time::Instant;

use anyhow::Result;
use tokio::{runtime::Runtime, task::LocalSet};

use super::{client::enrol, crowd::Crowd, judge};

const SENSORS: usize = 800;
const AT_ONCE: usize = 32;
const LEAST: f64 = 200.0;

pub(crate) fn run(runtime: &Runtime) -> Result<bool> {
    let crowd = Crowd::register(SENSORS)?;
    let start = Instant::now();
    LocalSet::new().block_on(runtime, async {
        for some in crowd.activations.chunks(AT_ONCE) {
            let tasks: Vec<_> = some
                .iter()
                .cloned()
                .map(|activation| tokio::task::spawn_local(async move { enrol(&activation).await.map(drop) }))
                .collect();
            for task in tasks {
                task.await??;
            }
        }
        anyhow::Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let rate = SENSORS as f64 / start.elapsed().as_secs_f64();
    println!(
        "{SENSORS} sensors, {AT_ONCE} at once; keys are made and TLS is spoken by the generator on the same cores"
    );
    Ok(judge("enrolments", rate, LEAST))
}
