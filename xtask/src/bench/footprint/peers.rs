//! syslog-ng and rsyslog, idle, from a private folder: the peers that a small resident agent is measured by.
//!
//! Debian lets only one of them be installed, so their packages are unpacked instead: nothing is installed or started
//! by the system, and no root is needed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, ensure};
use picket_lab::{Program, process::run};

/// Where Debian's libraries lie in an unpacked package.
const LIBRARIES: [&str; 3] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng"];

/// Unpacks both and starts them.
pub(super) fn start(folder: &Path) -> Result<Vec<(&'static str, Program)>> {
    Ok(vec![("syslog-ng", syslog_ng(folder)?), ("rsyslog", rsyslog(folder)?)])
}

/// Downloads a Debian package with those that it needs and this machine lacks, and unpacks them into a folder.
pub(in crate::bench) fn unpack(package: &str, folder: &Path) -> Result<PathBuf> {
    let root = folder.join(package);
    fs::create_dir(&root)?;
    let plan = run(Command::new("apt-get").args(["--simulate", "--no-install-recommends", "install", package]))?;
    let mut names: Vec<_> = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next()).collect();
    if names.is_empty() {
        // It is installed here already; its files are the same.
        names.push(package);
    }
    run(Command::new("apt-get").arg("download").args(&names).current_dir(&root))?;
    for entry in fs::read_dir(&root)? {
        let archive = entry?.path();
        if archive.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&root))?;
        }
    }
    Ok(root)
}

pub(in crate::bench) fn command(root: &Path, program: &str) -> Result<Command> {
    let program = root.join("usr/sbin").join(program);
    ensure!(program.exists(), "{} is not in its package", program.display());
    let libraries: Vec<_> = LIBRARIES.iter().map(|folder| root.join(folder).display().to_string()).collect();
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", libraries.join(":"));
    Ok(command)
}

fn syslog_ng(folder: &Path) -> Result<Program> {
    let root = unpack("syslog-ng-core", folder)?;
    let (config, place) = (folder.join("syslog-ng.conf"), folder.display());
    let text = format!(
        "@version: 3.38\nsource s {{ unix-dgram(\"{place}/ng.sock\"); }};\n\
         destination d {{ file(\"{place}/ng.log\"); }};\nlog {{ source(s); destination(d); }};\n"
    );
    fs::write(&config, text)?;
    let mut command = command(&root, "syslog-ng")?;
    command.arg("-F").arg("-f").arg(&config).arg("--no-caps");
    command.arg(format!("--module-path={}", root.join("usr/lib/syslog-ng/3.38").display()));
    command.arg("-p").arg(folder.join("ng.pid")).arg("-R").arg(folder.join("ng.persist"));
    command.arg("-c").arg(folder.join("ng.ctl"));
    Program::start("syslog-ng", &mut command, &folder.join("ng.out"))
}

fn rsyslog(folder: &Path) -> Result<Program> {
    let root = unpack("rsyslog", folder)?;
    let (config, place) = (folder.join("rsyslog.conf"), folder.display());
    let text = format!(
        "global(workDirectory=\"{place}\")\nmodule(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket=\"{place}/rs.sock\")\naction(type=\"omfile\" file=\"{place}/rs.log\")\n"
    );
    fs::write(&config, text)?;
    let mut command = command(&root, "rsyslogd")?;
    command.arg("-n").arg("-f").arg(&config).arg("-i").arg(folder.join("rs.pid"));
    command.arg("-M").arg(root.join("usr/lib/x86_64-linux-gnu/rsyslog"));
    Program::start("rsyslog", &mut command, &folder.join("rs.out"))
}
