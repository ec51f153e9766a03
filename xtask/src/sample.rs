//! `cargo xtask sample`: writes anew what is committed but made: our capture, and what Suricata finds in it, for the demo.

use std::fs;

use anyhow::Result;
use clap::Args;
use picket_lab::{PrivateFolder, Suricata, capture::modbus_capture};

use crate::builds::root;

#[derive(Args)]
pub(crate) struct Sample {}

impl Sample {
    pub(crate) fn run(&self) -> Result<bool> {
        let (capture, sample) = (root().join("tests/data/ot.pcap"), root().join("xtask/src/demo/sample/eve.json"));
        fs::write(&capture, modbus_capture())?;
        let folder = PrivateFolder::new()?;
        let engine = Suricata::set_up(&folder.join("engine"))?;
        engine.read(&engine.own_capture())?;
        fs::copy(engine.eve_file(), &sample)?;
        println!("{}\n{}", capture.display(), sample.display());
        Ok(true)
    }
}
