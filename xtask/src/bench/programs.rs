//! The programs under measurement: built as they are shipped, and drivers that need more than xtask may.

use std::process::Command;

use anyhow::{Context, Result};
use picket_lab::{Agent, Binaries, Portal, PrivateFolder, Role, Settings};

use crate::builds::{build, target_folder};

/// Builds a driver of the tests package, and runs it.
pub(crate) fn driver(profile: &str, name: &str, arguments: &[&str]) -> Result<bool> {
    build(profile, &["--package", "picket-tests", "--bin", name])?;
    let program = target_folder()?.join(profile).join(name);
    let status = Command::new(&program).args(arguments).status();
    Ok(status.with_context(|| format!("cannot run {}", program.display()))?.success())
}

/// A portal and an agent, as they are shipped. Fields are dropped in their order.
pub(super) struct Shipped {
    pub(super) agent: Agent,
    pub(super) portal: Portal,
    pub(super) folder: PrivateFolder,
}

impl Shipped {
    /// The portal runs; the agent trusts it, and does not run yet.
    pub(super) fn set_up(heartbeat_interval_seconds: u32) -> Result<Self> {
        Self::with(&Settings { heartbeat_interval_seconds, ..Settings::default() })
    }

    pub(super) fn with(settings: &Settings) -> Result<Self> {
        // One after the other, as their packages do: together, the agent would get what the portal asks of crates that both use.
        build("size", &["--package", "picket-agent"])?;
        build("size", &["--package", "picket-portal"])?;
        let binaries = Binaries::of_profile("size")?;
        let folder = PrivateFolder::on_disk()?;
        let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let agent = Agent::set_up(&binaries, &folder.join("sensor"), settings)?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        Ok(Self { agent, portal, folder })
    }
}
