//! How long each page takes, from the first byte of the request to the last of the answer, beside two floors in the same
//! turns: the console's smallest file, which is TLS, HTTP and the routes alone, and the agent's status, which every page
//! of a signed-in person asks for.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use picket_lab::{
    figures::quantile,
    person::{NAME, PASSWORD},
};
use picket_tests::{LocalApi, Visitor};

use crate::stage::Stage;

/// Of every page, in turns.
const ROUNDS: usize = 200;

struct Page {
    path: String,
    milliseconds: Vec<f64>,
    bytes: usize,
}

/// Prints the table; how many pages were asked for.
pub(crate) fn measure(stage: &Stage) -> Result<usize> {
    let mut client = stage.visitor()?;
    ensure!(client.post("/sign-in", &[("name", NAME), ("password", PASSWORD)])?.status == 303, "nobody signed in");
    let (floor, mut pages, elsewhere) = listed(stage, &mut client)?;
    let (mut floors, mut statuses) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(timed(|| client.get(&floor).map(|_| ()))?);
        statuses.push(timed(|| LocalApi::connect(&stage.agent.socket())?.ask("GET", "/v1/status", b"").map(|_| ()))?);
        for page in &mut pages {
            page.milliseconds.push(timed(|| client.get(&page.path).map(|_| ()))?);
        }
    }
    let least = quantile(&floors, 50);
    println!("{:>9} {:>9} {:>7} {:>8}", "p50 ms", "p99 ms", "floors", "bytes");
    let line = |milliseconds: &[f64], bytes: usize, what: &str| {
        let (half, most) = (quantile(milliseconds, 50), quantile(milliseconds, 99));
        println!("{half:>9.3} {most:>9.3} {:>7.1} {bytes:>8}  {what}", half / least);
    };
    line(&floors, 0, "the floor: the smallest file over the same connection");
    line(&statuses, 0, "the agent's status, asked on its socket");
    for page in &pages {
        line(&page.milliseconds, page.bytes, &page.path);
    }
    println!("led elsewhere on an activated sensor, so not measured: {}", elsewhere.join(", "));
    Ok(pages.len() * ROUNDS)
}

/// The smallest file, the pages that are there, and those that lead elsewhere now.
fn listed(stage: &Stage, client: &mut Visitor) -> Result<(String, Vec<Page>, Vec<String>)> {
    let (mut pages, mut elsewhere, mut floor) = (Vec::new(), Vec::new(), None);
    for page in stage.console.pages()? {
        let path = page["path"].as_str().context("a page without a path")?.to_owned();
        let answer = client.get(&path)?;
        match answer.status {
            200 => pages.push(Page { path, milliseconds: Vec::new(), bytes: answer.body.len() }),
            303 => elsewhere.push(path),
            status => anyhow::bail!("{path} was answered {status}"),
        }
        let icon = answer.body.split('"').find(|part| part.starts_with("/assets/icon")).map(str::to_owned);
        floor = floor.or(icon);
    }
    Ok((floor.context("no page has an icon")?, pages, elsewhere))
}

fn timed(deed: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    deed()?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
