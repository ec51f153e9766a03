//! `cargo xtask package`: the Debian packages, the same bytes from the same sources wherever they are built.

mod bill;
mod build;
mod check;
mod earlier;
mod surroundings;

use std::{fs, path::PathBuf};

use anyhow::Result;
use clap::Args;

use crate::{builds::root, packages};

pub(crate) use build::Build;
use build::NAMES;
pub(crate) use earlier::package as earlier_package;

#[derive(Args)]
pub(crate) struct Package {
    /// Where the packages and their bills of materials go
    #[arg(long, value_name = "FOLDER", default_value = "target/debian")]
    out: PathBuf,
    /// Build again from a clone in another folder, at another time, as another user, and compare the bytes
    #[arg(long)]
    check_reproducible: bool,
    /// One of them, in place of all
    #[arg(long, value_name = "NAME", value_parser = NAMES)]
    only: Option<String>,
    /// Of the programs as the tests build them: not for shipping
    #[arg(long, conflicts_with = "check_reproducible")]
    quick: bool,
    /// Install missing Debian packages without asking (also when CI is set)
    #[arg(long)]
    install: bool,
}

/// What makes packages, and what judges them.
const NEEDED: [&str; 2] = ["dpkg-dev", "lintian"];

impl Package {
    pub(crate) fn run(&self) -> Result<bool> {
        let missing = packages::provide(&NEEDED, self.install)?;
        if !missing.is_empty() {
            println!("missing: {}; --install installs what is missing", missing.join(" "));
            return Ok(false);
        }
        let out = root().join(&self.out);
        let made =
            if self.quick { Build::for_tests()? } else { Build::shipped()? }.packages(&out, self.only.as_deref())?;
        for package in &made {
            println!("{}  {} bytes", package.display(), fs::metadata(package)?.len());
        }
        let clean = check::lintian(&made)?;
        let small = self.quick || check::size(&made)?;
        let same = !self.check_reproducible || check::reproducible(&out, self.only.as_deref())?;
        Ok(clean && small && same)
    }
}
