//! The records that everybody is given: made once, on the disk before anything is measured.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use picket_lab::generator;

use super::far_end::driver;

/// A file of records.
pub(super) struct Records {
    path: PathBuf,
    pub(super) count: u64,
    bytes: u64,
}

impl Records {
    pub(super) fn write(path: &Path, count: u64) -> Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for id in 1..=count {
            file.write_all(&generator::line(id))?;
        }
        let file = file.into_inner()?;
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), count, bytes })
    }

    /// Bytes of a record, on average.
    pub(super) const fn mean(&self) -> u64 {
        self.bytes / self.count
    }

    /// The file appears at `at` as a whole, as another than what lay there: as after a rotation.
    pub(super) fn appear(&self, at: &Path) -> Result<()> {
        let draft = at.with_extension("draft");
        fs::hard_link(&self.path, &draft)?;
        Ok(fs::rename(draft, at)?)
    }

    /// How many of them bare SQLite makes durable in a second, in a database made for it.
    pub(super) fn bare(&self, database: &Path) -> Result<f64> {
        let output = driver()?.arg("bare").args([self.path.as_path(), database]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(database)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    }

    /// The file's content goes to the end of the one at `to`.
    pub(super) fn append(&self, to: &Path) -> Result<()> {
        let mut to = File::options().append(true).open(to)?;
        std::io::copy(&mut File::open(&self.path)?, &mut to)?;
        Ok(())
    }
}
