//! Whether this machine is one that the chores know: Debian 12 or 13 on x86-64, with a C compiler. Changes nothing.

use std::{env::consts::ARCH, fs, process::Command};

use anyhow::{Result, bail};

/// Fails with one sentence elsewhere.
pub(crate) fn must_be_supported() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !supported(&release, ARCH) {
        let name = field(&release, "PRETTY_NAME").unwrap_or("an unknown system");
        bail!("this runs on Debian 12 or 13 on x86_64, and this machine is {name} on {ARCH}");
    }
    if Command::new("cc").arg("--version").output().is_err() {
        bail!("no C compiler is installed: as root, run apt-get install build-essential");
    }
    Ok(())
}

fn supported(release: &str, arch: &str) -> bool {
    let version = field(release, "VERSION_ID").unwrap_or_default();
    arch == "x86_64" && field(release, "ID") == Some("debian") && ["12", "13"].contains(&version)
}

fn field<'a>(release: &'a str, name: &str) -> Option<&'a str> {
    let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.map(|value| value.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::supported;

    #[test]
    fn knows_debian_12_and_13_on_x86_64_only() {
        let release = |id: &str, version: &str| format!("PRETTY_NAME=\"A B\"\nVERSION_ID=\"{version}\"\nID={id}\n");
        assert!(supported(&release("debian", "12"), "x86_64"));
        assert!(supported(&release("debian", "13"), "x86_64"));
        assert!(!supported(&release("debian", "11"), "x86_64"));
        assert!(!supported(&release("ubuntu", "12"), "x86_64"));
        assert!(!supported(&release("debian", "12"), "aarch64"));
        assert!(!supported("", "x86_64"));
    }
}
