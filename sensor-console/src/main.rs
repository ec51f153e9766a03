//! picket-console: reads its arguments and settings, then serves.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use picket_console::{
    PAGES, logging,
    run::run,
    settings::{Arguments, Settings},
};

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.pages {
        let mut out = std::io::stdout().lock();
        return PAGES.iter().try_for_each(|page| writeln!(out, "{}", page.to_json())).context("cannot write");
    }
    let settings = Settings::load(&arguments)?;
    logging::start();
    // One thread serves; another hashes passwords and writes files, and is gone a second later.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_all()
        .max_blocking_threads(4)
        .thread_stack_size(512 * 1024)
        .thread_keep_alive(std::time::Duration::from_secs(1));
    let runtime = runtime.build().context("cannot start")?;
    let result = runtime.block_on(run(settings));
    runtime.shutdown_background();
    result
}
