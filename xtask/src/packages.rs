//! Debian packages that a chore needs: which are missing, and installing them without starting what they bring.

use std::{
    env,
    io::{IsTerminal, Write, stdin, stdout},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

/// Runs as root with the packages as arguments.
///
/// - A `policy-rc.d` that answers 101 keeps the maintainer scripts from starting a daemon; it is removed however the
///   installation ends. What they enabled for the next boot is disabled again: the tests start these programs themselves.
/// - What the release has only in its backports (Suricata, on Debian 12) comes from there, by the mirror that the machine
///   uses anyway. Nothing else comes from there: apt takes from backports only what is asked for by name.
const INSTALL: &str = r#"
set -e
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if ! [ -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
apt-get update -q

. /etc/os-release
backports=$VERSION_CODENAME-backports
source=/etc/apt/sources.list.d/picket-backports.sources
here= there=
for package in "$@"; do
    if apt-cache madison "$package" | grep -qv -- "$backports"; then
        here="$here $package"
    else
        there="$there $package"
    fi
done
if [ -n "$there" ] && ! apt-get indextargets --format '$(RELEASE)' | grep -qx "$backports"; then
    echo "only in $backports:$there; adding $source"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $VERSION_CODENAME" | head -n 1)
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$mirror" "$backports" > "$source"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    if [ -e "$keys" ]; then echo "Signed-By: $keys" >> "$source"; fi
    apt-get update -q
fi
install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"; }
if [ -n "$here" ]; then install $here; fi
if [ -n "$there" ]; then install -t "$backports" $there; fi

if command -v systemctl > /dev/null; then
    units=$(dpkg -L "$@" | sed -n 's|.*/systemd/system/\([^/@]*\.service\)$|\1|p' | sort -u)
    for unit in $units; do systemctl --quiet disable "$unit"; done
fi
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
