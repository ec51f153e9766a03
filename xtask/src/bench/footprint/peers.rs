//! syslog-ng and rsyslog, idle, from a private folder: the peers that a small resident agent is measured by.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use picket_lab::Program;

/// Their Debian packages.
pub(super) const PACKAGES: [&str; 2] = ["syslog-ng-core", "rsyslog"];

/// Starts those whose package is not missing.
pub(super) fn start(folder: &Path, missing: &[&str]) -> Result<Vec<(&'static str, Program)>> {
    let mut peers = Vec::new();
    if !missing.contains(&"syslog-ng-core") {
        peers.push(("syslog-ng", syslog_ng(folder)?));
    }
    if !missing.contains(&"rsyslog") {
        peers.push(("rsyslog", rsyslog(folder)?));
    }
    Ok(peers)
}

fn syslog_ng(folder: &Path) -> Result<Program> {
    let (config, place) = (folder.join("syslog-ng.conf"), folder.display());
    let text = format!(
        "@version: 3.38\nsource s {{ unix-dgram(\"{place}/ng.sock\"); }};\n\
         destination d {{ file(\"{place}/ng.log\"); }};\nlog {{ source(s); destination(d); }};\n"
    );
    fs::write(&config, text)?;
    let mut command = Command::new("/usr/sbin/syslog-ng");
    command.arg("-F").arg("-f").arg(&config).arg("--no-caps");
    command.arg("-p").arg(folder.join("ng.pid")).arg("-R").arg(folder.join("ng.persist"));
    command.arg("-c").arg(folder.join("ng.ctl"));
    Program::start("syslog-ng", &mut command, &folder.join("ng.out"))
}

fn rsyslog(folder: &Path) -> Result<Program> {
    let (config, place) = (folder.join("rsyslog.conf"), folder.display());
    let text = format!(
        "global(workDirectory=\"{place}\")\nmodule(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket=\"{place}/rs.sock\")\naction(type=\"omfile\" file=\"{place}/rs.log\")\n"
    );
    fs::write(&config, text)?;
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.arg("-n").arg("-f").arg(&config).arg("-i").arg(folder.join("rs.pid"));
    Program::start("rsyslog", &mut command, &folder.join("rs.out"))
}
