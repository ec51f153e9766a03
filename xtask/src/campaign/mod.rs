//! `cargo xtask campaign NAME`: faults by the dozen against the real programs, and the generator's list to judge them.

mod kills;
mod sabotage;
mod scene;
mod sheet;
mod switches;

use anyhow::Result;
use clap::{Args, ValueEnum};
use picket_lab::{Binaries, ending};

use self::sabotage::Sabotage;
use crate::builds;

#[derive(Args)]
pub(crate) struct Campaign {
    #[arg(value_enum)]
    name: Name,
    /// Faults in each place
    #[arg(long, default_value_t = 50)]
    faults: u32,
    /// Chooses the moments of the faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run it on a build that is broken on purpose, and fail unless the campaign finds that out
    #[arg(long)]
    sabotage: Option<Sabotage>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// The agent and the portal killed outright, in each place of their work
    Kills,
    /// The mode changed again and again under load
    Switches,
}

impl Campaign {
    pub(crate) fn run(&self) -> Result<bool> {
        ending::end_cleanly_on_signals()?;
        println!("Building (some minutes the first time) …");
        let Some(sabotage) = self.sabotage else {
            builds::build("dev", &builds::ALL_BUT_XTASK)?;
            return self.run_with(&Binaries::beside_this_program()?);
        };
        let well = self.run_with(&sabotage.build()?)?;
        println!("{}", if well { "the sabotage was not found out" } else { "the sabotage was found out" });
        Ok(!well)
    }

    /// Whether every alert was kept, once.
    fn run_with(&self, binaries: &Binaries) -> Result<bool> {
        match self.name {
            Name::Kills => kills::run(binaries, self.faults, self.seed),
            Name::Switches => switches::run(binaries, self.faults, self.seed),
        }
    }
}
