//! Landlock: the agent writes to its own folders and nowhere else. Reading stays open; the unit narrows that.

use std::{fs, path::PathBuf};

use landlock::{
    ABI, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, path_beneath_rules,
};

use crate::config::{Config, EngineSource};

/// What newer kernels know beyond it is not asked for; what older ones do not know is left out.
const KNOWN: ABI = ABI::V5;

pub(super) fn keep_to(config: &Config) -> Result<(), RulesetError> {
    // A rule holds for a folder that is there. What cannot be made now is not written to either.
    let _ = picket_durable::create_private_folder(&config.state_directory);
    let _ = fs::create_dir_all(&config.runtime_directory);
    let writing = AccessFs::from_write(KNOWN);
    let status = Ruleset::default()
        .handle_access(writing)?
        .create()?
        .add_rules(path_beneath_rules(folders(config), writing))?
        .restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        tracing::info!("this kernel has no Landlock");
    }
    Ok(())
}

fn folders(config: &Config) -> Vec<PathBuf> {
    let mut folders = vec![config.state_directory.clone(), config.runtime_directory.clone()];
    folders.extend(config.issue_file.parent().map(Into::into));
    if let EngineSource::Socket(socket) = &config.alerts.source {
        folders.extend(socket.parent().map(Into::into));
    }
    folders
}
