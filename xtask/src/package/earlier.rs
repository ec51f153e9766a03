//! A package of the agent as it was at an earlier commit: what the tests upgrade from and roll back to.
//!
//! Its programs, units and maintainer scripts are that commit's; its manual pages are today's, since nothing depends on them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::build::{cargo_deb_in, made, succeed};
use crate::builds::{cargo, root, target_folder};

/// What stands for the release before. To be moved on when the state changes in a way that two releases back need not know.
const COMMIT: &str = "e619b8f";
/// The version that it is built by: lower than any release's, so that today's package upgrades it. And another than today's, so that
/// cargo never takes a crate of one for the other's where both share a folder of intermediate files.
const VERSION: &str = "0.0.1";

/// Makes the package in a folder of its commit's name, unless it lies there, and says where. Needs what the tests have built.
pub(crate) fn package(folder: &Path) -> Result<PathBuf> {
    let commit = commit()?;
    let folder = folder.join(&commit);
    if let Ok(package) = made(&folder, "picket-agent") {
        return Ok(package);
    }
    let (sources, target) = (folder.join("sources"), folder.join("target"));
    unpack(&commit, &sources)?;
    build(&sources, &target)?;
    let mut command = Command::new(cargo_deb_in(&target_folder()?));
    command.args(["--quiet", "--no-build", "--package", "picket-agent", "--profile", "dev", "--strip", "--fast"]);
    command.arg("--output").arg(&folder).current_dir(&sources).env("CARGO_TARGET_DIR", &target);
    succeed(&mut command)?;
    for done in [sources, target] {
        fs::remove_dir_all(done)?;
    }
    made(&folder, "picket-agent")
}

/// A clone without history upgrades from its own newest commit: the packages, the load and the power cut are as real.
fn commit() -> Result<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root()).output().context("cannot run git")?;
        anyhow::Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    };
    let is_known = ["cat-file", "-e", &format!("{COMMIT}^{{commit}}")];
    if git(&is_known)?.is_some() || (git(&["fetch", "--quiet", "--unshallow"])?.is_some() && git(&is_known)?.is_some())
    {
        return Ok(COMMIT.to_owned());
    }
    println!("This clone lacks commit {COMMIT}: upgrades are tested from its newest one (git fetch --unshallow).");
    git(&["rev-parse", "--short", "HEAD"])?.context("the sources are no git work tree")
}

fn unpack(commit: &str, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    let archive = to.with_extension("tar");
    succeed(Command::new("git").args(["archive", "--output"]).arg(&archive).arg(commit).current_dir(root()))?;
    succeed(Command::new("tar").arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(to))?;
    fs::remove_file(archive)?;
    let manifest = to.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    let version = text.lines().find(|line| line.starts_with("version = ")).context("no version of the workspace")?;
    Ok(fs::write(&manifest, text.replacen(version, &format!("version = \"{VERSION}\""), 1))?)
}

/// In the profile that the tests have today's programs in, of the crates of others that are built for them anyway.
fn build(sources: &Path, target: &Path) -> Result<()> {
    let shared = target_folder()?;
    let mut command = cargo(&["build", "--package", "picket-agent", "--bins"]);
    command.current_dir(sources).env("CARGO_BUILD_BUILD_DIR", &shared).env("CARGO_TARGET_DIR", target);
    succeed(&mut command)?;
    let manual = target.join("debug/manual");
    succeed(Command::new("cp").arg("-r").arg(shared.join("debug/manual")).arg(manual))
}
