//! The daemon of a Picket sensor: checks its settings, opens its state, listens, is READY, and serves until told to stop.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use nix::unistd::Uid;
use picket_agent::{
    appliance_id::{Sources, appliance_id},
    check,
    config::Config,
    identity::Identities,
    local_api::{self, Grants, LocalApi},
    logging,
    service::{self, Service, Startup},
    shell::Shell,
    socket,
    stop::Stop,
    store::{Opened, Places, Store},
    trust_directory::trust_files,
    upstream::Upstreams,
};
use sd_notify::NotifyState;

/// The agent of a Picket sensor.
#[derive(Debug, Parser)]
#[command(name = "picket-agent", version)]
struct Arguments {
    /// The settings.
    #[arg(long, global = true, default_value = "/etc/picket/agent.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the settings, print what is wrong with them, change nothing.
    Validate,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let config = Config::load(&arguments.config)?;
    if matches!(arguments.command, Some(Command::Validate)) {
        return Ok(());
    }
    logging::start();
    // One thread does everything; names are resolved on another, which is gone a second later.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_all()
        .max_blocking_threads(4)
        .thread_stack_size(512 * 1024)
        .thread_keep_alive(Duration::from_secs(1));
    let runtime = runtime.build().context("cannot start")?;
    let result = runtime.block_on(run(&config));
    // A name that is still being resolved must not hold up the stop.
    runtime.shutdown_background();
    result
}

async fn run(config: &Config) -> Result<()> {
    // What lies on disk. No network, no name, no clock is needed to be READY.
    socket::make_runtime_directory(config).context("cannot make the runtime directory")?;
    let places = Places { state: config.state_directory.clone(), runtime: config.runtime_directory.clone() };
    let Opened { store, state } = Store::open(places, &service::readable)?;
    let sources = Sources::of_this_machine(config.appliance_id_file.clone());
    let (appliance, source) = appliance_id(&config.state_directory, &sources)?;
    tracing::info!(%appliance, %source, version = env!("CARGO_PKG_VERSION"), "starting");

    // Who owns the state, and what it acts with.
    let identities = Identities::in_state_directory(&config.state_directory);
    let shell = Shell::new(store, identities.clone(), Upstreams::new(identities, config.greeting()));
    let trust_files = trust_files(&config.trust_directory);
    let (service, handle) =
        Service::new(shell, Startup { state, appliance, settings: config.lifecycle(), trust_files })?;

    // Who may speak to it.
    let stop = Stop::at_signals()?;
    let grants = Grants { agent: Uid::effective(), console: config.console_user };
    let api = LocalApi::new(handle, grants, check::checker(config.greeting()), config.shown());
    let listener = socket::listen(config).with_context(|| format!("cannot listen on {}", config.socket().display()))?;
    sd_notify::notify(&[NotifyState::Ready])?;
    tracing::info!(socket = %config.socket().display(), "ready");

    tokio::join!(service.run(stop.clone().wait()), local_api::serve(listener, api, stop.wait()));
    tracing::info!("stopped");
    Ok(())
}
