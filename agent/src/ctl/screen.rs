//! What a person or a script sees: sentences, lists and tables, or JSON. Plain text wherever it is not a terminal.

use std::{
    error::Error as _,
    io::{self, BufRead as _, IsTerminal as _, Write},
};

use picket_protocol::{
    local_api::Change,
    refusal::{Found, Problem},
    time::UnixSeconds,
};
use serde::Serialize;

use super::{client::Answer, failure::Failure};

/// Standard output, in one of two forms.
pub(super) struct Screen {
    json: bool,
    bold: bool,
}

impl Screen {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is how a person asks for plain text everywhere")]
    pub(super) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, bold: !json && !plain && io::stdout().is_terminal() }
    }

    pub(super) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the agent's own JSON and says true, if JSON was asked for.
    pub(super) fn json_answer(&self, answer: &Answer) -> Result<bool, Failure> {
        if self.json {
            self.line_of_bytes(&answer.body)?;
        }
        Ok(self.json)
    }

    /// Prints a value made here, if JSON was asked for.
    pub(super) fn json_value(&self, value: &impl Serialize) -> Result<bool, Failure> {
        if self.json {
            let text = serde_json::to_vec(value).map_err(|error| Failure::Local(error.to_string()))?;
            self.line_of_bytes(&text)?;
        }
        Ok(self.json)
    }

    pub(super) fn line_of_bytes(&self, line: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(line).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(Failure::Output)
    }

    pub(super) fn line(&self, text: &str) -> Result<(), Failure> {
        self.line_of_bytes(text.as_bytes())
    }

    pub(super) fn blank(&self) -> Result<(), Failure> {
        self.line("")
    }

    pub(super) fn title(&self, text: &str) -> Result<(), Failure> {
        self.line(&self.emphasised(text))
    }

    fn emphasised(&self, text: &str) -> String {
        if self.bold { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A definition list; rows without a value are left out.
    pub(super) fn list(&self, rows: &[(&str, Option<String>)]) -> Result<(), Failure> {
        let rows: Vec<_> = rows.iter().filter_map(|(label, value)| Some((*label, value.as_deref()?))).collect();
        let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        rows.iter().try_for_each(|(label, value)| self.line(&format!("  {label:width$}  {}", shown(value))))
    }

    /// A table with a head; the last column is not padded.
    pub(super) fn table(&self, head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| shown(cell).chars().count());
            cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let line = |cells: Vec<String>| {
            let padded: Vec<String> =
                cells.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", shown(cell))).collect();
            format!("  {}", padded.join("  ")).trim_end().to_owned()
        };
        self.title(&line(head.iter().map(|cell| (*cell).to_owned()).collect()))?;
        rows.iter().try_for_each(|row| self.line(&line(row.clone())))
    }

    pub(super) fn changes(&self, changes: &[Change]) -> Result<(), Failure> {
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let rows: Vec<Vec<String>> = changes
            .iter()
            .map(|change| {
                let then = if change.differs() { cell(&change.then) } else { "(unchanged)".to_owned() };
                vec![change.what.clone(), cell(&change.now), then]
            })
            .collect();
        self.table(&["", "now", "then"], &rows)
    }

    /// Title, what was found, what to do next, the code at the end.
    pub(super) fn problem(&self, problem: &Problem) -> Result<(), Failure> {
        problem_text(problem, |text| self.emphasised(text)).iter().try_for_each(|line| self.line(line))
    }

    /// How a command failed, on standard error; with JSON, a refusal is the answer and goes where answers go.
    pub(super) fn failure(&self, failure: &Failure) {
        let lines = match failure {
            Failure::Refused(problem) if self.json => {
                // Nobody is left to tell when this fails, too.
                let _ = self.json_value(problem);
                return;
            }
            Failure::Refused(problem) => problem_text(problem, str::to_owned),
            // A reader that has seen enough, as head does, is no failure to speak of.
            Failure::Output(source) if source.kind() == io::ErrorKind::BrokenPipe => return,
            other => other_failure(other),
        };
        let mut error_out = io::stderr().lock();
        let _ = lines.iter().try_for_each(|line| writeln!(error_out, "{line}"));
    }

    /// Whether a person sits here who can be asked. In a script the command line is the decision.
    pub(super) fn has_person(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a person.
    pub(super) fn confirm(&self, question: &str) -> Result<(), Failure> {
        match self.ask(&format!("{question} [y/N] "))?.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::Declined),
        }
    }

    /// Reads a line that a person types.
    pub(super) fn ask(&self, question: &str) -> Result<String, Failure> {
        if !self.has_person() {
            return Err(Failure::Usage("nobody can be asked here: answer on the command line (see --help)".into()));
        }
        let mut prompt = io::stderr().lock();
        prompt.write_all(question.as_bytes()).and_then(|()| prompt.flush()).map_err(Failure::Output)?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map_err(Failure::Output)?;
        Ok(line)
    }
}

/// Text from outside must not steer the terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_bidi(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that change the direction of what is shown, and so can make a name look like another.
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn problem_text(problem: &Problem, title: impl Fn(&str) -> String) -> Vec<String> {
    let mut lines = vec![format!("{}.", title(&shown(&problem.title)))];
    let width = problem.found.iter().map(|found| found.label.chars().count()).max().unwrap_or(0);
    lines.extend(problem.found.iter().map(|Found { label, value }| format!("  {label:width$}  {}", shown(value))));
    lines.extend(numbered("What to do next:", &problem.next));
    lines.push(format!("Code: {}", problem.code));
    lines
}

fn other_failure(failure: &Failure) -> Vec<String> {
    let mut text = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    let mut lines = vec![format!("{}.", capitalised(&shown(&text)))];
    lines.extend(numbered("What to do next:", &failure.next()));
    lines
}

fn numbered(head: &str, steps: &[String]) -> Vec<String> {
    let steps = steps.iter().enumerate().map(|(position, step)| format!("  {}. {}.", position + 1, shown(step)));
    if steps.len() == 0 { Vec::new() } else { std::iter::once(head.to_owned()).chain(steps).collect() }
}

/// With a capital letter, as a sentence begins.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// "2 min ago (2026-01-31T08:00:00Z)".
pub(super) fn ago(then: UnixSeconds, now: UnixSeconds) -> String {
    let seconds = now.since(then);
    if seconds < 0 { then.to_string() } else { format!("{} ago ({then})", span(seconds.unsigned_abs())) }
}

/// A span in its largest unit.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use picket_protocol::refusal::Refusal;

    use super::*;

    #[test]
    fn refusal_reads_title_found_next_code() {
        let problem = Refusal::Voided { sensor: picket_protocol::ids::SensorId::from_bytes([7; 16]) }.problem();
        assert_eq!(
            problem_text(&problem, str::to_owned).join("\n"),
            "The portal has issued a newer file, which voids this one.\n  \
             sensor id  07070707-0707-0707-0707-070707070707\n\
             What to do next:\n  1. Upload the newest file.\n\
             Code: portal.voided"
        );
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn spans_have_units() {
        assert_eq!([span(5), span(150), span(7_300), span(864_000)], ["5 s", "2 min", "2 h", "10 days"]);
        assert_eq!(ago(UnixSeconds(0), UnixSeconds(12)), "12 s ago (1970-01-01T00:00:00Z)");
        assert_eq!(ago(UnixSeconds(5), UnixSeconds(0)), "1970-01-01T00:00:05Z");
    }

    #[test]
    fn failure_says_what_is_so_then_what_to_do() {
        let failure = Failure::Unreachable { socket: "/run/x".into(), source: io::Error::from_raw_os_error(2) };
        let text = other_failure(&failure).join("\n");
        assert!(text.starts_with("The agent cannot be reached at /run/x: No such file"), "{text}");
        assert!(text.contains("1. Check that the agent runs"), "{text}");
    }
}
