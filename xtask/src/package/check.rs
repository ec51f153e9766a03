//! Judges packages: by lintian, and by whether another build of the same sources gives the same bytes.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use picket_lab::{PrivateFolder, process::run};

use super::{build::cargo_deb_in, surroundings::home_of_cargo};
use crate::builds::{root, target_folder};

/// Agent and console on an appliance's disk.
const MAX_INSTALLED_KIB: u32 = 15 * 1024;

/// Whether lintian has neither an error nor a warning.
pub(super) fn lintian(packages: &[PathBuf]) -> Result<bool> {
    let how = ["--fail-on", "error,warning", "--tag-display-limit", "0", "--no-cfg", "--allow-root"];
    // It wants the first changelog to close a bug of Debian's: these packages are not Debian's own.
    let not_ours = ["--suppress-tags", "initial-upload-closes-no-bugs"];
    let status =
        Command::new("lintian").args(how).args(not_ours).args(packages).status().context("cannot run lintian")?;
    println!("lintian: {}", if status.success() { "clean" } else { "see above" });
    Ok(status.success())
}

/// Whether agent and console together take no more of an appliance's disk than they may.
pub(super) fn size(packages: &[PathBuf]) -> Result<bool> {
    let mut installed = 0;
    for package in packages {
        let field = |name| run(Command::new("dpkg-deb").arg("--field").arg(package).arg(name));
        if ["picket-agent", "picket-console"].contains(&field("Package")?.trim()) {
            installed += field("Installed-Size")?.trim().parse::<u32>()?;
        }
    }
    println!("agent and console installed: {installed} KiB (limit {MAX_INSTALLED_KIB})");
    Ok(installed <= MAX_INSTALLED_KIB)
}

/// Builds this commit anew: from a clone in another folder, with cargo's home elsewhere, as another user and with another
/// umask; and compares every file that was made.
pub(super) fn reproducible(first: &Path, only: Option<&str>) -> Result<bool> {
    let clean =
        Command::new("git").args(["status", "--porcelain", "--untracked-files=no"]).current_dir(root()).output()?;
    ensure!(clean.stdout.is_empty(), "there are changes that are not committed: the clone would not have them");
    let folder = PrivateFolder::on_disk()?;
    let (clone, out) = (folder.join("elsewhere/sources"), folder.join("out"));
    let cloned = Command::new("git").args(["clone", "--quiet"]).arg(root()).arg(&clone).status()?;
    ensure!(cloned.success(), "git could not clone the sources");
    carry_cargo_deb_to(&clone.join("target"))?;
    let mut command = as_another_user();
    // The clone's own xtask, so that its paths are the clone's.
    command.args(["cargo", "run", "--quiet", "--package", "xtask", "--", "package", "--out"]).arg(&out);
    command.args(only.map(|only| format!("--only={only}")));
    command.env("CARGO_HOME", another_home(&folder.join("home"))?).env("CARGO_TARGET_DIR", clone.join("target"));
    ensure!(command.current_dir(&clone).status()?.success(), "the second build failed");
    let mut same = true;
    for made in fs::read_dir(first)? {
        let made = made?.path();
        let name = made.file_name().context("a file without a name")?;
        let equal = fs::read(&made)? == fs::read(out.join(name)).unwrap_or_default();
        let verdict = if equal { "the same bytes from two folders, times, users and umasks" } else { "DIFFERS" };
        println!("{}: {verdict}", name.display());
        same &= equal;
    }
    Ok(same)
}

/// In a user namespace the caller's files are another user's, who may use them all the same.
fn as_another_user() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=4321", "--map-group=4321", "sh", "-c", "umask 0077; exec \"$@\"", "sh"]);
    command
}

/// A cargo home under another name, with what the real one holds.
fn another_home(home: &Path) -> Result<PathBuf> {
    fs::create_dir(home)?;
    for entry in fs::read_dir(home_of_cargo()?)? {
        let entry = entry?;
        // The lock is taken anew: a link to it would be replaced.
        if !entry.file_name().to_string_lossy().starts_with(".package-cache") {
            symlink(entry.path(), home.join(entry.file_name()))?;
        }
    }
    Ok(home.to_owned())
}

/// The clone need not build the packager once more.
fn carry_cargo_deb_to(target: &Path) -> Result<()> {
    let (from, to) = (cargo_deb_in(&target_folder()?), cargo_deb_in(target));
    fs::create_dir_all(to.parent().unwrap_or(target))?;
    fs::copy(from, to)?;
    Ok(())
}
