//! picketctl and an agent.

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Command,
};

use picket_protocol::{
    alerts::{AlertId, DropReason, Severity, UnixMillis},
    ids::{Epoch, StreamId},
    local_api::{
        AlertVerification, AlertView, CheckLine, CheckStep, EndpointRole, Progress, ProofStep, StepResult,
        StreamVerification,
    },
    refusal::Refusal,
    wire::MAX_ARMOURED,
};

use crate::{
    agent::{Agent, json, run},
    answers::{accepted, active, not_proved, unactivated, with_candidate},
};

const UPLOAD: &str = "POST /v1/activation?start=proved&override_window=false";

#[test]
fn json_is_what_the_agent_answered_to_the_byte() {
    let odd = br#"{ "name" :"x",   "new-in-a-later-version": [1] }"#;
    let agent = Agent::with(vec![("GET /v1/status", 200, odd.to_vec())]);
    let ended = agent.run(&["--json", "status"]);
    assert_eq!((ended.code, ended.out.as_bytes().strip_suffix(b"\n")), (0, Some(&odd[..])));
}

#[test]
fn status_says_what_is_so_and_then_what_to_do() {
    let agent = Agent::with(vec![json("GET /v1/status", 200, &unactivated())]);
    let ended = agent.run(&["status"]);
    assert_eq!(ended.code, 0);
    assert!(ended.out.starts_with("This sensor is not activated.\nUpload an activation file:"), "{}", ended.out);
    let agent = Agent::with(vec![json("GET /v1/status", 200, &active())]);
    let out = agent.run(&["status"]).out;
    assert!(out.starts_with("Activated as Pump house 3 in subscription Waterworks, cloud-connected.\n"), "{out}");
    assert!(out.contains("Connected to the portal https://portal.example; last answer 10 s ago"), "{out}");
    assert!(!out.contains('\u{1b}'), "no terminal, no colours");
}

#[test]
fn refusal_is_shown_in_full_and_exits_three() {
    let problem = Refusal::NameFixed.problem();
    let agent = Agent::with(vec![json("PUT /v1/name", 409, &problem)]);
    let ended = agent.run(&["name", "Pump house 4"]);
    assert_eq!((ended.code, ended.out.as_str()), (3, ""));
    assert!(ended.err.starts_with("The portal names this sensor.\nWhat to do next:\n  1. "), "{}", ended.err);
    assert!(ended.err.ends_with("Code: name.fixed\n"), "{}", ended.err);
    let ended = agent.run(&["--json", "name", "Pump house 4"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&ended.out).unwrap()["code"], "name.fixed");
    assert_eq!((ended.code, ended.err.as_str()), (3, ""));
}

#[test]
fn agent_that_does_not_run_exits_four_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(&folder.path().join("agent.sock"), &["status"], b"");
    assert_eq!(ended.code, 4);
    assert!(ended.err.contains("systemctl status picket-agent"), "{}", ended.err);
}

#[test]
fn command_line_that_is_not_understood_exits_two() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["frobnicate"][..], &["reset"], &["candidate", "perhaps"], &["proxy", "set"]] {
        assert_eq!(run(folder.path(), arguments, b"").code, 2, "{arguments:?}");
    }
}

#[test]
fn upload_is_the_file_byte_for_byte_from_disk_or_pipe() {
    let answer = vec![json(UPLOAD, 202, &accepted(Progress::Candidate))];
    let agent = Agent::with(answer.clone());
    let file = agent.file("a.activation", b"\xd9\xd9\xf7 bytes");
    assert_eq!(agent.run(&["activate", &file]).code, 0);
    assert_eq!(agent.asked(), [(UPLOAD.to_owned(), b"\xd9\xd9\xf7 bytes".to_vec())]);
    let agent = Agent::with(answer);
    assert_eq!(run(&agent.socket(), &["activate", "-"], b"-----BEGIN").code, 0);
    assert_eq!(agent.asked(), [(UPLOAD.to_owned(), b"-----BEGIN".to_vec())]);
}

#[test]
fn order_goes_with_the_upload() {
    let path = "POST /v1/activation?start=now&override_window=true";
    let agent = Agent::with(vec![json(path, 202, &accepted(Progress::AlreadyActive))]);
    let file = agent.file("a.activation", b"bytes");
    let ended = agent.run(&["activate", &file, "--now", "--override-window", "--yes"]);
    assert_eq!((ended.code, agent.asked().len()), (0, 1));
    assert!(ended.out.contains("in force already"), "{}", ended.out);
}

#[test]
fn file_that_is_too_large_is_refused_without_the_agent() {
    let agent = Agent::with(vec![]);
    let file = agent.file("a.activation", &vec![0; MAX_ARMOURED + 1]);
    for ended in [agent.run(&["activate", &file]), run(&agent.socket(), &["activate", "-"], &vec![0; MAX_ARMOURED + 1])]
    {
        assert_eq!(ended.code, 3);
        assert!(ended.err.contains("activation.too-large"), "{}", ended.err);
    }
    assert!(agent.asked().is_empty());
}

#[test]
fn file_that_is_not_there_exits_one() {
    let agent = Agent::with(vec![]);
    let ended = agent.run(&["activate", "/nonexistent/a.activation"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.starts_with("Cannot read /nonexistent/a.activation: No such file"), "{}", ended.err);
}

#[test]
fn waiting_ends_when_the_activation_is_in_force_and_proved() {
    let failed = ProofStep::Failed { problem: Refusal::Rejected { status: 403 }.problem() };
    let agent = Agent::with(vec![
        json(UPLOAD, 202, &accepted(Progress::Candidate)),
        json("GET /v1/status", 200, &with_candidate(ProofStep::Waiting)),
        json("GET /v1/status", 200, &with_candidate(failed)),
        json("GET /v1/status", 200, &active()),
    ]);
    let file = agent.file("a.activation", b"bytes");
    let ended = agent.run(&["activate", &file, "--wait", "60"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let seen: Vec<usize> = ["waiting  The portal accepts a heartbeat", "portal.rejected", "In force."]
        .iter()
        .map(|text| ended.out.find(text).unwrap_or_else(|| panic!("{text} is not in {}", ended.out)))
        .collect();
    assert!(seen.is_sorted(), "{}", ended.out);
}

#[test]
fn waiting_in_vain_exits_five() {
    let agent = Agent::with(vec![
        json(UPLOAD, 202, &accepted(Progress::Candidate)),
        json("GET /v1/status", 200, &with_candidate(ProofStep::Waiting)),
    ]);
    let file = agent.file("a.activation", b"bytes");
    let ended = agent.run(&["activate", &file, "--wait", "0"]);
    assert_eq!(ended.code, 5, "{}{}", ended.out, ended.err);
}

#[test]
fn activation_that_falls_back_exits_five_and_says_why() {
    let agent = Agent::with(vec![
        json(UPLOAD, 202, &accepted(Progress::Candidate)),
        json("GET /v1/status", 200, &unactivated()),
        json("GET /v1/activations", 200, &[not_proved()]),
    ]);
    let file = agent.file("a.activation", b"bytes");
    let ended = agent.run(&["activate", &file, "--wait", "60"]);
    assert_eq!(ended.code, 5);
    assert!(ended.out.contains("activation.not-proved") && ended.out.contains("hub.example"), "{}", ended.out);
}

#[test]
fn proxy_password_comes_from_a_file() {
    let agent = Agent::with(vec![("PUT /v1/proxy", 200, b"null".to_vec())]);
    let file = agent.file("password", b"geheim\n");
    let ended = agent.run(&["proxy", "set", "http://proxy:3128", "--user", "ot", "--password-file", &file]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let body: serde_json::Value = serde_json::from_slice(&agent.asked()[0].1).unwrap();
    assert_eq!(body, serde_json::json!({ "url": "http://proxy:3128", "user": "ot", "password": "geheim" }));
}

#[test]
fn request_is_written_as_it_came() {
    let agent = Agent::with(vec![("POST /v1/request", 200, vec![0xD2, 0x84, 0xFF])]);
    let out = agent.file("request", b"");
    assert_eq!(agent.run(&["request", "--out", &out]).code, 0);
    assert_eq!(std::fs::read(out).unwrap(), [0xD2, 0x84, 0xFF]);
}

fn check(lines: &[CheckLine]) -> Agent {
    let body = lines.iter().flat_map(|line| [serde_json::to_vec(line).unwrap(), b"\n".to_vec()].concat()).collect();
    Agent::with(vec![("POST /v1/check", 200, body)])
}

fn endpoint(role: EndpointRole) -> CheckLine {
    CheckLine::Endpoint { role, url: "https://portal.example".into(), proxy: None }
}

#[test]
fn check_shows_each_step_and_exits_six_where_an_endpoint_cannot_be_used() {
    let problem = Refusal::TlsUntrusted { host: "portal.example".into(), issuer: "CN=Plant firewall".into() }.problem();
    let agent = check(&[
        endpoint(EndpointRole::Portal),
        CheckLine::Step { step: CheckStep::Dns, result: StepResult::Passed { seen: "192.0.2.1".into() }, took_ms: 3 },
        CheckLine::Step { step: CheckStep::Tls, result: StepResult::Failed { problem: problem.clone() }, took_ms: 9 },
        CheckLine::Verdict { role: EndpointRole::Portal, usable: false, problems: vec![problem] },
        CheckLine::Done { endpoints: 1, failed: 1 },
    ]);
    let ended = agent.run(&["check"]);
    assert_eq!(ended.code, 6);
    for text in
        ["ok       Name resolves: 192.0.2.1 (3 ms)", "Portal: cannot be used.", "CN=Plant firewall", "exempt this host"]
    {
        assert!(ended.out.contains(text), "{text} is not in {}", ended.out);
    }
    assert!(ended.err.contains("1 of 1 endpoints cannot be used"), "{}", ended.err);
}

#[test]
fn check_of_good_endpoints_exits_zero() {
    let ended = check(&[endpoint(EndpointRole::Hub), CheckLine::Done { endpoints: 1, failed: 0 }]).run(&["check"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn check_that_breaks_off_is_no_success() {
    assert_eq!(check(&[endpoint(EndpointRole::Hub)]).run(&["check"]).code, 1);
}

#[test]
fn check_says_what_ails_the_detection_engine() {
    let engine = CheckLine::Engine { source: "/var/log/eve.json".into(), health: Some("eve-missing".into()) };
    let ended = check(&[engine, CheckLine::Done { endpoints: 0, failed: 0 }]).run(&["check"]);
    assert!(ended.out.contains("/var/log/eve.json") && ended.out.contains("does not exist"), "{}", ended.out);
}

fn alert(place: u64) -> AlertView {
    let id = AlertId { stream: StreamId::from_bytes([4; 16]), number: place };
    let record = r#"{ "event_type":"alert","src_ip":"192.0.2.1","src_port":50000,"dest_ip":"192.0.2.9","dest_port":502,
        "alert":{"signature":"Modbus \u001b write"}}"#
        .replace('\n', "");
    AlertView::new(place, id, Epoch(1), Severity::High, UnixMillis(1_500), &record)
}

fn lines_of(alerts: &[AlertView]) -> Vec<u8> {
    alerts.iter().flat_map(|alert| [serde_json::to_vec(alert).unwrap(), b"\n".to_vec()].concat()).collect()
}

#[test]
fn alerts_are_listed_in_words_that_cannot_steer_the_terminal() {
    let agent = Agent::with(vec![json("GET /v1/alerts?limit=5&severity=high", 200, &[alert(7)])]);
    let ended = agent.run(&["alerts", "list", "--limit", "5", "--severity", "high"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for text in ["1970-01-01T00:00:01.500Z", "high", "Modbus \u{fffd} write", "192.0.2.1:50000 -> 192.0.2.9:502"] {
        assert!(ended.out.contains(text), "{text} is not in {}", ended.out);
    }
}

#[test]
fn alerts_are_exported_as_the_agent_gives_them() {
    let body = lines_of(&[alert(1), alert(2)]);
    let agent = Agent::with(vec![("GET /v1/alerts/export", 200, body.clone())]);
    let ended = agent.run(&["alerts", "export"]);
    assert_eq!((ended.code, ended.out.as_bytes()), (0, body.as_slice()));
}

#[test]
fn alerts_are_followed_from_the_newest_on() {
    let agent = Agent::with(vec![
        json("GET /v1/alerts?limit=1", 200, &[alert(7)]),
        ("GET /v1/alerts/follow?after=7", 200, lines_of(&[alert(8)])),
    ]);
    let ended = agent.run(&["--json", "alerts", "follow"]);
    // An agent that ends the list by itself has failed to read its log.
    assert_eq!((ended.code, ended.out.as_bytes()), (1, lines_of(&[alert(8)]).as_slice()));
}

#[test]
fn a_missing_number_is_said_and_exits_seven() {
    let stream = StreamVerification {
        stream: StreamId::from_bytes([4; 16]),
        epoch: Epoch(1),
        head: 9,
        in_log: 5,
        let_go: 0,
        dropped: [(DropReason::Full, 3)].into(),
        first_missing: Some(4),
    };
    let found = AlertVerification { complete: false, streams: vec![stream], counters: [("missed".into(), 2)].into() };
    let ended = Agent::with(vec![json("GET /v1/alerts/verify", 200, &found)]).run(&["alerts", "verify"]);
    assert_eq!(ended.code, 7);
    assert!(ended.out.contains("3 full") && ended.out.contains("from 4 on") && ended.out.contains("2 lines"));
}

#[test]
fn reader_who_has_seen_enough_is_no_failure_to_speak_of() {
    let (reader, writer) = UnixStream::pair().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_picketctl"));
    let output = command.arg("explain").stdout(OwnedFd::from(writer)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
