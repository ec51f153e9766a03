//! The bare Debian that machines are unpacked from: made of Debian's own packages, by the mirror that this machine uses, and kept
//! as an archive.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{folder::PrivateFolder, process::run};

/// What a minimal installation with systemd has.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates,libnss-myhostname";

/// The archive in a folder that caches it; made there if it is missing. Needs mmdebstrap, root, and the mirror.
///
/// # Errors
/// When it cannot be made.
pub fn provide(cache: &Path) -> Result<PathBuf> {
    let archive = in_cache(cache);
    if archive.exists() {
        return Ok(archive);
    }
    fs::create_dir_all(cache)?;
    let folder = PrivateFolder::within(cache)?;
    let settings = folder.join("apt.conf");
    fs::write(&settings, run(Command::new("apt-config").args(["dump", "Acquire"]))?)?;
    let sources = folder.join("sources.list");
    fs::write(&sources, sources_of_this_machine()?)?;
    let made = folder.join("root.tar");
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--variant=minbase", "--include", PACKAGES, "--aptopt"]).arg(&settings);
    run(command.arg("").arg(&made).arg(&sources))?;
    fs::rename(&made, &archive).context("cannot keep the archive")?;
    Ok(archive)
}

/// Where the archive lies in a cache.
#[must_use]
pub fn in_cache(cache: &Path) -> PathBuf {
    cache.join("debian.tar")
}

/// The release, its updates and its security updates, as this machine gets them.
fn sources_of_this_machine() -> Result<String> {
    let format = ["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Identifier: Packages"];
    let targets = run(Command::new("apt-get").args(format))?;
    let release = run(Command::new("sh").args(["-c", ". /etc/os-release; echo $VERSION_CODENAME"]))?;
    let release = release.trim();
    let wanted = [release.to_owned(), format!("{release}-updates"), format!("{release}-security")];
    let ours = |line: &&str| line.split(' ').nth(1).is_some_and(|suite| wanted.iter().any(|one| one == suite));
    let lines: Vec<_> = targets.lines().filter(ours).map(|line| format!("deb {line}\n")).collect();
    ensure!(!lines.is_empty(), "this machine gets no packages of {release}");
    Ok(lines.concat())
}
