//! What the tests on a booted Debian need: the packages of the programs that the tests use, and a bare Debian to install them on.
//! Both lie in `appliance/` of the target folder, where the tests look for them.

use anyhow::{Result, ensure};
use nix::unistd::Uid;
use picket_lab::machine::root;

use crate::{
    builds::target_folder,
    package::{Build, earlier_package},
};

/// Gives what was made, in words.
pub(super) fn provide() -> Result<String> {
    ensure!(Uid::effective().is_root(), "systemd-nspawn needs root: run as root, or --without systemd");
    let folder = target_folder()?.join("appliance");
    let made = Build::for_tests()?.packages(&folder.join("packages"), None)?;
    let earlier = earlier_package(&folder.join("earlier"))?;
    root::provide(&folder)?;
    let earlier = earlier.file_name().unwrap_or_default().display();
    Ok(format!("{} packages, and {earlier} of an earlier commit", made.len()))
}
