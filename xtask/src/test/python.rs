//! Python for the tests: Debian's, in an environment of its own, with pinned packages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use picket_lab::process::run;

use crate::builds::{root, target_folder};

/// A script or a list of packages of the tests'.
pub(super) fn script(name: &str) -> PathBuf {
    root().join("tests/python").join(name)
}

/// The interpreter, with the packages of requirements.txt.
pub(super) fn with_packages() -> Result<PathBuf> {
    let python = interpreter()?;
    pip(&python, &["install", "--quiet", "-r"], &script("requirements.txt"))?;
    Ok(python)
}

/// axe-core, which looks at pages for what keeps people from reading them: from the package that a pinned digest names,
/// into `axe/` of the target folder, where the tests look for it. Nothing of it is shipped.
pub(super) fn provide_axe() -> Result<()> {
    let (python, folder) = (interpreter()?, target_folder()?.join("axe"));
    let installed = folder.join("package");
    let target = installed.to_string_lossy().into_owned();
    let how = ["install", "--quiet", "--no-deps", "--require-hashes", "--upgrade", "--target", &target, "-r"];
    pip(&python, &how, &script("axe.txt"))?;
    std::fs::copy(installed.join("axe_playwright_python/axe.min.js"), folder.join("axe.min.js"))?;
    Ok(())
}

/// Made once per target folder.
fn interpreter() -> Result<PathBuf> {
    let folder = target_folder()?.join("python");
    let python = folder.join("bin/python");
    if !python.exists() {
        run(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(&folder))?;
    }
    Ok(python)
}

fn pip(python: &Path, how: &[&str], list: &Path) -> Result<()> {
    run(Command::new(python).args(["-m", "pip", "--disable-pip-version-check"]).args(how).arg(list)).map(drop)
}
