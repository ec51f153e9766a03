//! The flaws that broke a real sensor console, by name (CVE-2021-42310 to -42313): none of them is here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::json;

use crate::rig::{Browser, Console, PASSWORD, local_activation, preview};

const RACING_UPLOADS: usize = 10_000;

/// CVE-2021-42310: a password could be recovered by a file that was swapped between its check and its use. Here a racing
/// session uploads ten thousand other files between preview and activation: what is activated is what was previewed.
#[test]
fn cve_2021_42310_what_was_checked_is_what_is_used() {
    let console = Console::in_use();
    console.agent.set(json!({"state": "unactivated", "trusted": true}));
    console.agent.answers("POST", "/v1/preview", 200, preview());
    let answer = json!({"outcome": "committed", "serial": 7, "cti": local_activation()["cti"], "epoch": 1});
    console.agent.answers("POST", "/v1/activation", 202, answer);
    let mut browser = console.signed_in("mira");
    let stop = Arc::new(AtomicBool::new(false));
    let racing: Vec<_> = (0..4)
        .map(|racer| {
            // The same session, from another tab: it has cookie and token.
            let (mut racer_browser, stop) = (browser.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut uploads = 0;
                while uploads < RACING_UPLOADS / 4 || !stop.load(Ordering::Relaxed) {
                    let file = format!("swapped {racer} {uploads}");
                    let answer = racer_browser.upload("/first-sign-in/activation", file.as_bytes(), &[]);
                    assert_eq!(answer.status, 303, "{}", answer.body);
                    uploads += 1;
                    if uploads >= RACING_UPLOADS {
                        break;
                    }
                }
                uploads
            })
        })
        .collect();
    let mut activated = 0;
    let mut tries = 0;
    while !racing.iter().all(thread::JoinHandle::is_finished) {
        tries += 1;
        let file = format!("previewed {tries}");
        browser.upload("/first-sign-in/activation", file.as_bytes(), &[]);
        let page = browser.get("/first-sign-in/activation/preview");
        if page.status != 200 {
            continue;
        }
        let digest = Browser::hidden(&page, "digest");
        let answer = browser.post("/first-sign-in/activation/activate", &[("digest", &digest)]);
        if answer.status == 303 {
            activated += 1;
            let used = console.agent.changes().pop().unwrap();
            assert_eq!(sha256(&used.body), digest, "a file was activated that was not the previewed one");
        } else {
            assert!(answer.body.contains("data-refusal=\"console.file-changed\""), "{}", answer.body);
        }
        stop.store(activated > 0 && tries > 20, Ordering::Relaxed);
    }
    let uploads: usize = racing.into_iter().map(|racer| racer.join().unwrap()).sum();
    println!("{uploads} racing uploads, {tries} tries, {activated} activated as previewed");
    assert!(uploads >= RACING_UPLOADS && tries > activated, "nothing raced");
}

/// CVE-2021-42311 and CVE-2021-42313: what came in a request was put into a query (SQL injection) without a sign-in.
#[test]
fn cve_2021_42311_and_42313_what_is_typed_is_no_query() {
    let console = Console::in_use();
    for injected in
        ["' OR '1'='1", "mira'--", "mira\" OR \"\"=\"", "*", "%", "mira\0", "{\"$ne\":null}", "mira' UNION SELECT 1--"]
    {
        let answer = console.stranger().sign_in(injected, PASSWORD);
        assert_eq!(answer.status, 401, "{injected}");
        assert_eq!(console.stranger().sign_in("mira", injected).status, 401, "{injected}");
    }
    let mut mira = console.signed_in("mira");
    for injected in ["1 OR 1=1", "1; DROP TABLE alerts", "'", "1%20UNION%20SELECT%201"] {
        let before = console.agent.changes().len();
        let answer = mira.get(&format!("/alerts?text={}", injected.replace(' ', "+")));
        assert!(matches!(answer.status, 200 | 400 | 404), "{injected}: {}", answer.head);
        assert_eq!(console.agent.changes().len(), before);
    }
    assert_eq!(console.signed_in("mira").get("/account").status, 200);
}

/// CVE-2021-42312, and what made the others reachable: routes that answered before anybody had signed in. Every listed page
/// and every route that changes something, asked by a stranger, leads to the sign-in and asks nothing of the agent.
#[test]
fn cve_2021_42312_nothing_is_reached_before_the_sign_in() {
    let console = Console::in_use();
    for page in picket_console::PAGES.iter().filter(|page| page.who != picket_console::pages::WhoSees::Everybody) {
        let answer = console.stranger().get(page.path);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")), "{}", page.path);
        for cookie in ["__Host-picket=", "__Host-picket=x", "__Host-picket=mira", "session=admin"] {
            let mut stranger = console.stranger();
            stranger.cookie = Some(cookie.to_owned());
            assert_eq!(stranger.get(page.path).header("location"), Some("/sign-in"), "{cookie} {}", page.path);
        }
    }
    for path in [
        "/first-sign-in/trust",
        "/first-sign-in/trust/confirm",
        "/first-sign-in/activation",
        "/first-sign-in/activation/activate",
        "/first-sign-in/activation/let-pass",
        "/first-sign-in/certificate",
        "/first-sign-in/certificate/keep",
        "/settings/certificate",
        "/settings/management-console",
        "/settings/management-console/disconnect",
        "/settings/reactivation",
        "/settings/reactivation/let-pass",
        "/settings/users",
        "/settings/users/role",
        "/settings/users/remove",
        "/account/password",
        "/account/sessions/end",
        "/sign-out",
    ] {
        let answer = console.stranger().post(path, &[("name", "eve"), ("role", "admin"), ("digest", "")]);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in")), "{path}");
    }
    assert!(console.agent.changes().is_empty());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
