//! Debian packages that a chore needs: which are missing, and installing them without starting what they bring.

use std::{
    env,
    io::{IsTerminal, Write, stdin, stdout},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

/// Runs as root with the packages as arguments. A `policy-rc.d` that answers 101 keeps the maintainer scripts from starting a
/// daemon; it is removed however the installation ends.
const INSTALL: &str = r#"
set -e
policy=/usr/sbin/policy-rc.d
if ! [ -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
"#;

/// Those of `wanted` that are not installed.
pub(crate) fn missing<'a>(wanted: &[&'a str]) -> Vec<&'a str> {
    wanted.iter().copied().filter(|name| !installed(name)).collect()
}

/// Installs what is missing when that was asked for, or is agreed to at the terminal; returns what stays missing.
pub(crate) fn provide<'a>(wanted: &[&'a str], asked: bool) -> Result<Vec<&'a str>> {
    let lacking = missing(wanted);
    if !lacking.is_empty() && (asked || env::var_os("CI").is_some() || agreed(&lacking)?) {
        install(&lacking)?;
    }
    Ok(missing(wanted))
}

fn installed(name: &str) -> bool {
    let query = Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", name]).output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

fn agreed(packages: &[&str]) -> Result<bool> {
    if !stdin().is_terminal() {
        return Ok(false);
    }
    print!("These Debian packages are missing: {}. Install them? [y/N] ", packages.join(" "));
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn install(packages: &[&str]) -> Result<()> {
    println!("Installing {} …", packages.join(" "));
    let mut command = if Uid::effective().is_root() { Command::new("sh") } else { Command::new("sudo") };
    if !Uid::effective().is_root() {
        command.arg("sh");
    }
    let status = command.args(["-c", INSTALL, "install"]).args(packages).status().context("cannot run as root")?;
    if !status.success() {
        bail!("apt-get could not install {}", packages.join(" "));
    }
    Ok(())
}
