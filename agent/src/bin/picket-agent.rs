//! The daemon of a Picket sensor: reads its arguments and settings, then runs.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use picket_agent::{
    arguments::{Arguments, Command},
    config::Config,
    logging, memory,
    run::run,
    sandbox::{self, NetworkSeal},
};

fn main() -> Result<()> {
    memory::share_one_heap();
    let arguments = Arguments::parse();
    let config = Config::load(&arguments.config)?;
    if matches!(arguments.command, Some(Command::Validate)) {
        return Ok(());
    }
    logging::start();
    sandbox::confine(&config);
    // One thread does everything; names are resolved on another, which is gone a second later.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_all()
        .max_blocking_threads(4)
        .thread_stack_size(512 * 1024)
        .thread_keep_alive(Duration::from_secs(1));
    let runtime = runtime.build().context("cannot start")?;
    let result = runtime.block_on(run(&config, NetworkSeal::new(arguments.seal_network)));
    // A name that is still being resolved must not hold up the stop.
    runtime.shutdown_background();
    Ok(result?)
}
