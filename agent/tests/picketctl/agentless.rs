//! verify and preview with no agent: the same reading, by given trust roots.

use picket_protocol::{
    armour,
    documents::activation::Binding,
    ids::{ApplianceId, Thumbprint},
};
use serde_json::Value;

use crate::{
    agent::{Ended, run},
    issuer::Issuer,
};

/// Runs picketctl where no agent is.
fn run_alone(issuer: &Issuer, arguments: &[&str], input: &[u8]) -> Ended {
    run(&issuer.folder().join("no-agent.sock"), arguments, input)
}

#[test]
fn genuine_file_is_verified_with_no_agent() {
    let issuer = Issuer::new(10);
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));
    let ended = run_alone(&issuer, &["verify", "--trust-root", &issuer.trust_root(), &file], b"");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with("The activation file is genuine.\n"), "{}", ended.out);
    let ended = run_alone(&issuer, &["--json", "verify", "--trust-root", &issuer.trust_root(), &file], b"");
    let answer: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(answer["trust_root"], issuer.id().to_string());
    assert_eq!(answer["activation"]["mode"], "locally-managed");
}

#[test]
fn armoured_text_is_read_from_a_pipe() {
    let issuer = Issuer::new(10);
    let text = armour::armour(&issuer.activation(Binding::None));
    let ended = run_alone(&issuer, &["verify", "--trust-root", &issuer.trust_root(), "-"], text.as_bytes());
    assert_eq!(ended.code, 0, "{}", ended.err);
}

#[test]
fn file_of_another_issuer_is_refused_with_its_fingerprint() {
    let (issuer, other) = (Issuer::new(10), Issuer::new(20));
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));
    let ended = run_alone(&issuer, &["verify", "--trust-root", &other.trust_root(), &file], b"");
    assert_eq!(ended.code, 3);
    assert!(
        ended.err.contains("activation.unknown-root") && ended.err.contains(&issuer.id().to_string()),
        "{}",
        ended.err
    );
}

#[test]
fn changed_byte_is_refused() {
    let issuer = Issuer::new(10);
    let mut content = issuer.activation(Binding::None);
    let last = content.len() - 1;
    content[last] ^= 1;
    let file = issuer.write("a.activation", &content);
    let ended = run_alone(&issuer, &["verify", "--trust-root", &issuer.trust_root(), &file], b"");
    assert_eq!(ended.code, 3);
    assert!(ended.err.contains("Code: activation.bad-signature"), "{}", ended.err);
}

#[test]
fn bound_file_is_compared_with_the_appliance_named() {
    let issuer = Issuer::new(10);
    let [mine, other] = [1, 2].map(|seed| ApplianceId::from_digest(&[seed; 32]));
    let file = issuer.write("a.activation", &issuer.activation(Binding::Appliance(mine.clone())));
    let root = issuer.trust_root();
    let verify =
        |appliance: &[&str]| run_alone(&issuer, &[&["verify", "--trust-root", &root, &file], appliance].concat(), b"");
    assert_eq!(verify(&["--appliance", mine.as_str()]).code, 0);
    let refused = verify(&["--appliance", other.as_str()]);
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("activation.wrong-appliance"), "{}", refused.err);
    let unnamed = verify(&[]);
    assert_eq!(unnamed.code, 0);
    assert!(unnamed.out.contains(&mine.to_string()) && unnamed.out.contains("Not compared"), "{}", unnamed.out);
}

#[test]
fn file_bound_to_a_key_says_that_only_its_sensor_can_compare() {
    let issuer = Issuer::new(10);
    let key = Thumbprint::from_bytes([9; 32]);
    let file = issuer.write("a.activation", &issuer.activation(Binding::Key(key)));
    let ended = run_alone(&issuer, &["verify", "--trust-root", &issuer.trust_root(), &file], b"");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains(&key.to_string()), "{}", ended.out);
}

#[test]
fn preview_shows_an_unactivated_sensor_what_it_would_become() {
    let issuer = Issuer::new(10);
    let file = issuer.write("a.activation", &issuer.activation(Binding::None));
    let ended = run_alone(&issuer, &["preview", "--trust-root", &issuer.trust_root(), &file], b"");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with("This sensor will become Pump house 3 in subscription Waterworks, locally managed"));
    assert!(ended.out.contains("No firewall rule is needed"), "{}", ended.out);
}

#[test]
fn appliance_without_a_trust_root_is_a_question_for_the_agent() {
    let issuer = Issuer::new(10);
    assert_eq!(run_alone(&issuer, &["verify", "--appliance", "00000000000000000", "a"], b"").code, 2);
}
