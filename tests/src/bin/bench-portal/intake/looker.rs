//! A person who looks at the last 100 alerts of one sensor after another, over the people's API.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use picket_lab::Portal;
use picket_protocol::ids::SensorId;

/// Alerts of a sensor that are asked for.
const LAST: usize = 100;
/// Between an answer and the next question.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct Looker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<f64>>>,
}

impl Looker {
    pub(super) fn start(portal: &Portal, sensors: Vec<SensorId>) -> Result<Self> {
        let read = |name: &str| {
            let path = portal.data().join(name);
            fs::read_to_string(&path).map(|text| text.trim().to_owned()).with_context(|| path.display().to_string())
        };
        let (address, token) = (read("people-address")?, read("api-token")?);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || look(&address, &token, &sensors, &stopped));
        Ok(Self { stop, thread })
    }

    /// Milliseconds of each look, from the question to the whole answer.
    pub(super) fn stop(self) -> Result<Vec<f64>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the looker panicked"))?
    }
}

fn look(address: &str, token: &str, sensors: &[SensorId], stopped: &AtomicBool) -> Result<Vec<f64>> {
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    stream.get_ref().set_nodelay(true)?;
    let mut times = Vec::new();
    // Not in the order in which they deliver.
    for sensor in sensors.iter().cycle().step_by(37) {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        let answer = ask(&mut stream, address, token, sensor)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let alerts = answer.matches("\"row\":").count();
        ensure!(alerts == LAST, "{alerts} alerts of a sensor instead of {LAST}");
        thread::sleep(PAUSE);
    }
    Ok(times)
}

fn ask(stream: &mut BufReader<TcpStream>, address: &str, token: &str, sensor: &SensorId) -> Result<String> {
    let request = format!(
        "GET /api/v1/alerts?sensor={sensor}&limit={LAST} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut head, mut size) = (String::new(), None);
    loop {
        let from = head.len();
        ensure!(stream.read_line(&mut head)? > 0, "the portal hung up");
        let line = head[from..].trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        size = size.or(line.strip_prefix("content-length:").map(str::trim).map(str::parse).transpose()?);
    }
    ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    let mut body = vec![0; size.context("an answer of unknown length")?];
    stream.read_exact(&mut body)?;
    Ok(String::from_utf8(body)?)
}
