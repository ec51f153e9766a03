//! Fault points: only in builds with debug assertions, which are never shipped. Root asks a running agent to misbehave.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{TcpStream, UdpSocket},
    process::Command as Program,
    sync::Arc,
};

use axum::{Router, extract::State, response::Response, routing::post};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::{
    LocalApi,
    answer::{self, Refused},
};
use crate::service::Command;

pub(super) fn routes() -> Router<Arc<LocalApi>> {
    Router::new().route("/v1/fault-points/hang-core", post(hang_core)).route("/v1/fault-points/probe", post(probe))
}

/// The task that owns the state waits forever; all others live on.
async fn hang_core(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&api.service.ask(Command::HangCore).await?))
}

/// What the running agent, as confined as it is, can do of what it must not.
async fn probe() -> Response {
    let tries: [(&str, io::Result<()>); 6] = [
        ("read-home", fs::read("/home/olga/secret").map(drop)),
        ("write-etc", fs::write("/etc/picket/probe", "")),
        (
            "raw-socket",
            socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), None).map(drop).map_err(Into::into),
        ),
        ("shell", Program::new("/usr/bin/sh").args(["-c", "true"]).status().map(drop)),
        ("connect", TcpStream::connect("127.0.0.1:443").map(drop)),
        (
            "ask-for-a-name",
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"?", "127.0.0.1:53")).map(drop),
        ),
    ];
    let said =
        |outcome: io::Result<()>| outcome.map_or_else(|error| format!("refused: {error}"), |()| "allowed".into());
    answer::value(&tries.into_iter().map(|(what, outcome)| (what, said(outcome))).collect::<BTreeMap<_, String>>())
}
