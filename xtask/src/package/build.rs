//! Builds the programs, and has cargo-deb pack them as their crates' `[package.metadata.deb]` says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{bill, surroundings::Surroundings};
use crate::builds::{ALL_BUT_XTASK, build, cargo, root, target_folder};

/// What makes the packages. Pinned, since it is part of what the bytes follow from.
const CARGO_DEB: &str = "3.8.0";
/// Writes manual pages and completions.
const MANUAL: [&str; 5] = ["run", "--quiet", "--package=picket-tests", "--example", "manual"];
/// A crate, and the profile that its package ships.
const PACKAGES: [(&str, &str); 3] =
    [("picket-agent", "size"), ("picket-console", "size"), ("picket-portal", "release")];

/// The packages by name.
pub(super) const NAMES: [&str; 3] = [PACKAGES[0].0, PACKAGES[1].0, PACKAGES[2].0];

/// How packages are made: as they are shipped, or quickly, of what the tests have built anyway.
pub(crate) struct Build {
    /// The folder that the profiles' folders lie in.
    target: PathBuf,
    surroundings: Option<Surroundings>,
}

impl Build {
    pub(crate) fn shipped() -> Result<Self> {
        let target = target_folder()?.join("package");
        Ok(Self { surroundings: Some(Surroundings::of(&target)?), target })
    }

    /// Of the programs in the tests' profile: the same packages, but for what the compiler made.
    pub(crate) fn for_tests() -> Result<Self> {
        Ok(Self { target: target_folder()?, surroundings: None })
    }

    /// Makes the packages, or only one, in `out`, which is emptied first, and says where they lie.
    pub(crate) fn packages(&self, out: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
        let cargo_deb = provide_cargo_deb()?;
        if out.exists() {
            fs::remove_dir_all(out).with_context(|| format!("cannot empty {}", out.display()))?;
        }
        fs::create_dir_all(out)?;
        if self.surroundings.is_none() {
            build("dev", &ALL_BUT_XTASK)?;
        }
        let wanted = PACKAGES.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
        wanted.map(|(name, profile)| self.package(&cargo_deb, name, profile, out)).collect()
    }

    fn package(&self, cargo_deb: &Path, name: &str, shipped: &str, out: &Path) -> Result<PathBuf> {
        let (profile, folder) = if self.surroundings.is_some() { (shipped, shipped) } else { ("dev", "debug") };
        // Beside the programs, where cargo-deb finds what its `target/release/` stands for.
        let manual = self.target.join(folder).join("manual");
        fs::create_dir_all(&manual)?;
        succeed(cargo(&MANUAL).arg("--").arg(&manual))?;
        if let Some(surroundings) = &self.surroundings {
            let mut command = cargo(&["build", "--locked", "--profile", profile, "--package", name, "--bins"]);
            surroundings.give_to(command.env("CARGO_TARGET_DIR", &self.target));
            succeed(&mut command)?;
            bill::write(name, surroundings.epoch(), out)?;
        }
        let mut command = Command::new(cargo_deb);
        command.args(["--quiet", "--no-build", "--locked", "--package", name, "--profile", profile, "--output"]);
        command.arg(out).current_dir(root()).env("CARGO_TARGET_DIR", &self.target);
        if let Some(surroundings) = &self.surroundings {
            surroundings.give_to(&mut command);
        } else {
            // Ninety megabytes of debug information would take minutes to pack.
            command.args(["--strip", "--fast"]);
        }
        succeed(&mut command)?;
        made(out, name)
    }
}

pub(super) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// The pinned cargo-deb, installed beside the build if it is not there yet.
fn provide_cargo_deb() -> Result<PathBuf> {
    let target = target_folder()?;
    let program = cargo_deb_in(&target);
    let there = Command::new(&program).arg("--version").output();
    if !there.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim().ends_with(CARGO_DEB)) {
        println!("Installing cargo-deb {CARGO_DEB} …");
        let install = ["install", "--quiet", "--force", "cargo-deb", "--locked", "--version", CARGO_DEB, "--root"];
        succeed(cargo(&install).arg(target.join("tools")))?;
    }
    Ok(program)
}

/// Where it is installed to.
pub(super) fn cargo_deb_in(target: &Path) -> PathBuf {
    target.join("tools/bin/cargo-deb")
}

/// The package just made: its version is cargo-deb's to say.
pub(super) fn made(folder: &Path, name: &str) -> Result<PathBuf> {
    let prefix = format!("{name}_");
    let files: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let ours = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&prefix) && name.ends_with(".deb")
    };
    files.into_iter().find(ours).with_context(|| format!("cargo-deb left no package of {name}"))
}
