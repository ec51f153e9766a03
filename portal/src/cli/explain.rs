//! `picket-portal explain`: what a code of the portal means, and what to do. Asks no server. The page of the docs is made
//! here, too.

use clap::Args;
use picket_protocol::{
    local_api::Explanation,
    refusal::{Refusal, Words, explain},
};
use serde_json::json;

use super::output;
use crate::domain::refused::OWN_WORDS;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code; without it all are listed.
    code: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Print docs/portal-refusals.md
    #[arg(long, hide = true, conflicts_with_all = ["code", "json"])]
    page: bool,
}

impl Explain {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        match &self.code {
            _ if self.page => output::line(page().trim_end()),
            None => self.list(),
            Some(code) => {
                let own = OWN_WORDS.iter().find(|words| words.code == code);
                let words = own.copied().or_else(|| explain(code));
                let words = words.ok_or_else(|| Refusal::NotFound { what: format!("code {code}") })?;
                self.show(words);
            }
        }
        Ok(())
    }

    fn list(&self) {
        if self.json {
            let all: Vec<Explanation> = OWN_WORDS.iter().map(|words| Explanation::from(*words)).collect();
            return output::json(&json!(all));
        }
        let rows: Vec<Vec<String>> =
            OWN_WORDS.iter().map(|words| vec![words.code.to_owned(), words.title.to_owned()]).collect();
        output::table(&["CODE", "WHAT IS SO"], &rows);
    }

    fn show(&self, words: &'static Words) {
        if self.json {
            return output::json(&json!(Explanation::from(words)));
        }
        output::line(format!("{}.\n{}\nWhat to do next:", words.title, words.why));
        for (position, step) in words.next.iter().enumerate() {
            output::line(format!("  {}. {step}.", position + 1));
        }
        output::line(format!("Code: {}", words.code));
    }
}

const HEAD: &str = "\
# Refusals of the portal

What the portal, its built-in hub and a management console refuse with codes of their own; all else that they refuse
stands in [refusals.md](refusals.md). The code is the same in the answer (a problem, RFC 9457), in what `picket-portal`
prints and on this page; it never changes its meaning. `picket-portal explain CODE` prints what stands here, with no
server.

The status is the HTTP status of the answer; of what a command refuses by itself, that of its problem.
";

/// The first word of the codes, and the title of their chapter.
const CHAPTERS: [(&str, &str); 4] =
    [("portal", "The portal"), ("hub", "The built-in hub"), ("sharing", "Sharing"), ("backup", "Backup and restore")];

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (of, title) in CHAPTERS {
        page.push_str(&format!("\n## {title}\n"));
        let chapter = OWN_WORDS.iter().filter(|words| words.code.split('.').next() == Some(of));
        chapter.for_each(|words| page.push_str(&section(words)));
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

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn page_of_the_docs_is_in_step() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/portal-refusals.md");
        let found = fs::read_to_string(&path).unwrap();
        assert!(found == page(), "make it anew: picket-portal explain --page > docs/portal-refusals.md");
    }

    #[test]
    fn each_code_stands_on_the_page_once() {
        let page = page();
        for words in OWN_WORDS {
            assert_eq!(page.matches(&format!("### `{}`\n", words.code)).count(), 1, "{}", words.code);
        }
    }
}
