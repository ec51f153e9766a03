//! Tests of the local API's bodies and of the preview.

use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};
use std::string::ToString as _;

use super::*;
use crate::{
    documents::activation::{
        Activation, Binding, Certificate, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged, ManagementConsole,
        ModeSettings, Secret, Subscription,
    },
    ids::{Cti, Kid, SensorId, Serial, SubscriptionId, TrustRootId},
    refusal::Refusal,
    time::UnixSeconds,
};

fn endpoint(url: &str) -> Endpoint {
    Endpoint { url: url.into(), ca_certificates: vec![Certificate(vec![0x30])] }
}

fn token() -> Secret {
    Secret::new("x".repeat(22)).unwrap()
}

fn cloud(portal: &str, hub: &str) -> ModeSettings {
    ModeSettings::CloudConnected(CloudConnected {
        portal: endpoint(portal),
        enrolment_token: token(),
        hub: Hub { kind: HubKind::Https, endpoint: endpoint(hub), topic_template: None, portal_confirms: true },
        automatic_ti: true,
    })
}

fn local(console: Option<&str>) -> ModeSettings {
    let management_console = console.map(|url| ManagementConsole { endpoint: endpoint(url), pairing_token: token() });
    ModeSettings::LocallyManaged(LocallyManaged { management_console })
}

fn activation(mode: ModeSettings) -> Activation {
    Activation {
        issuer: TrustRootId::from_bytes([1; 32]),
        sensor: SensorId::from_bytes([2; 16]),
        issued_at: UnixSeconds(1_000),
        not_before: UnixSeconds(1_000),
        upload_until: UnixSeconds(2_000),
        cti: Cti::from_bytes([3; 16]),
        serial: Serial(7),
        name: "Pump house 3".parse().unwrap(),
        subscription: Subscription { id: SubscriptionId::from_bytes([4; 16]), name: "Waterworks".parse().unwrap() },
        site: Some("Nord".parse().unwrap()),
        zone: None,
        tags: BTreeMap::new(),
        binding: Binding::None,
        licence_until: None,
        mode,
    }
}

fn preview(mode: ModeSettings, present: &Present) -> Preview {
    Preview::of(&activation(mode), Kid::from_bytes([5; 32]), false, present)
}

fn in_force(mode: ModeSettings) -> Present {
    Present { activation: Some((&activation(mode)).into()), active: true, ..Present::default() }
}

fn rules(preview: &Preview) -> Vec<(String, u16)> {
    preview.firewall.iter().map(|rule| (rule.host.clone(), rule.port)).collect()
}

#[test]
fn preview_says_the_whole_in_a_sentence() {
    let preview = preview(cloud("https://portal.example", "https://hub.example"), &Present::default());
    assert_eq!(
        preview.sentence,
        "This sensor will become Pump house 3 in subscription Waterworks at site Nord, cloud-connected through hub \
         https://hub.example, reporting to portal https://portal.example."
    );
}

#[test]
fn first_activation_takes_effect_at_once_and_every_value_is_new() {
    let preview = preview(cloud("https://portal.example", "https://hub.example"), &Present::default());
    assert_eq!(preview.manner, Manner::AtOnce);
    assert!(preview.changes.iter().all(|change| change.now.is_none() && change.then.is_some()));
    assert!(preview.stops.is_empty());
}

#[test]
fn cloud_waits_for_its_proof_where_something_is_in_force() {
    let then = cloud("https://portal.example", "https://hub.example");
    assert_eq!(preview(then.clone(), &in_force(local(None))).manner, Manner::OnceProved);
    let deactivated = Present { active: false, ..in_force(local(None)) };
    assert_eq!(preview(then, &deactivated).manner, Manner::OnceProved);
    assert_eq!(preview(local(None), &in_force(local(None))).manner, Manner::AtOnce);
}

#[test]
fn firewall_names_each_address_once_with_its_port() {
    let both = preview(cloud("https://portal.example", "https://portal.example:443"), &Present::default());
    assert_eq!(rules(&both), [("portal.example".into(), 443)]);
    assert!(both.firewall[0].why.contains("heartbeats") && both.firewall[0].why.contains("alerts"));
    let apart = preview(cloud("https://portal.example:8443", "https://[2001:db8::1]"), &Present::default());
    assert_eq!(rules(&apart), [("portal.example".into(), 8443), ("[2001:db8::1]".into(), 443)]);
}

#[test]
fn firewall_names_the_proxy_where_one_is_set() {
    let present = Present { proxy: Some("http://proxy.example:3128".into()), ..Present::default() };
    let preview = preview(cloud("https://portal.example", "https://hub.example"), &present);
    assert_eq!(rules(&preview), [("proxy.example".into(), 3128)]);
    assert!(preview.firewall[0].why.contains("https://hub.example"));
}

#[test]
fn locally_managed_alone_needs_no_firewall_rule() {
    assert!(preview(local(None), &in_force(cloud("https://p", "https://h"))).firewall.is_empty());
    let with_console = preview(local(Some("https://console.example")), &Present::default());
    assert_eq!(rules(&with_console), [("console.example".into(), 443)]);
}

#[test]
fn what_stops_is_what_is_sent_to_now_and_not_then() {
    let now = in_force(cloud("https://portal.example", "https://old.example"));
    let moved = preview(cloud("https://portal.example", "https://new.example"), &now);
    assert_eq!(moved.stops, ["Nothing is sent to IoT hub https://old.example any more."]);
    assert_eq!(preview(local(None), &now).stops.len(), 2);
}

#[test]
fn licence_warns_from_thirty_days_before_and_after() {
    let mut file = activation(local(None));
    file.licence_until = Some(UnixSeconds(100 * 86_400));
    let warnings = |day: i64| {
        let present = Present { now: Some(UnixSeconds(day * 86_400)), ..Present::default() };
        Preview::of(&file, Kid::from_bytes([5; 32]), false, &present).warnings
    };
    assert!(warnings(69).is_empty());
    assert!(warnings(71)[0].starts_with("The licence ends on"));
    assert!(warnings(101)[0].starts_with("The licence ended on"));
}

#[test]
fn another_issuer_is_warned_of() {
    let mut now = in_force(local(None));
    if let Some(view) = &mut now.activation {
        view.issuer = TrustRootId::from_bytes([9; 32]);
    }
    assert!(preview(local(None), &now).warnings[0].contains("another issuer"));
}

#[test]
fn no_view_of_an_activation_holds_a_token() {
    let mode = cloud("https://portal.example", "https://hub.example");
    let text = serde_json::to_string(&ActivationView::from(&activation(mode.clone()))).unwrap();
    assert!(!text.contains(&"x".repeat(22)), "{text}");
    let text = serde_json::to_string(&preview(mode, &Present::default())).unwrap();
    assert!(!text.contains(&"x".repeat(22)), "{text}");
}

#[test]
fn unknown_fields_of_a_body_are_refused_by_name() {
    let refused = |refusal: Refusal, field: &str| {
        assert!(matches!(&refusal, Refusal::InvalidRequest { why } if why.contains(field)), "{refusal}");
    };
    refused(parse_name(br#"{"name":"a","colour":"red"}"#).unwrap_err(), "colour");
    refused(parse_proxy(br#"{"url":"http://a:1","pasword":"b"}"#).unwrap_err(), "pasword");
    refused(parse_reset(br#"{"erase":true,"really":true}"#).unwrap_err(), "really");
    refused(parse_trust_confirmation(br#"{"file":"","characters":"","yes":1}"#).unwrap_err(), "yes");
}

#[test]
fn name_is_refused_with_the_rule_it_breaks() {
    assert!(matches!(parse_name(br#"{"name":"a/b"}"#), Err(Refusal::InvalidName { found, .. }) if found == "a/b"));
    assert_eq!(parse_name(br#"{"name":"a b"}"#).unwrap().name.to_string(), "a b");
}

#[test]
fn reset_wants_to_be_told_that_it_erases() {
    assert!(matches!(parse_reset(br#"{"erase":false}"#), Err(Refusal::InvalidRequest { .. })));
    assert!(parse_reset(br#"{"erase":true}"#).is_ok());
}

#[test]
fn proxy_password_is_never_answered_nor_printed() {
    let settings = parse_proxy(br#"{"url":"http://proxy:3128","user":"ot","password":"geheim"}"#).unwrap();
    assert!(!std::format!("{settings:?}").contains("geheim"));
    let view = settings.view();
    assert!(view.password_set);
    assert!(!serde_json::to_string(&view).unwrap().contains("geheim"));
}

#[test]
fn typed_fingerprint_is_compared_as_people_type() {
    let fingerprint = TrustRootId::from_bytes([0xAB; 32]);
    let typed = |characters: &str| TrustConfirmation { file: String::new(), characters: characters.into() };
    assert!(typed("abababababababab").matches(&fingerprint));
    assert!(typed(" ABAB-ABAB ABAB ABAB").matches(&fingerprint));
    assert!(!typed("abababababababa").matches(&fingerprint));
    assert!(!typed("").matches(&fingerprint));
    assert!(!typed("bbababababababab").matches(&fingerprint));
}

#[test]
fn confirmation_carries_a_file_as_base64_or_armour() {
    let confirmation = |file: &str| TrustConfirmation { file: file.into(), characters: String::new() };
    assert_eq!(confirmation("3q0=").file().unwrap(), [0xDE, 0xAD]);
    let armour = "-----BEGIN PICKET ACTIVATION-----\n3q0=\n-----END PICKET ACTIVATION-----\n";
    assert_eq!(confirmation(armour).file().unwrap(), armour.as_bytes());
    assert!(confirmation("§").file().is_err());
}

#[test]
fn status_of_every_state_reads_back() {
    let candidate = Candidate {
        activation: (&activation(cloud("https://p", "https://h"))).into(),
        proof: Proof {
            identity: ProofStep::Proved,
            heartbeat: ProofStep::Failed { problem: Refusal::Http { status: 502, host: "p".into() }.problem() },
            hub: ProofStep::Waiting,
        },
        remaining_seconds: 600,
        attempts: 2,
    };
    let active = Active {
        activation: (&activation(local(None))).into(),
        committed_at: UnixSeconds(5),
        signer: Kid::from_bytes([5; 32]),
        signer_withdrawn: false,
        proof: Proof::COMPLETE,
    };
    for state in [SensorState::Unactivated, SensorState::Active { active }] {
        let status = Status {
            appliance: crate::ids::ApplianceId::from_digest(&[6; 32]),
            epoch: crate::ids::Epoch(1),
            state,
            candidate: Some(candidate.clone()),
            retry: None,
            proxy: None,
            trusted: true,
            agent: AgentStatus {
                version: "0.1.0".into(),
                uptime_seconds: 1,
                network: Default::default(),
                key: Default::default(),
            },
            clock: Clock { wall: UnixSeconds(10), floor: UnixSeconds(9), drift_seconds: None },
            upstream: None,
            hub: None,
            health: BTreeMap::new(),
            alerts: AlertStatus::default(),
            setup: SetupState::Done,
            addresses: vec![],
        };
        let text = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status, "{text}");
    }
}

#[test]
fn lines_of_a_check_read_back() {
    let lines = [
        CheckLine::Endpoint { role: EndpointRole::Hub, url: "https://h".into(), proxy: None },
        CheckLine::Step {
            step: CheckStep::PostQuantum,
            result: StepResult::Failed { problem: Refusal::PostQuantumHelloDropped { host: "h".into() }.problem() },
            took_ms: 5,
        },
        CheckLine::Engine { source: "/eve.json".into(), health: None },
        CheckLine::Done { endpoints: 1, failed: 1 },
    ];
    for line in lines {
        let text = serde_json::to_string(&line).unwrap();
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<CheckLine>(&text).unwrap(), line, "{text}");
    }
}

#[test]
fn a_status_without_cause_has_no_message() {
    assert_eq!(Message::of(&status_of(SensorState::Unactivated)), []);
}

#[test]
fn messages_stand_while_their_cause_does() {
    let mut status = status_in_force(local(None));
    let codes =
        |status: &Status| -> Vec<String> { Message::of(status).into_iter().map(|message| message.code).collect() };
    assert_eq!(codes(&status), [""; 0]);
    let active = |status: &mut Status, change: &dyn Fn(&mut Active)| match &mut status.state {
        SensorState::Active { active } => change(active),
        other => panic!("{other:?}"),
    };
    let day = 86_400;
    for (left, expected) in [(31 * day, &[][..]), (29 * day, &["licence-ends"]), (-1, &["licence-over"])] {
        active(&mut status, &|active| active.activation.licence_until = Some(UnixSeconds(10 + left)));
        assert_eq!(codes(&status), expected, "{left}");
    }
    active(&mut status, &|active| active.activation.licence_until = None);
    status.clock.floor = UnixSeconds(11);
    assert_eq!(codes(&status), ["clock-behind"]);
    status.clock.floor = UnixSeconds(9);
    status.health.insert(
        crate::heartbeat::Component::Disk,
        crate::heartbeat::Health { code: "disk-full".into(), since: UnixSeconds(1) },
    );
    status.clock.drift_seconds = Some(600);
    assert_eq!(codes(&status), ["disk-full", "clock-drift"], "the gravest first");
    assert_eq!(Message::of(&status)[0].next, ["Make room"]);
}

#[test]
fn an_address_in_the_name_that_is_another_machines_is_told() {
    let mut status = status_in_force(local(None));
    status.addresses = vec!["10.0.0.4".into(), "fd00::4".into()];
    let told = |status: &mut Status, name: &str| match &mut status.state {
        SensorState::Active { active } => {
            active.activation.name = name.parse().unwrap();
            Message::of(status).iter().any(|message| message.code == "name-address")
        }
        other => panic!("{other:?}"),
    };
    for (name, expected) in [
        ("Pump house 3", false),
        ("Pump 10.0.0.4", false),
        ("Pump 10.0.0.5", true),
        ("Pump-10.0.0.5-b", true),
        ("Pump fd00::4", false),
        ("Pump fd00::5", true),
        ("Pump 1.2", false),
    ] {
        assert_eq!(told(&mut status, name), expected, "{name}");
    }
    status.addresses.clear();
    assert!(!told(&mut status, "Pump 10.0.0.5"), "nobody knows the sensor's addresses");
}

#[test]
fn firewall_now_is_that_of_force_and_candidate_without_doubles() {
    let mut status = status_in_force(cloud("https://portal:8443", "https://hub"));
    let hosts = |status: &Status| -> Vec<(String, u16)> {
        firewall_now(status).into_iter().map(|rule| (rule.host, rule.port)).collect()
    };
    assert_eq!(hosts(&status), [("portal".into(), 8443), ("hub".into(), 443)]);
    let candidate = ActivationView::from(&activation(cloud("https://portal:8443", "https://other")));
    status.candidate =
        Some(Candidate { activation: candidate, proof: Proof::COMPLETE, remaining_seconds: 1, attempts: 1 });
    assert_eq!(hosts(&status), [("portal".into(), 8443), ("hub".into(), 443), ("other".into(), 443)]);
    assert_eq!(hosts(&status_in_force(local(None))), []);
}

fn status_in_force(mode: ModeSettings) -> Status {
    status_of(SensorState::Active {
        active: Active {
            activation: ActivationView::from(&activation(mode)),
            committed_at: UnixSeconds(1),
            signer: Kid::from_bytes([5; 32]),
            signer_withdrawn: false,
            proof: Proof::COMPLETE,
        },
    })
}

fn status_of(state: SensorState) -> Status {
    Status {
        appliance: crate::ids::ApplianceId::from_digest(&[6; 32]),
        epoch: crate::ids::Epoch(1),
        state,
        candidate: None,
        retry: None,
        proxy: None,
        trusted: true,
        agent: AgentStatus {
            version: "0.1.0".into(),
            uptime_seconds: 1,
            network: Default::default(),
            key: Default::default(),
        },
        clock: Clock { wall: UnixSeconds(10), floor: UnixSeconds(9), drift_seconds: None },
        upstream: None,
        hub: None,
        health: BTreeMap::new(),
        alerts: AlertStatus::default(),
        setup: SetupState::Done,
        addresses: vec![],
    }
}
