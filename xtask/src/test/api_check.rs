//! The portal held against the description of its API, by a program that is not ours: schemathesis, as the owner.

use std::process::Command;

use anyhow::{Context, Result};
use picket_lab::{Binaries, Portal, PrivateFolder, Role, process::run as output_of};
use serde_json::Value;

use super::python::{self, script};
use crate::builds::{ALL_BUT_XTASK, build};

/// Values that nobody thought of, for each operation at least.
const EXAMPLES: &str = "25";

/// Says what was asked.
pub(super) fn run() -> Result<String> {
    build("dev", &ALL_BUT_XTASK)?;
    let python = python::with_packages()?;
    let mut said = Vec::new();
    for (role, name) in [(Role::Portal, "portal"), (Role::ManagementConsole, "console")] {
        let folder = PrivateFolder::new()?;
        let mut portal = Portal::init(&Binaries::beside_this_program()?, role, &folder.join(name))?;
        portal.start()?;
        let ready = portal.program()?.output();
        let ready = ready.lines().find_map(|line| serde_json::from_str::<Value>(line).ok()).context("not ready")?;
        let address = format!("http://{}", ready["people"].as_str().context("no address of the API")?);
        let mut check = Command::new(&python);
        check.arg(script("api_check.py")).arg(address).arg(portal.data()).arg(EXAMPLES);
        said.push(output_of(check.current_dir(folder.path()))?.trim().to_owned());
    }
    Ok(said.join("; "))
}
