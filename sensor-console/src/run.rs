//! Opens the state, listens, says that it is ready, serves, and drains when told to stop.

use std::{io::Write as _, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use picket_guard::listen;
use sd_notify::NotifyState;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::{
    accounts::{Accounts, hash::PasswordHash},
    agent::Agent,
    audit::Audit,
    clock,
    console::{Console, Shared},
    first_sign_in::Notes,
    follow::Follow,
    guard::attempts::Attempts,
    pages,
    serve::serve,
    sessions::Sessions,
    settings::Settings,
    tls,
    uploads::UploadSeats,
};

/// Runs the console until it is told to stop.
///
/// # Errors
/// When state or port cannot be had.
pub async fn run(settings: Settings) -> Result<()> {
    let address = settings.listen;
    let listener = listen::passed_or_at(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let console = open(settings)?;
    let tls = tls::server_config(Arc::clone(&console.certificate)).context("no TLS")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for a signal")?;
    let (stop, stopped) = watch::channel(false);
    let router = pages::router(Arc::clone(&console));
    say_ready(&listener, &console)?;
    tokio::spawn(settle_setup(Arc::clone(&console)));
    let serving = tokio::spawn(serve(listener, tls, router, stopped));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    stop.send_replace(true);
    serving.await.context("the listener failed")
}

fn open(settings: Settings) -> Result<Shared> {
    let folder = settings.state_directory.clone();
    picket_durable::create_private_folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let agent = Agent::new(settings.agent_socket.clone());
    Ok(Arc::new(Console {
        audit: Audit::new(agent.clone()),
        follow: Follow::new(agent.clone()),
        agent,
        accounts: Accounts::open(&folder)?,
        sessions: Sessions::default(),
        attempts: Attempts::default(),
        uploads: UploadSeats::default(),
        certificate: tls::open(&folder, &host, clock::build_date())?,
        notes: Notes::open(&folder)?,
        settings,
        nobody: PasswordHash::of_nobody(),
    }))
}

/// Whoever was made admin before a kill is told to the agent, which then forgets the setup code.
async fn settle_setup(console: Shared) {
    let mut pause = Duration::from_secs(1);
    while let Err(error) = pages::setup::settle(&console).await {
        tracing::debug!(%error, "the agent cannot be told yet that there is an admin");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(60));
    }
}

/// For systemd, and for whoever started it by hand with port 0.
fn say_ready(listener: &TcpListener, console: &Console) -> Result<()> {
    let address = listener.local_addr().context("the listener has no address")?;
    let line = serde_json::json!({
        "ready": true,
        "url": format!("https://{address}"),
        "fingerprint": console.certificate.fingerprint(),
    });
    writeln!(std::io::stdout(), "{line}").context("cannot write")?;
    tracing::info!(%address, "ready");
    if let Err(error) = sd_notify::notify(&[NotifyState::Ready]) {
        tracing::warn!(%error, "systemd was not told");
    }
    Ok(())
}
