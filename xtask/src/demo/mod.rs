//! `cargo xtask demo`: builds, walks the main job out loud, proves the quiet beside it, then stays up or leaves nothing.

mod alerts;
mod by_hand;
mod quiet;
mod stage;
mod walk;
mod world;

pub(crate) use self::alerts::SAMPLE;

use std::{env, fs, process::Command, thread, time::Duration};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use picket_lab::{Binaries, PrivateFolder, Program, ending};

use crate::{
    builds,
    table::{Outcome, Row, Table, closing_line},
};

pub(crate) use quiet::QuietProof;

const PROOF: &str = "locally managed sends nothing";

#[derive(Args)]
pub(crate) struct Demo {
    /// Assert each step, print the summary and end; exits non-zero if anything failed
    #[arg(long)]
    check: bool,
    /// Leave a part out
    #[arg(long, value_name = "PART")]
    without: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The proof of quiet, which needs namespaces that an ordinary user may make
    Namespaces,
}

impl Demo {
    pub(crate) fn run(&self) -> Result<bool> {
        ending::end_cleanly_on_signals()?;
        println!("Building (some minutes the first time) …");
        builds::build("dev", &builds::ALL_BUT_XTASK)?;
        let binaries = Binaries::beside_this_program()?;
        let folder = PrivateFolder::new()?;
        let proof = self.start_proof(&folder)?;
        let mut table = Table::default();
        let world = walk::walk(&binaries, folder.path(), &mut table)?;
        println!("\nWaiting for the proof that a locally managed sensor sends nothing …");
        end_proof(proof, &folder, &mut table)?;
        println!("\n{table}\n{}", closing_line(table.counts()));
        if !self.check && table.all_well() {
            let fresh = by_hand::fresh_sensor(&world)?;
            by_hand::explain(&world, &fresh)?;
            stay();
        }
        Ok(table.all_well())
    }

    /// In a process of its own, beside the walk: namespaces need a process with one thread.
    fn start_proof(&self, folder: &PrivateFolder) -> Result<Option<Program>> {
        if self.without.contains(&Part::Namespaces) {
            return Ok(None);
        }
        let room = folder.join("q");
        fs::create_dir(&room)?;
        let mut command = Command::new(env::current_exe()?);
        command.arg("quiet-proof").arg(&room);
        Program::start("the proof of quiet", &mut command, &folder.join("proof.log")).map(Some)
    }
}

fn end_proof(proof: Option<Program>, folder: &PrivateFolder, table: &mut Table) -> Result<()> {
    let row = |outcome| Row { what: PROOF.into(), outcome, took: Duration::ZERO };
    let Some(mut proof) = proof else {
        table.add(row(Outcome::Skipped("left out by --without namespaces".into())));
        return Ok(());
    };
    let status = proof.wait(Duration::from_secs(90))?;
    let said = fs::read_to_string(folder.join("proof.log")).context("the proof of quiet left no output")?;
    said.lines().filter_map(Row::from_line).for_each(|row| table.add(row));
    if !status.success() {
        let other: Vec<_> = said.lines().filter(|line| Row::from_line(line).is_none()).collect();
        table.add(row(Outcome::Failed(other.join("; "))));
    }
    Ok(())
}

/// Until a signal ends the program.
fn stay() -> ! {
    loop {
        thread::park();
    }
}
