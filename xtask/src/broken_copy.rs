//! A copy of the source with something broken in it on purpose: what does not find that out proves nothing. The source
//! itself is never touched.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::builds::{root, target_folder};

/// Text of a source file that occurs once in it, and what it is replaced by.
pub(crate) struct Cut {
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

/// The copy and its target folder, both kept, so that the next build is short.
pub(crate) struct BrokenCopy {
    source: PathBuf,
    target: PathBuf,
}

impl BrokenCopy {
    /// The source as it is, but for these cuts.
    pub(crate) fn with(cuts: &[Cut]) -> Result<Self> {
        let folder = target_folder()?.join("sabotage");
        let copy = Self { source: folder.join("source"), target: folder.join("target") };
        copy_tracked_files(&copy.source, cuts)?;
        Ok(copy)
    }

    /// Cargo in it.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command.args(arguments).current_dir(&self.source).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Where its programs are.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target.join("debug")
    }
}

/// The text of a file with the cuts that are in it.
pub(crate) fn cut(text: &str, cuts: &[&Cut]) -> Result<String> {
    cuts.iter().try_fold(text.to_owned(), |text, cut| {
        ensure!(text.matches(cut.from).count() == 1, "{} has no longer one place to break: {}", cut.file, cut.from);
        Ok(text.replace(cut.from, cut.to))
    })
}

/// Copies what differs only: cargo builds anew what was written.
fn copy_tracked_files(source: &Path, cuts: &[Cut]) -> Result<()> {
    let list = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().context("cannot run git")?;
    ensure!(list.status.success(), "git does not list the source");
    for name in list.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(OsStr::from_bytes(name)), source.join(OsStr::from_bytes(name)));
        if !from.exists() {
            // Moved, and not committed yet.
            let _ = fs::remove_file(&to);
            continue;
        }
        let mut content = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        let own: Vec<_> = cuts.iter().filter(|cut| cut.file.as_bytes() == name).collect();
        if !own.is_empty() {
            content = cut(std::str::from_utf8(&content)?, &own)?.into_bytes();
        }
        if fs::read(&to).is_ok_and(|present| present == content) {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::write(&to, content)?;
    }
    Ok(())
}
