//! The word by which an admin lets a file pass outside its upload window: given for one file, and for nothing but time.

use serde_json::{Value, json};

use crate::rig::{Browser, Console};

const ACTIVATION: &str = "/first-sign-in/activation";
const LET_PASS: &str = "/first-sign-in/activation/let-pass";
const ACTIVATE: &str = "/first-sign-in/activation/activate";

/// The agent refuses every file with this code.
fn refuses(console: &Console, code: &str) {
    let problem = json!({
        "type": format!("urn:picket:refusal:{code}"), "code": code, "title": "Refused", "status": 422, "detail": "",
        "found": [], "next": [],
    });
    console.agent.answers("POST", "/v1/preview", 422, problem);
    console.agent.answers("POST", "/v1/activation", 422, Value::Null);
}

/// Uploads a file, which is refused, and says by which digest a word would let it pass.
fn brought(browser: &mut Browser, file: &[u8]) -> String {
    let page = browser.upload(ACTIVATION, file, &[]);
    assert_eq!(page.status, 422, "{}", page.head);
    Browser::hidden(&page, "digest")
}

/// What the agent was asked for at last, to activate a file.
fn asked(console: &Console, browser: &mut Browser, digest: &str) -> String {
    browser.post(ACTIVATE, &[("digest", digest)]);
    console.agent.changes().pop().expect("the agent was not asked").path
}

#[test]
fn a_file_passes_by_an_admins_word_alone() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    refuses(&console, "activation.upload-window-over");
    let digest = brought(&mut browser, b"late");
    for word in [&[][..], &[("let-pass", "")], &[("let-pass", "no")]] {
        let fields = [&[("digest", digest.as_str())], word].concat();
        let answer = browser.post(LET_PASS, &fields);
        assert!(answer.body.contains("data-refusal=\"console.file-changed\""), "{word:?}: {}", answer.head);
        assert_eq!(asked(&console, &mut browser, &digest), "/v1/activation", "{word:?}");
    }
    assert_eq!(browser.post(LET_PASS, &[("digest", &digest), ("let-pass", "yes")]).status, 303);
    assert_eq!(asked(&console, &mut browser, &digest), "/v1/activation?override_window=true");
}

#[test]
fn the_word_is_for_the_file_that_was_shown() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    refuses(&console, "activation.clock-unusable");
    let shown = brought(&mut browser, b"shown");
    let other = brought(&mut browser, b"other");
    let answer = browser.post(LET_PASS, &[("digest", &shown), ("let-pass", "yes")]);
    assert!(answer.body.contains("data-refusal=\"console.file-changed\""), "{}", answer.head);
    assert_eq!(asked(&console, &mut browser, &other), "/v1/activation");
    // Nor does it go over to the next file.
    assert_eq!(browser.post(LET_PASS, &[("digest", &other), ("let-pass", "yes")]).status, 303);
    let next = brought(&mut browser, b"next");
    assert_eq!(asked(&console, &mut browser, &next), "/v1/activation");
}

#[test]
fn no_word_lets_pass_what_is_not_a_matter_of_time() {
    let console = Console::new_sensor();
    let mut browser = console.admin_of_new_sensor();
    refuses(&console, "activation.upload-window-over");
    let digest = brought(&mut browser, b"forged");
    for code in ["activation.bad-signature", "activation.wrong-appliance", "activation.older-than-active"] {
        // A new session, which holds nothing.
        let mut browser = console.signed_in("mira");
        refuses(&console, code);
        let page = browser.upload(ACTIVATION, b"forged", &[]);
        assert!(page.status == 422 && !page.body.contains(LET_PASS), "{code}: {}", page.body);
        let answer = browser.post(LET_PASS, &[("digest", &digest), ("let-pass", "yes")]);
        assert!(answer.body.contains("data-refusal=\"console.file-changed\""), "{code}: {}", answer.head);
        let before = console.agent.changes().len();
        browser.post(ACTIVATE, &[("digest", &digest)]);
        assert_eq!(console.agent.changes().len(), before, "{code}: the file was used");
    }
}
