//! Runs cargo, with its progress on the terminal.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

/// The repository's root, as the cargo that runs this program names it: a clone may have been moved since the build.
pub(crate) fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The cargo that started this program, at the repository's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Every package but this one. Demo and tests build by the same words, so that cargo chooses the same features for both
/// and builds once; this program is left out, since it runs.
pub(crate) const ALL_BUT_XTASK: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// Builds in a profile what `selection` selects.
pub(crate) fn build(profile: &str, selection: &[&str]) -> Result<()> {
    let mut command = cargo(&["build", "--profile", profile]);
    let status = command.args(selection).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

/// The folder that all profiles' folders lie in.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let program = env::current_exe().context("the path of this program is unknown")?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program lies in no target folder")
}
