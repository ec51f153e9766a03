//! The hub is away: how fast records become durable alone, whether a start waits for them, how fast they go once it is back.

use std::time::Duration;

use anyhow::Result;

use super::{
    super::{
        probe,
        ready::start_to_ready,
        statistics::{judge, median},
    },
    at_least,
    cost::now,
    disk, real,
    records::Records,
    sensor::{Sensor, all_once},
};

const LEAST_OF_DISK: f64 = 0.4;
const MOST_READY_MS: f64 = 200.0;
const STARTS: usize = 7;
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn run(records: &Records, probes: &mut Vec<f64>) -> Result<bool> {
    let mut sensor = Sensor::set_up()?;
    let folder = sensor.shipped.folder.path().to_owned();
    sensor.hub.stop();
    let mut disk = vec![disk::group_commit(&folder)?];
    let start = now()?;
    records.appear(&sensor.shipped.agent.eve_file())?;
    let durable = real(records.count) / super::seconds(start, sensor.until_durable(records.count)?);
    disk.push(disk::group_commit(&folder)?);
    let bare = records.bare(&folder.join("bare"))?;
    probes.push(probe::fdatasync(&folder)?);
    let limit = median(&disk) / real(records.mean());
    println!(
        "durable, the hub away: {durable:.0} /s; bare SQLite, nothing else done: {bare:.0} /s ({:.2} of it); the disk's \
         group commits: {limit:.0} /s",
        durable / bare
    );

    sensor.shipped.agent.stop()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start_to_ready(&mut sensor.shipped)?);
    }

    sensor.hub.start()?;
    let start = now()?;
    sensor.shipped.agent.start()?;
    sensor.hub.until_taken(records.count, PATIENCE)?;
    let drained = super::seconds(start, all_once(sensor.hub.taken()?, records.count)?);
    println!("a backlog of {} drained in {drained:.1} s: {:.0} /s", records.count, real(records.count) / drained);
    let well = [
        at_least("durable / the disk's group commits", durable / limit, LEAST_OF_DISK, "x"),
        judge("start → READY over the backlog", median(&starts), MOST_READY_MS, "ms"),
    ];
    Ok(well.iter().all(|well| *well))
}
