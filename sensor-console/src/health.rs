//! `GET /healthz`: whether the console is up, which it shows by answering, and the agent behind it.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;

use crate::agent::Agent;

/// What the health page says. No name, no address: whoever asks has not signed in.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "agent", rename_all = "kebab-case")]
enum Health {
    /// The agent answers.
    Up {
        /// Its version.
        version: String,
    },
    /// It does not.
    Down {
        /// Why.
        why: String,
    },
}

pub(crate) fn router(agent: Agent) -> Router {
    Router::new().route("/healthz", get(healthz)).with_state(agent)
}

async fn healthz(State(agent): State<Agent>) -> (StatusCode, Json<Health>) {
    match agent.status().await {
        Ok(status) => (StatusCode::OK, Json(Health::Up { version: status.agent.version })),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Json(Health::Down { why: error.to_string() })),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixListener,
    };

    use super::*;

    const STATUS: &str = r#"{"appliance":"00000000000000000","epoch":0,"state":"unactivated","candidate":null,
        "retry":null,"proxy":null,"trusted":false,"agent":{"version":"1.2.3","uptime_seconds":1},
        "clock":{"wall":0,"floor":0,"drift_seconds":null},"upstream":null,"hub":null,"health":{},
        "alerts":{"source":"/var/log/suricata/eve.json","streams":[],"consumers":[],"counters":{}}}"#;

    /// An agent that gives one answer to the first request, whatever it is.
    async fn agent_that_answers(socket: &Path, status_line: &str, body: &str) {
        let listener = UnixListener::bind(socket).unwrap();
        let answer = format!("HTTP/1.1 {status_line}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
    }

    async fn health(socket: &Path) -> (StatusCode, Health) {
        let (status, Json(health)) = healthz(State(Agent::new(socket.to_owned()))).await;
        (status, health)
    }

    #[tokio::test]
    async fn is_up_when_the_agent_says_how_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        agent_that_answers(&socket, "200 OK", STATUS).await;
        assert_eq!(health(&socket).await, (StatusCode::OK, Health::Up { version: "1.2.3".into() }));
    }

    #[tokio::test]
    async fn is_down_when_nobody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let (status, health) = health(&folder.path().join("agent.sock")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(matches!(health, Health::Down { why } if why.contains("cannot be reached")));
    }

    #[tokio::test]
    async fn is_down_when_the_agent_is_of_another_version() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        agent_that_answers(&socket, "200 OK", "{}").await;
        let (status, health) = health(&socket).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(matches!(health, Health::Down { why } if why.contains("could not be understood")));
    }

    #[tokio::test]
    async fn is_down_when_the_agent_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        agent_that_answers(&socket, "503 Service Unavailable", "{}").await;
        assert_eq!(health(&socket).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
}
