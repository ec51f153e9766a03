//! Programs that are not ours read what we write: the vectors by the CDDL, a file that a real portal issued, and alerts.

mod events;

use std::{fs, path::Path, process::Command};

use anyhow::{Result, ensure};
use picket_lab::{Binaries, Portal, PrivateFolder, Role, portal::text, process::run as output_of};

use super::python::{self, script};
use crate::builds::{ALL_BUT_XTASK, build, root};

/// Says what was checked. `with_broker`: alerts are read from a real broker too.
pub(super) fn run(with_broker: bool) -> Result<String> {
    build("dev", &ALL_BUT_XTASK)?;
    let python = python::with_packages()?;
    let vectors = output_of(Command::new(&python).arg(script("validate_vectors.py")).arg(root()))?;
    print!("{vectors}");
    let issued = issued_file(&python)?;
    print!("{issued}");
    let mut events = events::over_https(&python)?;
    if with_broker {
        events = format!("{events}, {}", events::over_mqtt(&python)?);
    }
    Ok(format!(
        "vectors by their CDDL; a portal's file by cbor2 and pycose, and a damaged one refused; \
         by the CloudEvents SDK {events}, each once"
    ))
}

fn issued_file(python: &Path) -> Result<String> {
    let folder = PrivateFolder::new()?;
    let mut portal = Portal::init(&Binaries::beside_this_program()?, Role::Portal, &folder.join("portal"))?;
    portal.start()?;
    let sensor = portal.add_sensor("read-by-others", &["--mode", "cloud-connected"])?;
    let file = portal.download(&sensor, &folder.join("others.activation"))?;
    let fingerprint = text(&portal.ask(&["root", "show"])?, "fingerprint")?;
    let verify =
        |file: &Path| output_of(Command::new(python).arg(script("verify_file.py")).arg(file).arg(&fingerprint));
    let said = verify(&file)?;
    let mut damaged = fs::read(&file)?;
    if let Some(byte) = damaged.last_mut() {
        *byte ^= 1;
    }
    let damaged_file = folder.join("damaged.activation");
    fs::write(&damaged_file, damaged)?;
    ensure!(verify(&damaged_file).is_err(), "a damaged file was verified");
    Ok(said)
}
