//! `picketctl explain`: what a code means, and what to do. Asks no agent. The page of the docs is made here, too.

use picket_protocol::{
    local_api::Explanation,
    refusal::{self, Refusal, Words},
};

use super::{failure::Failure, screen::Screen};

pub(super) fn run(code: &str, screen: &Screen) -> Result<(), Failure> {
    if code.is_empty() {
        return all(screen);
    }
    let words = refusal::explain(code).ok_or_else(|| Refusal::NotFound { what: format!("code {code}") })?;
    if screen.json_value(&Explanation::from(words))? {
        return Ok(());
    }
    screen.title(&format!("{}.", words.title))?;
    screen.line(words.why)?;
    screen.line("What to do next:")?;
    for (position, step) in words.next.iter().enumerate() {
        screen.line(&format!("  {}. {step}.", position + 1))?;
    }
    screen.line(&format!("Code: {}", words.code))
}

fn all(screen: &Screen) -> Result<(), Failure> {
    let explanations: Vec<Explanation> = Words::ALL.iter().map(|words| Explanation::from(*words)).collect();
    if screen.json_value(&explanations)? {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = explanations.into_iter().map(|words| vec![words.code, words.title]).collect();
    screen.table(&["code", "what is so"], &rows)
}

/// Prints the page of the docs: `picketctl explain --page > docs/refusals.md`.
pub(super) fn page(screen: &Screen) -> Result<(), Failure> {
    screen.line(refusals_page().trim_end())
}

const HEAD: &str = "\
# Refusals

Whatever Picket refuses, it refuses with one of these codes. The code is the same in the answer of the local API, in what
`picketctl` prints, in the log, and on this page; it never changes its meaning. `picketctl explain CODE` prints what
stands here, with no network and no agent.

The status is the HTTP status of the local API's answer. What a portal and its built-in hub refuse besides stands in
[portal-refusals.md](portal-refusals.md).
";

fn refusals_page() -> String {
    let mut page = HEAD.to_owned();
    for (of, title) in CHAPTERS {
        page.push_str(&format!("\n## {title}\n"));
        Words::ALL.iter().filter(|words| chapter(words) == of).for_each(|words| page.push_str(&section(words)));
    }
    page
}

fn section(words: &Words) -> String {
    let Words { code, title, status, why, next } = words;
    let mut section = format!("\n### `{code}`\n\n{title}. *Status {status}.*\n\n{why}\n\n");
    for (position, step) in next.iter().enumerate() {
        section.push_str(&format!("{}. {step}.\n", position + 1));
    }
    section
}

fn chapter(words: &Words) -> &str {
    words.code.split('.').next().unwrap_or_default()
}

/// The first word of the codes, and the title of their chapter.
const CHAPTERS: [(&str, &str); 9] = [
    ("activation", "The activation file, and what becomes of it"),
    ("trust", "Trust roots"),
    ("portal", "What the portal says"),
    ("endpoint", "On the way to a server"),
    ("name", "The sensor's name"),
    ("request", "Requests to the agent"),
    ("setup", "The first sign-in at the sensor console"),
    ("recovery", "Recovery of the console's password"),
    ("state", "The sensor's own state"),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn page_of_the_docs_is_in_step() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/refusals.md");
        let found = fs::read_to_string(&path).unwrap();
        assert!(found == refusals_page(), "make it anew: picketctl explain --page > docs/refusals.md");
    }

    #[test]
    fn each_code_stands_on_the_page_once() {
        let page = refusals_page();
        for words in Words::ALL {
            assert_eq!(page.matches(&format!("### `{}`\n", words.code)).count(), 1, "{}", words.code);
        }
    }

    #[test]
    fn steps_and_titles_are_given_their_full_stop_here() {
        for words in Words::ALL {
            let texts = words.next.iter().chain([&words.title]);
            assert!(texts.into_iter().all(|text| !text.ends_with('.')), "{}", words.code);
            assert!(words.why.ends_with('.'), "{}", words.code);
        }
    }
}
