//! A stand-in for the agent on its socket: answers what the test says, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

const RECORD: &str = "/v1/audit/people";

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) person: Option<String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Said {
    status: Value,
    answers: BTreeMap<(String, String), (u16, Value)>,
    asked: Vec<Asked>,
}

/// The stand-in.
#[derive(Clone)]
pub(crate) struct StubAgent(Arc<Mutex<Said>>);

impl StubAgent {
    pub(crate) fn activated(socket: &Path) -> Self {
        let active = json!({
            "activation": local_activation(),
            "committed_at": 1_700_000_100,
            "signer": "05".repeat(32),
            "signer_withdrawn": false,
            "proof": {"identity": {"step": "proved"}, "heartbeat": {"step": "proved"}, "hub": {"step": "proved"}},
        });
        Self::listen(socket, status(&json!({"state": "active", "active": active, "trusted": true, "setup": "done"})))
    }

    pub(crate) fn unactivated(socket: &Path) -> Self {
        Self::listen(socket, status(&json!({"state": "unactivated", "trusted": false, "setup": "waiting"})))
    }

    fn listen(socket: &Path, status: Value) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let agent = Self(Arc::new(Mutex::new(Said { status, ..Said::default() })));
        let serving = agent.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        agent
    }

    /// From now on the status has these fields.
    pub(crate) fn set(&self, fields: Value) {
        let Value::Object(fields) = fields else { panic!("fields") };
        let mut said = self.0.lock().unwrap();
        for (name, value) in fields {
            said.status[name] = value;
        }
    }

    /// From now on this is the answer.
    pub(crate) fn answers(&self, method: &str, path: &str, status: u16, answer: Value) {
        self.0.lock().unwrap().answers.insert((method.to_owned(), path.to_owned()), (status, answer));
    }

    /// What was asked that may change something.
    pub(crate) fn changes(&self) -> Vec<Asked> {
        let harmless = ["/v1/verify", "/v1/preview", RECORD];
        let said = self.0.lock().unwrap();
        let changes =
            |asked: &&Asked| asked.method != "GET" && !harmless.contains(&asked.path.split('?').next().unwrap());
        said.asked.iter().filter(changes).cloned().collect()
    }

    /// How often this was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.0.lock().unwrap().asked.iter().filter(|asked| asked.path == path).count()
    }

    /// What it was told to record: by whom, what, before, after.
    pub(crate) fn records(&self) -> Vec<(Option<String>, Value)> {
        let said = self.0.lock().unwrap();
        let records = said.asked.iter().filter(|asked| asked.path == RECORD);
        records.map(|asked| (asked.person.clone(), serde_json::from_slice(&asked.body).unwrap())).collect()
    }

    fn serve(&self, mut stream: UnixStream) {
        let Some(asked) = read(&mut stream) else { return };
        let (status, answer) = {
            let mut said = self.0.lock().unwrap();
            said.asked.push(asked.clone());
            let path = asked.path.split('?').next().unwrap().to_owned();
            match said.answers.get(&(asked.method.clone(), path.clone())) {
                Some(answer) => answer.clone(),
                None if path == "/v1/status" => (200, said.status.clone()),
                None if path == "/v1/alerts/search" => (200, json!({"alerts": [], "next": null})),
                None if path == "/v1/status/follow" => (200, said.status.clone()),
                None if path == RECORD => (200, Value::Null),
                None if asked.method == "GET" => (200, json!([])),
                None => (404, problem("request.not-found", "Not found")),
            }
        };
        // With a line end: what is followed comes in lines.
        let body = format!("{answer}\n");
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    }
}

fn read(stream: &mut UnixStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    let length: usize = field("content-length:").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + 4 + length {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
    let mut line = head.lines().next()?.split(' ');
    let (method, path) = (line.next()?.to_owned(), line.next()?.to_owned());
    Some(Asked { method, path, person: field("picket-person:"), body: bytes[end + 4..].to_vec() })
}

/// A refusal as the agent words it.
pub(crate) fn problem(code: &str, title: &str) -> Value {
    json!({
        "type": format!("urn:picket:refusal:{code}"), "code": code, "title": title, "status": 404, "detail": title,
        "found": [], "next": [],
    })
}

fn status(state: &Value) -> Value {
    let mut status = json!({
        "appliance": "00000000000000000", "epoch": 1, "candidate": null, "retry": null, "proxy": null,
        "agent": {"version": "1.2.3", "uptime_seconds": 1},
        "clock": {"wall": 1_800_000_000, "floor": 1_700_000_000, "drift_seconds": null},
        "upstream": null, "hub": null, "health": {}, "addresses": [],
        "alerts": {"source": "/var/log/suricata/eve.json", "streams": [], "consumers": [], "counters": {}},
    });
    for (name, value) in state.as_object().unwrap() {
        status[name] = value.clone();
    }
    status
}

/// An activation as the agent shows it.
pub(crate) fn local_activation() -> Value {
    json!({
        "issuer": "01".repeat(32), "sensor": "02020202-0202-0202-0202-020202020202", "serial": 7,
        "cti": "03030303-0303-0303-0303-030303030303", "issued_at": 1_700_000_000, "name": "Pump house 3",
        "subscription": {"id": "04040404-0404-0404-0404-040404040404", "name": "Waterworks"},
        "site": "Nord", "zone": null, "tags": {}, "licence_until": null,
        "mode": "locally-managed", "management_console": null,
    })
}

/// A preview of it.
pub(crate) fn preview() -> Value {
    json!({
        "sentence": "This sensor will become Pump house 3.", "manner": "at-once", "activation": local_activation(),
        "signer": "05".repeat(32), "upload_until": 1_900_000_000, "changes": [], "stays": [], "stops": [],
        "firewall": [], "warnings": [],
    })
}
