//! What axe-core finds on a page, what is wider than its screen, and which words of its navigation are cut.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{binaries::Binaries, browser::Browser};

/// The script. `cargo xtask test` fetches it: pinned, by its digest.
///
/// # Errors
/// When it was not fetched.
pub fn source() -> Result<String> {
    let binaries = Binaries::beside_this_program()?;
    let file = binaries.folder().parent().context("no target folder")?.join("axe/axe.min.js");
    fs::read_to_string(&file).with_context(|| format!("{} is needed: cargo xtask test", file.display()))
}

/// Words of the navigation that stand beyond the screen's edge, or are broken within.
const CUT_WORDS: &str = "return [...document.querySelectorAll('nav a span')].filter((span) => {
    const box = span.getBoundingClientRect(), range = document.createRange();
    const lines = (text) => { range.selectNodeContents(text); return range.getClientRects().length; };
    const words = span.textContent.trim().split(/\\s+/).length;
    return box.width > 0 && (box.right > innerWidth || box.left < 0 || lines(span.firstChild) > words);
}).map((span) => span.textContent)";

/// What axe-core finds serious or critical on the page that the browser shows, and what is wider than its screen.
///
/// # Errors
/// When the browser does not answer.
pub fn findings(browser: &Browser, axe: &str, page: &str) -> Result<Vec<String>> {
    let asked = "const done = arguments[arguments.length - 1];
        axe.run(document, { resultTypes: ['violations'] }).then(
            (found) => done(found.violations.map((one) => ({ id: one.id, impact: one.impact, at: one.nodes.map((node) => node.html) }))),
            (error) => done([{ id: String(error), impact: 'critical', at: [] }]));";
    let found = browser.run_async(&format!("{axe};\n{asked}"))?;
    let found = found.as_array().context("axe-core gave no list")?;
    let grave = found.iter().filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
    let mut findings: Vec<_> = grave.map(|one| format!("{page}: {one}")).collect();
    let width = browser.run("return document.documentElement.scrollWidth - window.innerWidth")?;
    if width.as_i64().unwrap_or(1) > 0 {
        findings.push(format!("{page}: {width} px wider than the screen"));
    }
    let cut = browser.run(CUT_WORDS)?;
    if cut.as_array().is_none_or(|words| !words.is_empty()) {
        findings.push(format!("{page}: words of the navigation are cut: {cut}"));
    }
    Ok(findings)
}
