//! How long the first page of Sites and Sensors takes, in every order and by every filter, and the API's, of 10,000 and of
//! 100,000 sensors, on SQLite and on PostgreSQL.
//!
//! Timed at a browser's end of a kept HTTPS connection on the same machine, from the first byte of the request to the last
//! of the page: the server's time, and what TLS and the loopback take. Beside it the processor's time of portal and database.

mod fleet;
mod places;
mod processor;
mod walk;

use std::{fs, time::Instant};

use anyhow::{Context, Result, ensure};
use picket_lab::{Binaries, Portal, PrivateFolder, ending, figures::quantile, portal::text};
use picket_tests::Visitor;

use self::places::{Kept, Place};

const SIZES: [usize; 2] = [10_000, 100_000];
/// Of every page, in turns.
const ROUNDS: usize = 40;
/// For a first page, 95 % of the rounds.
const MOST_MILLISECONDS: f64 = 100.0;
/// Pages that are turned, at most.
const TURNED: usize = 200;
const PASSWORD: &str = "three+grey+pumps+hum";

/// By every order, connection, health, mode; by a subscription; by text that all have, one has, and none has.
const ASKED: [&str; 28] = [
    "",
    "sort=name",
    "sort=site",
    "sort=last-seen",
    "sort=newest",
    "connection=connected",
    "connection=disconnected",
    "connection=never-connected",
    "connection=does-not-report",
    "health=ok",
    "health=disconnected",
    "health=unavailable",
    "health=pending-activation",
    "health=pending-reactivation",
    "health=partially-connected",
    "health=deactivated",
    "health=restored",
    "health=possible-clone",
    "health=not-reported",
    "mode=cloud-connected",
    "mode=locally-managed",
    "subscription=Plant+7",
    "subscription=Plant+7&sort=last-seen&health=unavailable",
    "search=sensor",
    "search=SENSOR+004711",
    "search=nothing+is+called+so",
    "search=nothing+is+called+so&sort=last-seen",
    "search=line%22%3A%227&connection=never-connected&sort=site",
];

pub(crate) fn run() -> Result<bool> {
    ending::end_cleanly_on_signals()?;
    let binaries = Binaries::beside_this_program()?;
    let mut well = true;
    for size in SIZES {
        for kept in [Kept::File, Kept::Server] {
            let folder = PrivateFolder::on_disk()?;
            let place = Place::make(&binaries, folder.path(), kept)?;
            well &= measure(place, size)?;
        }
    }
    Ok(well)
}

fn measure(mut place: Place, size: usize) -> Result<bool> {
    let start = Instant::now();
    place.fill(size)?;
    place.settle()?;
    let filled = start.elapsed().as_secs_f64();
    let start = Instant::now();
    place.portal.start()?;
    println!(
        "{size} sensors in {}: filled in {filled:.0} s; the portal's first start with them took {:.1} s",
        place.name(),
        start.elapsed().as_secs_f64()
    );
    place.settle()?;
    let mut visitor = sign_in(&place.portal)?;
    let token = fs::read_to_string(place.portal.data().join("api-token"))?;
    let bearer = format!("authorization: Bearer {}\r\n", token.trim());
    let mut pages: Vec<Page> = ASKED.iter().map(|asked| Page::of(&format!("/sensors?{asked}"), "")).collect();
    pages.push(Page::of("/api/v1/sensors", &bearer));
    for _ in 0..ROUNDS {
        for page in &mut pages {
            page.visit(&place, &mut visitor)?;
        }
    }
    println!(
        "| first page | rows | p50 ms | 95 % ms | most ms | limit ms | | CPU ms, p50 |\n|---|---|---|---|---|---|---|---|"
    );
    let mut well = true;
    for page in &pages {
        well &= page.judge();
    }
    walk::turn(&mut visitor, TURNED)?;
    place.portal.stop()?;
    Ok(well)
}

/// A first page, and how long it took each time.
struct Page {
    path: String,
    fields: String,
    rows: usize,
    milliseconds: Vec<f64>,
    processor: Vec<f64>,
}

impl Page {
    fn of(path: &str, fields: &str) -> Self {
        Self {
            path: path.to_owned(),
            fields: fields.to_owned(),
            rows: 0,
            milliseconds: Vec::new(),
            processor: Vec::new(),
        }
    }

    fn visit(&mut self, place: &Place, visitor: &mut Visitor) -> Result<()> {
        let processes = place.processes()?;
        let (start, before) = (Instant::now(), processor::used(&processes)?);
        let answer = visitor.get_with(&self.path, &self.fields)?;
        self.milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        self.processor.push(processor::used(&processes)? - before);
        ensure!(answer.status == 200, "{} was answered {}: {}", self.path, answer.status, answer.body);
        self.rows = answer.body.matches("Actions for ").count() + answer.body.matches("\"connection_type\":").count();
        Ok(())
    }

    fn judge(&self) -> bool {
        let [half, nearly, most] = [50, 95, 100].map(|percent| quantile(&self.milliseconds, percent));
        let well = nearly < MOST_MILLISECONDS;
        let verdict = if well { "ok" } else { "MISSED" };
        println!(
            "| {} | {} | {half:.1} | {nearly:.1} | {most:.1} | {MOST_MILLISECONDS} | {verdict} | {:.1} |",
            self.path,
            self.rows,
            quantile(&self.processor, 50)
        );
        well
    }
}

/// The owner, before the portal's pages.
fn sign_in(portal: &Portal) -> Result<Visitor> {
    let address = portal.pages_url()?;
    let address = address.strip_prefix("https://").context("no HTTPS address")?.parse()?;
    let mut visitor = Visitor::open(&portal.authority(), address)?;
    let code = text(&portal.ask(&["user", "setup-code", "owner"])?, "setup_code")?;
    let fields = [("name", "owner"), ("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = visitor.post("/choose-password", &fields)?;
    ensure!(answer.status == 303, "the password was answered {}: {}", answer.status, answer.body);
    Ok(visitor)
}
