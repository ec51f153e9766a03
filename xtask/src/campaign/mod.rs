//! `cargo xtask campaign NAME`: faults by the dozen against the real programs, and the generator's list to judge them.

mod broker;
mod clock;
mod confirmations;
mod disk;
mod kills;
mod moments;
mod outage;
mod place;
mod portals;
mod power;
mod relay;
mod restore;
mod sabotage;
mod scene;
mod sheet;
mod simulation;
mod stage;
mod switches;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use picket_lab::{Binaries, ending, hub};

use self::{
    place::{Place, Setting},
    sabotage::Sabotage,
    sheet::{Row, Sheet},
};
use crate::builds;

#[derive(Args)]
pub(crate) struct Campaign {
    #[arg(value_enum)]
    name: Name,
    /// Faults in each place, in place of its own number
    #[arg(long)]
    faults: Option<u32>,
    /// Chooses the moments of the faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the places whose name has this in it
    #[arg(long, value_name = "WORD", default_value = "")]
    place: String,
    /// Run it on builds that are broken on purpose, each in the places that must find it out, and fail unless all do
    #[arg(long)]
    sabotages: bool,
    /// As --sabotages, with this one only; where no place must find it out, in all places
    #[arg(long, conflicts_with = "sabotages")]
    sabotage: Option<Sabotage>,
    /// The process of its own that the switches are made in, behind a cable
    #[arg(long, hide = true, requires = "binaries")]
    behind_cable: Option<PathBuf>,
    #[arg(long, hide = true)]
    binaries: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// The agent and the portal killed outright, in each place of their work
    Kills,
    /// A broker between sensor and portal that loses what it acknowledged
    Broker,
    /// The portal's confirmations an hour late
    Confirmations,
    /// The portal restored from an old backup
    Restore,
    /// The mode changed again and again under load
    Switches,
    /// The power cut: what was not synced is gone
    Power,
    /// The disk full, or failing to sync
    Disk,
    /// The hub away for too long, and a log that is damaged
    Outage,
    /// The wall clock between 1970 and 2099
    Clock,
    /// Two processes of one portal at one PostgreSQL, killed in turn
    Portals,
    /// The delivery alone, in a simulated world, by thousands of seeds
    Simulation,
}

impl Name {
    const fn places(self) -> &'static [Place] {
        match self {
            Self::Kills => kills::PLACES,
            Self::Broker => broker::PLACES,
            Self::Confirmations => confirmations::PLACES,
            Self::Restore => restore::PLACES,
            Self::Switches => switches::PLACES,
            Self::Power => power::PLACES,
            Self::Disk => disk::PLACES,
            Self::Outage => outage::PLACES,
            Self::Clock => clock::PLACES,
            Self::Portals => portals::PLACES,
            Self::Simulation => simulation::PLACES,
        }
    }
}

impl Campaign {
    pub(crate) fn run(&self) -> Result<bool> {
        if let (Some(folder), Some(binaries)) = (&self.behind_cable, &self.binaries) {
            let binaries = Binaries::in_folder(binaries.clone());
            return switches::behind_cable(folder, &self.setting(&binaries, 0));
        }
        ending::end_cleanly_on_signals()?;
        let places: Vec<_> = self.name.places().iter().filter(|place| place.name.contains(&self.place)).collect();
        ensure!(!places.is_empty(), "no place of this campaign has {:?} in its name", self.place);
        match self.sabotage {
            Some(sabotage) => self.find_out(&[sabotage], &places),
            None if self.sabotages => self.find_out(&share(&places), &places),
            None => self.run_well(&places),
        }
    }

    /// Whether every alert was kept, once, in every place.
    fn run_well(&self, places: &[&Place]) -> Result<bool> {
        println!("Building (some minutes the first time) …");
        builds::build("dev", &builds::ALL_BUT_XTASK)?;
        let binaries = Binaries::beside_this_program()?;
        let mut sheet = Sheet::default();
        for place in places {
            sheet.add(self.run_place(place, &binaries, None)?);
        }
        println!("\nseed {}\n\n{sheet}", self.seed);
        Ok(sheet.all(Row::is_well))
    }

    /// Whether each sabotage was found out in every place that must.
    fn find_out(&self, sabotages: &[Sabotage], places: &[&Place]) -> Result<bool> {
        let mut sheet = Sheet::default();
        for sabotage in sabotages {
            println!("Building with {sabotage} …");
            let binaries = sabotage.build()?;
            let all = places.iter().all(|place| !place.finds.contains(sabotage));
            for place in places.iter().filter(|place| all || place.finds.contains(sabotage)) {
                sheet.add(self.run_place(place, &binaries, Some(*sabotage))?);
            }
        }
        ensure!(!sheet.is_empty(), "no place of this campaign finds a sabotage out");
        println!("\nseed {}\n\n{sheet}", self.seed);
        Ok(sheet.all(|row| !row.is_well()))
    }

    fn run_place(&self, place: &Place, binaries: &Binaries, sabotage: Option<Sabotage>) -> Result<Row> {
        let setting = self.setting(binaries, place.faults);
        println!("{}: {} faults …", place.name, setting.faults);
        let outcome = (place.act)(&setting)?;
        println!("    {outcome}");
        Ok(Row { place: place.name, faults: setting.faults, sabotage, outcome })
    }

    fn setting<'a>(&self, binaries: &'a Binaries, faults: u32) -> Setting<'a> {
        Setting { binaries, faults: self.faults.unwrap_or(faults), seed: self.seed }
    }
}

/// Each sabotage that one of the places must find out, once.
fn share(places: &[&Place]) -> Vec<Sabotage> {
    let is_there = |sabotage: &Sabotage| places.iter().any(|place| place.finds.contains(sabotage));
    Sabotage::value_variants().iter().copied().filter(is_there).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sabotage_is_found_out_somewhere_and_every_campaign_finds_one() {
        let mut all = Vec::new();
        for name in Name::value_variants() {
            let share = share(&name.places().iter().collect::<Vec<_>>());
            assert!(!share.is_empty(), "a campaign that finds no sabotage out proves nothing");
            all.extend(share);
        }
        for sabotage in Sabotage::value_variants() {
            assert!(all.contains(sabotage), "{sabotage}");
        }
    }
}
