//! What the disk costs at this moment: the floor under every durable figure. These machines are noisy, so a run whose
//! probe moved more than twofold says so.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    time::Instant,
};

use anyhow::Result;

pub(super) use picket_lab::probe::fdatasync;

/// Milliseconds of one atomic replacement of a file: write beside it, fsync, rename, fsync of the folder.
pub(super) fn replace_file(folder: &Path, content: &[u8]) -> Result<f64> {
    let (path, draft) = (folder.join("replaced"), folder.join("replaced.new"));
    let start = Instant::now();
    let mut file = File::create(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    File::open(folder)?.sync_all()?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Prints the probes of a run, and whether they say that it counts.
pub(super) fn report(probes: &[f64]) -> bool {
    let (least, most) = probes.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), probe| (a.min(*probe), b.max(*probe)));
    println!("probe: fdatasync of 4 KiB {least:.2}–{most:.2} ms");
    let steady = most <= least * 2.0;
    if !steady {
        println!("the probe moved more than twofold: discard this run and repeat it");
    }
    steady
}
