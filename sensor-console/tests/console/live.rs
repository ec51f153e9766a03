//! Overview while somebody looks: what changes comes by itself, and the agent is asked by one question for all.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::rig::{Browser, Console, local_activation};

const OVERVIEW: &str = "/events/overview";
const PROGRESS: &str = "/events/progress";

/// A person's open stream of events.
struct Looking {
    stream: rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream>,
    seen: String,
}

impl Looking {
    fn begin(browser: &Browser, events: &str) -> Self {
        let mut stream = browser.wire.open();
        stream.write_all(format!("{}\r\n", browser.head("GET", events, &[])).as_bytes()).unwrap();
        stream.flush().unwrap();
        Self { stream, seen: String::new() }
    }

    /// Reads on until this was seen; the wire's own patience ends it.
    fn until(&mut self, wanted: &str) {
        let mut buffer = [0; 16 * 1024];
        while !self.seen.contains(wanted) {
            let count = self.stream.read(&mut buffer).unwrap();
            assert!(count > 0, "the stream ended before {wanted}: {}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }
}

#[test]
fn what_changes_is_seen_by_all_who_look_and_asked_for_once() {
    let console = Console::in_use();
    let browser = console.signed_in("vic");
    let mut looking: Vec<_> = (0..16).map(|_| Looking::begin(&browser, OVERVIEW)).collect();
    for one in &mut looking {
        one.until("data-epoch=\"1\"");
    }
    let before = console.agent.asked("/v1/status/follow");
    console.agent.set(json!({"epoch": 2}));
    for one in &mut looking {
        one.until("data-epoch=\"2\"");
    }
    // The stand-in ends each answer after one line, so that it is asked again; but not by each who looks.
    let asked = console.agent.asked("/v1/status/follow") - before;
    assert!(asked < looking.len(), "{asked} questions for {} who look", looking.len());
}

#[test]
fn a_stream_ends_with_its_session() {
    let console = Console::in_use();
    let mut browser = console.signed_in("vic");
    let mut looking = Looking::begin(&browser, OVERVIEW);
    looking.until("event: part");
    browser.post("/sign-out", &[]);
    console.agent.set(json!({"epoch": 3}));
    looking.until("event: gone");
}

#[test]
fn an_activation_is_seen_to_come_along_and_its_page_given_up_when_there_is_none() {
    let console = Console::in_use();
    let mut browser = console.signed_in("mira");
    let active = |hub: &str| {
        let mut activation = local_activation();
        activation["mode"] = json!("cloud-connected");
        activation["portal"] = json!("https://portal.example");
        activation["hub"] = json!({"kind": "https", "url": "https://hub.example"});
        activation["automatic_ti"] = json!(false);
        let (proved, hub) = (json!({"step": "proved"}), json!({"step": hub}));
        json!({"active": {
            "activation": activation, "committed_at": 1_700_000_100, "signer": "05".repeat(32),
            "signer_withdrawn": false, "proof": {"identity": proved, "heartbeat": proved, "hub": hub},
        }})
    };
    console.agent.set(active("waiting"));
    let page = browser.get("/first-sign-in/activation/progress");
    assert!(page.body.contains("data-live=\"/events/progress\"") && page.body.contains("data-load-again"));
    let mut looking = Looking::begin(&browser, PROGRESS);
    looking.until("data-state=\"under-way\"");
    console.agent.set(active("proved"));
    looking.until("data-state=\"proved\"");
    console.agent.set(json!({"state": "unactivated"}));
    looking.until("event: gone");
    let page = browser.get("/first-sign-in/activation/progress");
    assert_eq!(page.header("location"), Some("/first-sign-in/activation"));
}

#[test]
fn who_looks_is_told_when_the_agent_has_long_been_silent() {
    let console = Console::in_use();
    let mut browser = console.signed_in("vic");
    let mut looking = Looking::begin(&browser, OVERVIEW);
    looking.until("event: part");
    std::fs::remove_file(console.folder.path().join("agent.sock")).unwrap();
    looking.until("event: gone");
    assert!(browser.get("/").body.contains("data-refusal=\"console.no-agent\""));
}
