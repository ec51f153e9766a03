//! syslog-ng with a reliable disk buffer, and rsyslog with a disk queue that syncs: each reads the same records from a file
//! and delivers them over TLS to the same counting sink.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use picket_lab::{Binaries, Portal, Program, Role};

use super::{
    super::footprint::peers::{command, unpack},
    cost::{cpu_seconds, now, peak_mib},
    far_end::FarEnd,
    real,
    records::Records,
};

/// Both peers, unpacked, and a certificate for their sink.
pub(super) struct Peers {
    pub(super) folder: PathBuf,
    syslog_ng: PathBuf,
    rsyslog: PathBuf,
    gnutls: PathBuf,
    certificates: PathBuf,
}

/// How a round of a peer went.
pub(super) struct PeerRound {
    /// Lines that the sink counted.
    pub(super) count: u64,
    /// From the peer's start to the last of them.
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_mib: f64,
}

impl Peers {
    pub(super) fn unpack(folder: &Path) -> Result<Self> {
        fs::create_dir(folder)?;
        let certificates = folder.join("certificates");
        // Nobody starts this portal: it has the certificates that the sink shows.
        Portal::init(&Binaries::of_profile("size")?, Role::Portal, &certificates)?;
        Ok(Self {
            folder: folder.to_owned(),
            syslog_ng: unpack("syslog-ng-core", folder)?,
            rsyslog: unpack("rsyslog", folder)?,
            gnutls: unpack("rsyslog-gnutls", folder)?,
            certificates,
        })
    }

    pub(super) fn syslog_ng(&self, records: &Records, patience: Duration) -> Result<PeerRound> {
        let room = self.room("ng")?;
        let sink = FarEnd::lines(&self.certificates, &room)?;
        let (place, ca, port) = (room.display(), self.certificates.join("tls-ca.pem"), sink.port);
        // The buffer is larger than all records, as the agent's log is.
        let text = format!(
            "@version: 3.38\noptions {{ stats-freq(0); }};\n\
             source s {{ file(\"{place}/eve.json\" follow-freq(1) flags(no-parse) log-fetch-limit(1000)); }};\n\
             destination d {{ network(\"127.0.0.1\" port({port}) transport(\"tls\") template(\"${{MESSAGE}}\\n\")\n\
             tls(ca-file(\"{}\") peer-verify(required-trusted))\n\
             disk-buffer(reliable(yes) disk-buf-size(4294967296) mem-buf-size(16777216) dir(\"{place}\"))); }};\n\
             log {{ source(s); destination(d); flags(flow-control); }};\n",
            ca.display()
        );
        let config = room.join("syslog-ng.conf");
        fs::write(&config, text)?;
        let mut command = command(&self.syslog_ng, "syslog-ng")?;
        command.arg("-F").arg("-f").arg(&config).arg("--no-caps");
        command.arg(format!("--module-path={}", self.syslog_ng.join("usr/lib/syslog-ng/3.38").display()));
        command.arg("-p").arg(room.join("pid")).arg("-R").arg(room.join("persist")).arg("-c").arg(room.join("ctl"));
        let round = measure("syslog-ng", command, sink, &room, records, patience)?;
        fs::remove_dir_all(room)?;
        Ok(round)
    }

    /// Until `patience` is over: a sync for each message does not get through them all.
    pub(super) fn rsyslog(&self, records: &Records, patience: Duration) -> Result<PeerRound> {
        let room = self.room("rs")?;
        let sink = FarEnd::lines(&self.certificates, &room)?;
        let (place, ca, port) = (room.display(), self.certificates.join("tls-ca.pem"), sink.port);
        let text = format!(
            "global(workDirectory=\"{place}\" defaultNetstreamDriverCAFile=\"{}\")\nmodule(load=\"imfile\")\n\
             template(name=\"line\" type=\"string\" string=\"%msg%\\n\")\n\
             input(type=\"imfile\" file=\"{place}/eve.json\" tag=\"eve\" ruleset=\"send\")\n\
             ruleset(name=\"send\") {{ action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" \
             streamDriver=\"gtls\" streamDriverMode=\"1\" streamDriverAuthMode=\"anon\" template=\"line\" \
             queue.type=\"disk\" queue.fileName=\"queue\" queue.syncQueueFiles=\"on\" queue.checkpointInterval=\"1\" \
             queue.maxDiskSpace=\"4g\" action.resumeRetryCount=\"-1\") }}\n",
            ca.display()
        );
        let config = room.join("rsyslog.conf");
        fs::write(&config, text)?;
        let mut command = command(&self.rsyslog, "rsyslogd")?;
        command.arg("-n").arg("-f").arg(&config).arg("-i").arg(room.join("pid"));
        let modules = |root: &Path| root.join("usr/lib/x86_64-linux-gnu/rsyslog").display().to_string();
        command.arg("-M").arg(format!("{}:{}", modules(&self.rsyslog), modules(&self.gnutls)));
        let round = measure("rsyslog", command, sink, &room, records, patience)?;
        fs::remove_dir_all(room)?;
        Ok(round)
    }

    fn room(&self, name: &str) -> Result<PathBuf> {
        let room = self.folder.join(name);
        fs::create_dir(&room)?;
        Ok(room)
    }
}

fn measure(
    name: &str,
    mut command: std::process::Command,
    mut sink: FarEnd,
    room: &Path,
    records: &Records,
    patience: Duration,
) -> Result<PeerRound> {
    records.appear(&room.join("eve.json"))?;
    let start = now()?;
    let mut program = Program::start(name, &mut command, &room.join("output"))?;
    sink.until_taken(records.count, patience).with_context(|| program.output())?;
    program.must_run()?;
    let taken = sink.taken()?;
    let end = taken.last().map_or(start, |taken| taken.at);
    let count = taken.iter().map(|taken| taken.count).sum();
    let pid = program.pid();
    let round = PeerRound {
        count,
        seconds: super::seconds(start, end).max(1.0 / real(count.max(1))),
        cpu_seconds: cpu_seconds(pid)?,
        peak_mib: peak_mib(pid)?,
    };
    // It has a queue to give up: the next round has a folder of its own.
    drop(program);
    Ok(round)
}
