//! The run of the agent, from its settings to its stop, as a table of contents.

use std::io;

use nix::unistd::Uid;
use picket_lifecycle::{State, settings::Settings};
use picket_protocol::refusal::Refusal;
use sd_notify::NotifyState;
use tokio::sync::oneshot;

use crate::{
    alerts::Alerts,
    appliance_id::{Named, Sources, appliance_id},
    check,
    config::Config,
    delivery::Credentials,
    identity::{Identities, Seal},
    issue_file::IssueFile,
    local_api::{self, Grants, LocalApi},
    sandbox::NetworkSeal,
    service::{self, Feeds, Service, Startup},
    setup_code,
    shell::Shell,
    socket,
    stop::Stop,
    store::{Opened, Places, Store},
    trust_directory::trust_files,
    upstream::Upstreams,
    watchdog::Watchdog,
};

/// Why the agent did not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// Another agent holds the state, or the state cannot be used at all.
    #[error("cannot use the control state: {0}")]
    State(Refusal),
    /// The operating system refused something.
    #[error("cannot {what}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// Runs the agent until it is told to stop. Needs no network, no name and no right clock to be READY.
///
/// # Errors
/// [`NotStarted`]; once READY, nothing ends it but a signal.
pub async fn run(config: &Config, seal: NetworkSeal) -> Result<(), NotStarted> {
    let system = |what| move |source| NotStarted::System { what, source };

    // 1. What lies on disk.
    socket::make_runtime_directory(config).map_err(system("make the runtime directory"))?;
    let places = Places { state: config.state_directory.clone(), runtime: config.runtime_directory.clone() };
    let Opened { store, state } = Store::open(places, &service::readable).map_err(NotStarted::State)?;
    let mut state = service::load(state.as_deref()).map_err(NotStarted::State)?;
    let sources = Sources::of_this_machine(config.appliance_id_file.clone());
    let named = appliance_id(&config.state_directory, &sources, state.epochs().is_empty());
    let Named { id: appliance, source, moved } = named.map_err(system("find an appliance id"))?;
    tracing::info!(%appliance, %source, version = env!("CARGO_PKG_VERSION"), "starting");

    // 2. Who owns the state, and what it acts with.
    let identities = Identities::in_state_directory(&config.state_directory, Seal::of_this_machine());
    if moved {
        tracing::warn!("this disk was another machine's and never activated: its setup code and keys are forgotten");
        identities.erase_all();
        state = State::default();
    }
    let (feeds, alert_feeds) = Feeds::of(&state);
    let credentials = Credentials { identities: identities.clone(), greeting: config.greeting() };
    let alerts = Alerts::start(&config.alerts, &config.state_directory, credentials, service::boot_id(), alert_feeds);
    let upstreams = Upstreams::new(identities.clone(), config.greeting());
    let issue = IssueFile::at(config.issue_file.clone());
    let shell = Shell::new(store, identities, upstreams, alerts.clone(), issue, config.state_directory.clone());
    let trust_files = trust_files(&config.trust_directory);
    let watchdog = Watchdog::of_unit();
    let settings = Settings { setup_code: setup_code::of_vendor(&config.setup_code_file), ..config.lifecycle() };
    let startup = Startup { state, feeds, appliance, settings, trust_files, watchdog, seal };
    let (service, handle) = Service::new(shell, startup);

    // 3. Who may speak to it.
    let stop = Stop::at_signals().map_err(system("catch the signals to stop"))?;
    let grants = Grants { agent: Uid::effective(), console: config.console_user };
    let api = LocalApi::new(handle, grants, check::checker(config.greeting()), config.shown(), alerts.clone());
    let listener = socket::listen(config).map_err(system("listen on the local socket"))?;

    // 4. READY: before the first packet.
    if let Err(error) = sd_notify::notify(&[NotifyState::Ready]) {
        // A socket inherited from somebody else's service must not keep a sensor from working.
        tracing::warn!(%error, "systemd could not be told");
    }
    tracing::info!(socket = %config.socket().display(), "ready");
    // The service stops last: whoever asked before the stop gets its answer, and whoever asks later is the next agent's.
    let (answering, all_answered) = oneshot::channel::<()>();
    let serving = async {
        local_api::serve(listener, api, stop.clone().wait()).await;
        drop(answering);
    };
    tokio::join!(service.run(|| stop.ask(), async { drop(all_answered.await) }), serving);

    // 5. Stopped: what flowed comes to rest.
    alerts.stop().await;
    tracing::info!("stopped");
    Ok(())
}
