//! Every refusal there is, by the test that causes it in the browser: a new one without a test fails here.
//!
//! A test says at its end that it has shown what stands here under its name. Those of documents are in the vectors' own list.

use std::{cell::RefCell, collections::BTreeSet};

use anyhow::{Context, Result, ensure};
use picket_protocol::refusal::Words;
use picket_tests::vectors;

pub(super) const NO_DOCUMENT: &[&str] = &["activation.malformed", "activation.too-large"];
pub(super) const WINDOW: &[&str] = &["activation.upload-window-over", "activation.clock-unusable"];
pub(super) const SETUP: &[&str] = &["setup.wrong-code", "setup.wait", "setup.done"];
pub(super) const TRUST: &[&str] = &["trust.confirmation-mismatch", "trust.already-pinned"];
pub(super) const RECOVERY: &[&str] = &["recovery.not-started", "recovery.wrong-nonce"];
pub(super) const RECOVERY_BY_OTHERS: &[&str] = &["recovery.not-by-owner"];
pub(super) const CANDIDATE: &[&str] = &["activation.busy", "activation.no-candidate", "activation.kept-present"];
pub(super) const PAST: &[&str] = &["activation.older-than-active"];
pub(super) const NAME: &[&str] = &["name.invalid", "name.fixed"];
pub(super) const READING: &[&str] = &["request.not-found"];
pub(super) const PAIRING: &[&str] = &["request.invalid"];
pub(super) const DISK: &[&str] = &["state.storage-failed"];
pub(super) const LATER_RELEASE: &[&str] = &["state.newer"];
pub(super) const HUB: &[&str] = &[
    "endpoint.refused",
    "endpoint.dns",
    "endpoint.timeout",
    "endpoint.unreachable",
    "endpoint.tls-failed",
    "endpoint.tls-untrusted",
    "endpoint.tls-expired",
    "endpoint.http",
    "activation.superseded",
];
pub(super) const PROXY: &[&str] = &["endpoint.proxy-unreachable", "endpoint.proxy-auth-required"];
pub(super) const ADVICE: &[&str] =
    &["endpoint.clock-drift", "endpoint.proxy-credentials-unneeded", "endpoint.post-quantum-hello-dropped"];
pub(super) const PORTAL: &[&str] = &["endpoint.bad-answer", "portal.rejected"];
pub(super) const LAST_WORD: &[&str] =
    &["activation.not-proved", "portal.voided", "portal.already-used", "portal.deleted", "activation.deactivated"];

const ALL: &[&[&str]] = &[
    NO_DOCUMENT,
    WINDOW,
    SETUP,
    TRUST,
    RECOVERY,
    RECOVERY_BY_OTHERS,
    CANDIDATE,
    PAST,
    NAME,
    READING,
    PAIRING,
    DISK,
    LATER_RELEASE,
    HUB,
    PROXY,
    ADVICE,
    PORTAL,
    LAST_WORD,
];

/// Nobody meets it in a browser: the console runs as the user whom the agent's settings name, and asks for nothing that is
/// root's alone. The agent's own tests have other callers.
const NOT_IN_A_BROWSER: [&str; 1] = ["request.forbidden"];

/// The codes whose refusal, with its page, was seen in a browser.
#[derive(Debug, Default)]
pub(super) struct Shown(RefCell<BTreeSet<String>>);

impl Shown {
    pub(super) fn note(&self, code: &str) {
        self.0.borrow_mut().insert(code.to_owned());
    }

    /// Fails unless all of these were.
    pub(super) fn all_of(&self, codes: &[&str]) -> Result<()> {
        let shown = self.0.borrow();
        let missing: Vec<_> = codes.iter().filter(|code| !shown.contains(**code)).collect();
        ensure!(missing.is_empty(), "promised in the ledger and not caused: {missing:?}");
        Ok(())
    }
}

#[test]
fn every_refusal_there_is_is_caused_in_a_browser() -> Result<()> {
    let vectors = vectors::activation_files()?;
    let of_vectors = vectors.iter().filter(|vector| vector.layer.is_some()).map(|vector| vector.expected.as_str());
    let caused: BTreeSet<&str> = ALL.iter().copied().flatten().copied().chain(of_vectors).collect();
    let all: BTreeSet<&str> = Words::ALL.iter().map(|words| words.code).collect();
    let never: Vec<_> = all.difference(&caused).filter(|code| !NOT_IN_A_BROWSER.contains(code)).collect();
    ensure!(never.is_empty(), "no browser test causes {never:?}");
    let unknown: Vec<_> = caused.difference(&all).collect();
    ensure!(unknown.is_empty(), "there are no such refusals: {unknown:?}");
    let twice = NOT_IN_A_BROWSER.iter().find(|code| caused.contains(*code));
    twice.map_or(Ok(()), |code| Err(anyhow::anyhow!("{code} is caused after all"))).context("the ledger")
}
