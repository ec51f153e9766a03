//! From upload to committed, locally managed, beside one atomic replacement of a file of the same size.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::Path,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use picket_lab::waiting::{self, PATIENCE, Waited};

use super::{
    probe,
    programs::Shipped,
    statistics::{judge, median},
};

const ROUNDS: usize = 7;
const UPLOADS: usize = 8;
const MOST_TIMES_REPLACE: f64 = 3.0;

/// A-B-A-B: some uploads, as many replacements, and the probe.
pub(super) fn run() -> Result<bool> {
    let mut shipped = Shipped::set_up(60)?;
    shipped.agent.start()?;
    let sensor = shipped.portal.add_sensor("measured", &["--mode", "locally-managed"])?;
    let (mut uploads, mut replacements, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    let state = shipped.agent.state();
    for _ in 0..ROUNDS {
        let mut files = Vec::new();
        for _ in 0..UPLOADS {
            let path = shipped.portal.download(&sensor, &shipped.folder.join("measured.activation"))?;
            files.push(fs::read(path)?);
        }
        for file in &files {
            let earlier = second_copy(&state);
            uploads.push(upload(&shipped.agent.socket(), file)?);
            at_rest(&state, earlier)?;
        }
        for file in &files {
            replacements.push(probe::replace_file(&state, file)?);
        }
        probes.push(probe::fdatasync(&state)?);
    }
    let (upload, replace) = (median(&uploads), median(&replacements));
    let count = ROUNDS * UPLOADS;
    println!("upload → committed, locally managed: median {upload:.2} ms of {count}");
    println!("one atomic file replacement with fsync: median {replace:.2} ms of {count}");
    let steady = probe::report(&probes);
    Ok(judge("upload → committed", upload / replace, MOST_TIMES_REPLACE, "x") && steady)
}

/// Waits for what the agent does after the answer: nobody uploads again within that millisecond.
fn at_rest(state: &Path, earlier: Option<u64>) -> Result<()> {
    waiting::until("the second copy is replaced", PATIENCE, || {
        Ok(if second_copy(state) == earlier { Waited::NotYet("the earlier one".into()) } else { Waited::Holds(()) })
    })
}

/// Which file the second copy is.
fn second_copy(state: &Path) -> Option<u64> {
    fs::metadata(state.join("control.copy")).ok().map(|copy| copy.ino())
}

/// Milliseconds from the first byte sent to the answer that says committed.
fn upload(socket: &Path, file: &[u8]) -> Result<f64> {
    let mut stream = UnixStream::connect(socket)?;
    let head = format!(
        "POST /v1/activation HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\
         content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
        file.len()
    );
    let start = Instant::now();
    stream.write_all(head.as_bytes())?;
    stream.write_all(file)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("the answer broke off")?;
    let took = start.elapsed().as_secs_f64() * 1e3;
    ensure!(answer.contains("\"outcome\":\"committed\""), "{answer}");
    Ok(took)
}
