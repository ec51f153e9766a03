//! `picketctl explain`: what a code means, and what to do. Asks no agent.

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
