//! A console on a private folder with a stand-in for the agent, and a browser without scripts.

mod agent;
mod browser;
mod wire;

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use picket_console::accounts::{Account, Accounts, PersonName, Role, hash::PasswordHash};
use picket_protocol::time::UnixSeconds;
use serde_json::json;
use tempfile::TempDir;

pub(crate) use self::{
    agent::{StubAgent, local_activation, preview},
    browser::Browser,
    wire::{Answer, Wire, read},
};

pub(crate) const PASSWORD: &str = "three grey pumps hum";

/// A running console.
pub(crate) struct Console {
    pub(crate) address: SocketAddr,
    pub(crate) agent: StubAgent,
    pub(crate) folder: TempDir,
    child: Child,
}

impl Console {
    /// With an admin `mira`, an analyst `ana` and a viewer `vic`, on an activated sensor.
    pub(crate) fn in_use() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        std::fs::create_dir(&state).unwrap();
        let accounts = Accounts::open(&state).unwrap();
        let password = PasswordHash::of(PASSWORD);
        let account = |name: &str, role| Account {
            name: PersonName::try_from(name.to_owned()).unwrap(),
            role,
            password: password.clone(),
            password_since: UnixSeconds(1_700_000_000),
        };
        accounts.begin_with(account("mira", Role::Admin)).unwrap();
        accounts.add(account("ana", Role::Analyst)).unwrap();
        accounts.add(account("vic", Role::Viewer)).unwrap();
        std::fs::write(state.join("first-sign-in.json"), br#"{"certificate_settled":true}"#).unwrap();
        Self::start(folder, StubAgent::activated)
    }

    /// Nobody has an account, and the sensor is nobody's.
    pub(crate) fn new_sensor() -> Self {
        Self::start(tempfile::tempdir().unwrap(), StubAgent::unactivated)
    }

    fn start(folder: TempDir, agent: impl FnOnce(&std::path::Path) -> StubAgent) -> Self {
        let agent = agent(&folder.path().join("agent.sock"));
        let (child, address) = spawn(&folder);
        Self { address, agent, folder, child }
    }

    /// Kills it and starts it again on the same folder.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.address) = spawn(&self.folder);
    }

    /// Somebody who has not signed in.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(Wire::to(self.address))
    }

    /// Somebody who has.
    pub(crate) fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.stranger();
        assert_eq!(browser.sign_in(name, PASSWORD).status, 303, "{name} cannot sign in");
        browser
    }

    /// The admin `mira` of a sensor that trusts somebody and is not activated yet.
    pub(crate) fn admin_of_new_sensor(&self) -> Browser {
        self.agent.answers("POST", "/v1/setup-code", 200, json!({}));
        self.agent.answers("POST", "/v1/setup-code/done", 200, json!({}));
        let fields = [("code", "ACDE"), ("name", "mira"), ("password", PASSWORD), ("again", PASSWORD)];
        let mut browser = self.stranger();
        assert_eq!(browser.post_bare("/first-sign-in", &fields, &[]).status, 303);
        self.agent.set(json!({"setup": "done", "trusted": true}));
        browser.get("/account");
        browser
    }

    /// A line of `/proc/PID/status` in KiB.
    pub(crate) fn kibibytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &TempDir) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_picket-console"))
        .args(["--listen", "0.0.0.0:0", "--config"])
        .arg(folder.path().join("console.toml"))
        .arg("--agent-socket")
        .arg(folder.path().join("agent.sock"))
        .arg("--state")
        .arg(folder.path().join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = ready["url"].as_str().unwrap();
    let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
    (child, SocketAddr::from(([127, 0, 0, 1], port)))
}
