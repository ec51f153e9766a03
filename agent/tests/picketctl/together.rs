//! picketctl and the real agent, locally managed: the whole life of a sensor that needs no network.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use picket_protocol::{
    documents::activation::Binding,
    heartbeat::Component,
    local_api::{
        AlertVerification, AlertView, AuditRecord, Diagnosis, Outcome, Preview, SensorState, Status, TrustRootView,
    },
    reading,
};
use serde::de::DeserializeOwned;

use crate::{
    agent::{Ended, run},
    issuer::Issuer,
};

/// An agent on a folder of its own, ended with the test.
struct Sensor {
    folder: tempfile::TempDir,
    agent: Child,
}

impl Sensor {
    /// Starts one that trusts these trust root files.
    fn start(trust_roots: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["state", "run", "trust.d"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for (position, root) in trust_roots.iter().enumerate() {
            fs::copy(root, folder.path().join(format!("trust.d/{position}.root"))).unwrap();
        }
        let place = |name: &str| folder.path().join(name);
        fs::write(place("appliance-id"), "picketctl-test").unwrap();
        let config = format!(
            "state_directory = {:?}\nruntime_directory = {:?}\ntrust_directory = {:?}\nappliance_id_file = {:?}\n\
             [engine]\neve_file = {:?}\n",
            place("state"),
            place("run"),
            place("trust.d"),
            place("appliance-id"),
            place("eve.json"),
        );
        fs::write(place("agent.toml"), config).unwrap();
        let log = File::create(place("agent.log")).unwrap();
        let agent = Command::new(env!("CARGO_BIN_EXE_picket-agent"))
            .arg("--config")
            .arg(place("agent.toml"))
            .stderr(log)
            .spawn()
            .unwrap();
        let sensor = Self { folder, agent };
        let patience = Instant::now() + Duration::from_secs(30);
        while sensor.run(&["status"]).code != 0 {
            assert!(Instant::now() < patience, "{}", fs::read_to_string(sensor.place("agent.log")).unwrap());
        }
        sensor
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The detection engine finds something, and this is its record of it.
    fn detect(&self, number: u32) -> String {
        let record = format!(
            "{{ \"timestamp\":\"2026-01-31T08:00:00.000000+0000\", \"event_type\":\"alert\", \"number\":{number}, \
             \"alert\":{{\"signature\":\"Modbus write\",\"severity\":2}} }}"
        );
        let mut file = File::options().create(true).append(true).open(self.place("eve.json")).unwrap();
        file.write_all(format!("{record}\n").as_bytes()).unwrap();
        record
    }

    /// Waits until the alert log holds this many.
    fn logged(&self, count: usize) -> Vec<AlertView> {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            let alerts: Vec<AlertView> = self.value(&["alerts", "list"]);
            if alerts.len() == count {
                return alerts;
            }
            assert!(Instant::now() < patience, "{alerts:?}");
        }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        run(&self.place("run/agent.sock"), arguments, b"")
    }

    fn value<T: DeserializeOwned>(&self, arguments: &[&str]) -> T {
        let ended = self.run(&[&["--json"], arguments].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.out, ended.err);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ended.out))
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 3, "{arguments:?}: {}{}", ended.out, ended.err);
        ended.err.lines().find_map(|line| line.strip_prefix("Code: ")).unwrap().to_owned()
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

#[test]
fn sensor_is_previewed_activated_named_and_reset() {
    let issuer = Issuer::new(30);
    let sensor = Sensor::start(&[&issuer.trust_root()]);
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));

    assert_eq!(sensor.value::<Status>(&["status"]).state, SensorState::Unactivated);
    assert_eq!(sensor.value::<Vec<TrustRootView>>(&["trust", "list"])[0].id, issuer.id());
    let preview: Preview = sensor.value(&["preview", &file]);
    assert!(preview.sentence.starts_with("This sensor will become Pump house 3"));
    assert!(sensor.run(&["verify", &file]).out.starts_with("The activation file is genuine."));

    let ended = sensor.run(&["activate", &file, "--wait", "20"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("Activated as Pump house 3"), "{}", ended.out);
    assert!(ended.out.contains("It sends nothing to anybody."), "{}", ended.out);
    assert_eq!(sensor.value::<serde_json::Value>(&["activate", &file])["outcome"], "already-active");

    let status: Status = sensor.value(&["name", "Pump house 4"]);
    assert!(
        matches!(&status.state, SensorState::Active { active } if active.activation.name.as_str() == "Pump house 4")
    );
    let older = issuer.write("older.activation", &issuer.activation_with(6, Binding::None));
    assert_eq!(sensor.refused(&["activate", &older]), "activation.older-than-active");
    assert_eq!(sensor.refused(&["candidate", "keep"]), "activation.no-candidate");

    assert_eq!(sensor.value::<Vec<Outcome>>(&["activations"]).len(), 1);
    let audit: Vec<AuditRecord> = sensor.value(&["audit"]);
    assert!(
        audit.iter().any(|record| record.what == "named" && record.after.as_deref() == Some("Pump house 4")),
        "{audit:?}"
    );
    assert!(audit.iter().zip(1..).all(|(record, number)| record.number == number), "{audit:?}");

    // Root's alone; who runs the tests may be somebody else.
    if nix::unistd::Uid::effective().is_root() {
        let status: Status = sensor.value(&["reset", "--erase"]);
        assert_eq!(status.state, SensorState::Unactivated);
    } else {
        assert_eq!(sensor.refused(&["reset", "--erase"]), "request.forbidden");
    }
}

#[test]
fn what_the_engine_finds_from_the_activation_on_is_logged_as_it_wrote_it() {
    let issuer = Issuer::new(30);
    let sensor = Sensor::start(&[&issuer.trust_root()]);
    sensor.detect(0);
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));
    assert_eq!(sensor.run(&["activate", &file]).code, 0);
    let records = [sensor.detect(1), sensor.detect(2)];
    let logged = sensor.logged(2);
    assert_eq!([1, 0].map(|position: usize| logged[position].record.get()), records.each_ref().map(String::as_str));

    let exported = sensor.run(&["alerts", "export"]).out;
    let first: AlertView = serde_json::from_str(exported.lines().next().unwrap()).unwrap();
    assert_eq!((exported.lines().count(), first.record.get(), first.epoch.0), (2, records[0].as_str(), 1));
    let verification: AlertVerification = sensor.value(&["alerts", "verify"]);
    assert_eq!((verification.complete, verification.streams[0].head), (true, 2));

    let status: Status = sensor.value(&["status"]);
    assert_eq!(status.health[&Component::Engine].code, "ok");
    assert!(sensor.run(&["status"]).out.contains("2 logged"));
    assert!(sensor.run(&["check"]).out.contains("Detection engine: well."));
    // Locally managed: it would be somebody else's under another activation, too.
    let other = issuer.write("b.activation", &issuer.activation_with(9, Binding::None));
    assert!(sensor.value::<Preview>(&["preview", &other]).stays.iter().any(|stays| stays.starts_with("2 alerts")));

    if nix::unistd::Uid::effective().is_root() {
        sensor.run(&["reset", "--erase"]);
        assert!(sensor.value::<Vec<AlertView>>(&["alerts", "list"]).is_empty(), "they outlived the reset");
    }
}

#[test]
fn check_of_a_sensor_that_reaches_nobody_has_nothing_to_do() {
    let sensor = Sensor::start(&[]);
    let ended = sensor.run(&["check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("There is nothing to check"), "{}", ended.out);
    let audit: Vec<AuditRecord> = sensor.value(&["audit"]);
    assert!(audit.iter().any(|record| record.what == "endpoints-checked"), "{audit:?}");
}

#[test]
fn proxy_is_set_shown_and_cleared() {
    let sensor = Sensor::start(&[]);
    let password = sensor.place("password");
    fs::write(&password, "geheim\n").unwrap();
    let set =
        ["proxy", "set", "http://proxy.example:3128", "--user", "ot", "--password-file", password.to_str().unwrap()];
    assert_eq!(sensor.run(&set).code, 0);
    assert!(sensor.run(&["proxy", "show"]).out.contains("through the proxy http://proxy.example:3128"));
    let diagnosis = sensor.run(&["--json", "diagnose"]).out;
    assert!(!diagnosis.contains("geheim"), "{diagnosis}");
    assert!(serde_json::from_str::<Diagnosis>(&diagnosis).unwrap().status.proxy.unwrap().password_set);
    assert_eq!(sensor.run(&["diagnose"]).code, 0);
    assert_eq!(sensor.run(&["proxy", "clear"]).code, 0);
    assert!(sensor.run(&["proxy", "show"]).out.starts_with("No proxy is set"));
}

#[test]
fn first_trust_root_is_confirmed_by_its_typed_fingerprint() {
    let (issuer, other) = (Issuer::new(30), Issuer::new(40));
    let sensor = Sensor::start(&[]);
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));
    assert_eq!(sensor.refused(&["activate", &file]), "activation.no-trust-root");
    let confirm =
        |file: &str, characters: &str| ["trust", "confirm", file, "--characters", characters].map(str::to_owned);
    let refused = confirm(&file, &other.id().confirmation());
    assert_eq!(sensor.refused(&refused.each_ref().map(String::as_str)), "trust.confirmation-mismatch");
    let right = confirm(&file, &issuer.id().confirmation());
    assert_eq!(sensor.run(&right.each_ref().map(String::as_str)).code, 0);
    assert_eq!(sensor.run(&["activate", &file]).code, 0);
    let second = other.write("b.activation", &other.activation(Binding::None));
    let late = confirm(&second, &other.id().confirmation());
    assert_eq!(sensor.refused(&late.each_ref().map(String::as_str)), "trust.already-pinned");
}

#[test]
fn request_proves_the_key_that_a_file_is_then_bound_to() {
    let issuer = Issuer::new(30);
    let sensor = Sensor::start(&[&issuer.trust_root()]);
    let out = sensor.place("sensor.request");
    assert_eq!(sensor.run(&["request", "--out", out.to_str().unwrap()]).code, 0);
    let request = reading::read_request(&fs::read(out).unwrap()).unwrap();
    assert_eq!(request.appliance, sensor.value::<Status>(&["status"]).appliance);
    let key = picket_protocol::keys::thumbprint(&request.public_key);
    let file = issuer.write("bound.activation", &issuer.activation(Binding::Key(key)));
    assert_eq!(sensor.run(&["activate", &file]).code, 0);
}
