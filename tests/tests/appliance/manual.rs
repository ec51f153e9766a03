//! The commands of `docs/install.md`, block by block, for the tests to run as they stand there.

use std::fs;

use anyhow::{Context, Result};

/// Blocks by what they begin with. One that no test runs would be an unused constant here.
pub(crate) const INSTALL: &str = "apt install --yes ./picket-agent";
pub(crate) const COMMAND_LINE: &str = "picketctl trust add";
pub(crate) const PORTAL: &str = "apt install --yes ./picket-portal";
pub(crate) const IMAGE: &str = "systemctl stop picket-console";
pub(crate) const REMOVE: &str = "apt remove";
pub(crate) const PURGE: &str = "apt purge";

/// The block that begins so.
pub(crate) fn block(beginning: &str) -> Result<String> {
    let page = page()?;
    let found = blocks(&page).find(|block| block.starts_with(beginning)).map(str::to_owned);
    found.with_context(|| format!("docs/install.md has no block {beginning}"))
}

fn page() -> Result<String> {
    Ok(fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/install.md"))?)
}

fn blocks(page: &str) -> impl Iterator<Item = &str> {
    page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next())
}

#[test]
fn each_block_of_commands_in_the_docs_is_run() -> Result<()> {
    let page = page()?;
    for block in blocks(&page) {
        let known = [INSTALL, COMMAND_LINE, PORTAL, IMAGE, REMOVE, PURGE];
        assert!(known.iter().any(|beginning| block.starts_with(beginning)), "no test runs {block}");
    }
    Ok(())
}

#[test]
fn a_first_heartbeat_takes_few_commands() -> Result<()> {
    let commands = block(INSTALL)?.lines().count() + block(COMMAND_LINE)?.lines().count();
    assert!(commands <= 8, "{commands}");
    Ok(())
}
