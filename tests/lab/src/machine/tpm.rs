//! A TPM 2.0 made of software (swtpm), for a machine: it listens in the machine's network, where systemd finds it by the address that
//! a drop-in names. systemd speaks to a chip by the same libraries.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};

use super::Machine;
use crate::{
    folder::PrivateFolder,
    process::{Program, run},
    waiting::{Waited, until},
};

/// In the machine's own network nothing else listens there; swtpm takes commands on the one and control on the other.
const PORTS: [u16; 2] = [2321, 2322];
/// Where Debian has libraries.
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";

/// A chip: its secrets are in a folder, and it works while its program runs.
#[derive(Debug)]
pub struct Tpm {
    works: Option<Program>,
    folder: PrivateFolder,
}

impl Tpm {
    /// A new one, switched off.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn manufactured() -> Result<Self> {
        let folder = PrivateFolder::new()?;
        run(Command::new("swtpm_setup").args(["--tpm2", "--tpmstate"]).arg(folder.path()))?;
        Ok(Self { works: None, folder })
    }

    /// What a drop-in of a unit says for systemd to find it, and for the unit to be let through to it.
    #[must_use]
    pub fn drop_in() -> String {
        format!(
            "[Service]\nEnvironment=SYSTEMD_TPM2_DEVICE=swtpm:host=127.0.0.1,port={}\nPrivateNetwork=no\nIPAddressDeny=\n\
             RestrictAddressFamilies=AF_INET\n",
            PORTS[0]
        )
    }

    /// Puts the libraries into a machine by which systemd speaks to a TPM; a bare Debian has none.
    ///
    /// # Errors
    /// When this machine lacks them.
    pub fn put_libraries(machine: &Machine) -> Result<()> {
        let ours = fs::read_dir(LIBRARIES)?.filter_map(|entry| Some(entry.ok()?.path()));
        let files: Vec<PathBuf> = ours
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libtss2-")))
            .collect();
        anyhow::ensure!(!files.is_empty(), "{LIBRARIES} has no libtss2");
        machine.put(&files, LIBRARIES)
    }

    /// Switches it on in a machine that runs.
    ///
    /// # Errors
    /// When it does not listen.
    pub fn switch_on(&mut self, machine: &Machine) -> Result<()> {
        let mut command = machine.in_its_network("swtpm")?;
        command.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"]);
        command.arg(format!("dir={}", self.folder.path().display()));
        command.args(["--server", &format!("type=tcp,port={},bindaddr=127.0.0.1", PORTS[0])]);
        command.args(["--ctrl", &format!("type=tcp,port={},bindaddr=127.0.0.1", PORTS[1])]);
        let mut works = Program::start("swtpm", &mut command, &self.folder.join("log"))?;
        let listening = format!("ss --listening --tcp --numeric | grep --quiet 127.0.0.1:{}", PORTS[0]);
        until("the TPM listens", Duration::from_secs(10), || {
            works.must_run()?;
            Ok(if machine.shell(&listening).is_ok() { Waited::Holds(()) } else { Waited::NotYet(works.output()) })
        })?;
        self.works = Some(works);
        Ok(())
    }

    /// Takes it away.
    ///
    /// # Errors
    /// When it was not there.
    pub fn switch_off(&mut self) -> Result<()> {
        self.works.take().context("the TPM is switched off already")?.stop()
    }
}
