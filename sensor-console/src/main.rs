//! picket-console: the sensor's web pages. So far one of them: whether console and agent are up.

mod agent;
mod health;

use std::{io::Write as _, net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::agent::Agent;

/// The sensor console.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = "/run/picket/agent.sock")]
    agent_socket: PathBuf,
    /// Where to listen; loopback only, since nobody signs in yet
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8470")]
    listen: SocketAddr,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.listen.ip().is_loopback(), "{} is not a loopback address", arguments.listen);
    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for a signal")?;
    writeln!(std::io::stdout(), "{}", serde_json::json!({ "ready": true, "listen": address.to_string() }))?;
    axum::serve(listener, health::router(Agent::new(arguments.agent_socket)))
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        })
        .await
        .context("the listener failed")
}
