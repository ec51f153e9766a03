//! The blocks of commands in the documentation, for the tests to run as they stand there. A block that no test runs says why above it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};

/// A block: its page, and what it begins with. One that no test runs would be an unused constant here.
pub(crate) type Block = (&'static str, &'static str);

pub(crate) const INSTALL: Block = ("install.md", "apt install --yes ./picket-agent");
pub(crate) const COMMAND_LINE: Block = ("install.md", "picketctl trust add");
pub(crate) const PORTAL: Block = ("install.md", "apt install --yes ./picket-portal");
pub(crate) const IMAGE_ROOT: Block = ("install.md", "install -D --target-directory image");
pub(crate) const IMAGE: Block = ("install.md", "systemctl stop picket-console");
pub(crate) const REMOVE: Block = ("install.md", "apt remove");
pub(crate) const PURGE: Block = ("install.md", "apt purge");
pub(crate) const FINISH_UPGRADE: Block = ("recovery.md", "dpkg --configure");
pub(crate) const ASK_TPM_AGAIN: Block = ("recovery.md", "systemctl restart picket-agent-key");
pub(crate) const RESET: Block = ("recovery.md", "picketctl reset");
pub(crate) const EXPORT: Block = ("picketctl.md", "picketctl alerts export");
pub(crate) const VERIFY: Block = ("picketctl.md", "picketctl verify");

const RUN: [Block; 12] = [
    INSTALL,
    COMMAND_LINE,
    PORTAL,
    IMAGE_ROOT,
    IMAGE,
    REMOVE,
    PURGE,
    FINISH_UPGRADE,
    ASK_TPM_AGAIN,
    RESET,
    EXPORT,
    VERIFY,
];

/// What a line of commands begins with, whether or not its block says that it is one.
const PROGRAMS: [&str; 12] = [
    "apt",
    "cargo",
    "chroot",
    "curl",
    "dpkg",
    "install",
    "picket-agent",
    "picket-console",
    "picket-portal",
    "picketctl",
    "systemctl",
    "xclip",
];
/// Stands above a block that no test runs, with the reason.
const NOT_RUN: &str = "<!-- not run: ";

/// The commands of a block.
pub(crate) fn block((page, beginning): Block) -> Result<String> {
    let text = fs::read_to_string(folder().join(page))?;
    let mut found =
        fenced(&text).into_iter().filter(|fenced| fenced.language == "sh" && fenced.text.starts_with(beginning));
    let first = found.next().with_context(|| format!("docs/{page} has no block {beginning}"))?;
    ensure!(found.next().is_none(), "docs/{page} has two blocks {beginning}");
    Ok(first.text.to_owned())
}

struct Fenced<'a> {
    /// The line above.
    above: &'a str,
    language: &'a str,
    text: &'a str,
}

impl Fenced<'_> {
    fn has_commands(&self) -> bool {
        self.language == "sh" || self.text.split_whitespace().next().is_some_and(|word| PROGRAMS.contains(&word))
    }
}

/// Between lines of three backquotes.
fn fenced(page: &str) -> Vec<Fenced<'_>> {
    let parts: Vec<&str> = page.split("```").collect();
    let pairs = parts.windows(2).step_by(2).filter_map(|pair| <[&str; 2]>::try_from(pair).ok());
    pairs
        .filter_map(|[before, inside]| {
            let (language, text) = inside.split_once('\n')?;
            let above = before.trim_end().lines().next_back().unwrap_or_default();
            Some(Fenced { above, language, text })
        })
        .collect()
}

fn folder() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../docs").into()
}

#[test]
fn each_block_of_commands_in_the_docs_is_run_or_says_why_not() -> Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let (name, text) = (path.file_name().unwrap_or_default().to_string_lossy(), fs::read_to_string(&path)?);
        for fenced in fenced(&text).iter().filter(|fenced| fenced.has_commands()) {
            let run = RUN.iter().any(|(page, beginning)| *page == name && fenced.text.starts_with(beginning));
            let says_why = fenced.above.starts_with(NOT_RUN);
            assert!(run != says_why, "docs/{name}: no test runs this, and nothing says why: {}", fenced.text);
            seen += 1;
        }
        // Commands are in blocks, where this test finds them.
        let indented = text.lines().find(|line| {
            line.starts_with("    ") && line.split_whitespace().next().is_some_and(|word| PROGRAMS.contains(&word))
        });
        assert_eq!(indented, None, "docs/{name}");
    }
    assert!(seen > RUN.len(), "{seen}");
    RUN.iter().try_for_each(|one| block(*one).map(drop))
}

#[test]
fn a_first_heartbeat_takes_few_commands() -> Result<()> {
    let commands = block(INSTALL)?.lines().count() + block(COMMAND_LINE)?.lines().count();
    assert!(commands <= 8, "{commands}");
    Ok(())
}
