//! The real syslog server, rsyslog: a private configuration that listens for syslog over TLS (RFC 5425) on a free loopback
//! port and appends each message to a file, as it came and as it understood it. Nothing of the machine's own log.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    ports::free_port,
    process::Program,
    waiting::{PATIENCE, Waited, until},
};

/// A syslog server's folder, and the server when it runs.
#[derive(Debug)]
pub struct Rsyslog {
    folder: PathBuf,
    port: u16,
    program: Option<Program>,
}

/// What a syslog server shows. Paths of PEM files.
#[derive(Debug, Clone)]
pub struct SyslogTls {
    /// The CA that its certificate is from.
    pub authority: PathBuf,
    /// Its certificate chain.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Rsyslog {
    /// Writes the configuration into a folder, which is made.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn set_up(folder: &Path, tls: &SyslogTls) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let server = Self { folder: folder.to_owned(), port: free_port()?, program: None };
        fs::write(server.configuration(), server.settings(tls))?;
        fs::write(server.rules(), "version=2\nrule=:%cef:cef%\n")?;
        Ok(server)
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// # Errors
    /// When it is not installed, or ends.
    pub fn start(&mut self) -> Result<()> {
        let mut command = Command::new("/usr/sbin/rsyslogd");
        // In the foreground, with this configuration and this process-id file.
        command.arg("-n").arg("-f").arg(self.configuration()).arg("-i").arg(self.folder.join("rsyslogd.pid"));
        let mut program = Program::start("rsyslogd", &mut command, &self.log())
            .context("rsyslog is needed: cargo xtask test --install")?;
        until("the syslog server takes connections", PATIENCE, || {
            program.must_run()?;
            Ok(match TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                Ok(_) => Waited::Holds(()),
                Err(error) => Waited::NotYet(error.to_string()),
            })
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Ends it; what it received stays.
    ///
    /// # Errors
    /// When it does not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Program::stop)
    }

    /// Its loopback port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What it says of itself.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("rsyslogd.log")
    }

    /// The messages received so far, whole ones only: `raw` as it came, and rsyslog's reading of it (`priority`, `host`,
    /// `app`, `msgid`, `data` for the structured data, `message`). `cef` is the message as liblognorm reads CEF, or null:
    /// `Name`, `Severity`, …, and `Extensions`, whose first key lacks its first letter there.
    ///
    /// # Errors
    /// When a line is no JSON.
    pub fn received(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.messages()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| reading(line).with_context(|| line.to_owned())).collect()
    }

    /// Waits until what was received is as `holds` says.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Result<Vec<Value>> {
        until(what, PATIENCE, || {
            let seen = self.received()?;
            let last = || format!("{} messages, the last: {:?}", seen.len(), seen.last());
            Ok(if holds(&seen) { Waited::Holds(seen) } else { Waited::NotYet(last()) })
        })
    }

    /// Waits until at least this many messages were received. Counts lines while it waits, which is cheap, and reads them once.
    ///
    /// # Errors
    /// When that does not come to be.
    pub fn until_count(&self, count: usize) -> Result<Vec<Value>> {
        until(&format!("{count} messages are there"), PATIENCE, || {
            let text = fs::read(self.messages()).unwrap_or_default();
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            Ok(if lines >= count { Waited::Holds(()) } else { Waited::NotYet(format!("{lines} messages")) })
        })?;
        self.received()
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("rsyslog.conf")
    }

    /// How liblognorm is to read a message: as CEF from its beginning to its end.
    fn rules(&self) -> PathBuf {
        self.folder.join("cef.rules")
    }

    fn messages(&self) -> PathBuf {
        self.folder.join("messages.ndjson")
    }

    fn settings(&self, tls: &SyslogTls) -> String {
        let SyslogTls { authority, chain, key } = tls;
        format!(
            r#"global(workDirectory="{folder}" maxMessageSize="256k" defaultNetstreamDriver="gtls"
       defaultNetstreamDriverCAFile="{authority}" defaultNetstreamDriverCertFile="{chain}" defaultNetstreamDriverKeyFile="{key}"
       parser.escapeControlCharactersOnReceive="off")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
module(load="mmnormalize")
template(name="reading" type="list" option.jsonf="on") {{
    property(outname="raw" name="rawmsg" format="jsonf")
    property(outname="priority" name="pri" format="jsonf")
    property(outname="host" name="hostname" format="jsonf")
    property(outname="app" name="app-name" format="jsonf")
    property(outname="msgid" name="msgid" format="jsonf")
    property(outname="data" name="structured-data" format="jsonf")
    property(outname="message" name="msg" format="jsonf")
    property(outname="cef" name="$!cef" format="jsonf")
}}
ruleset(name="keep") {{
    action(type="mmnormalize" ruleBase="{rules}")
    action(type="omfile" file="{messages}" template="reading")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="keep")
"#,
            folder = self.folder.display(),
            authority = authority.display(),
            chain = chain.display(),
            key = key.display(),
            rules = self.rules().display(),
            messages = self.messages().display(),
            port = self.port,
        )
    }
}

/// A line of the file of messages. What liblognorm read is JSON within JSON.
fn reading(line: &str) -> Result<Value> {
    let mut message: Value = serde_json::from_str(line)?;
    let cef = message["cef"].as_str().unwrap_or_default();
    message["cef"] = if cef.is_empty() { Value::Null } else { serde_json::from_str(cef)? };
    Ok(message)
}
