//! An activation file that an admin brought: read by the agent, kept with the session, shown, and only then used.
//!
//! Where its upload window is over, or the clock cannot tell, it is kept, too: an admin may let it pass by a word of their own,
//! which the agent records when it is activated.

use axum::http::StatusCode;
use maud::{Markup, html};
use picket_look::{Field, FieldKind, Form, secondary};
use picket_protocol::{
    local_api::{Preview, routes},
    refusal::Problem,
};
use serde::Deserialize;

use crate::{
    agent::NoAnswer,
    console::Console,
    guard::SignedIn,
    page::Failed,
    parts, refused,
    texts::first_sign_in as texts,
    uploads::{Held, Upload},
};

/// What an admin's word can let pass: nothing that says whose the file is, or for whom.
const LET_PASS: [&str; 2] = ["activation.upload-window-over", "activation.clock-unusable"];

/// Why a file is not used, and its digest where an admin may let it pass.
#[derive(Debug)]
pub(super) struct Refused {
    problem: Box<Problem>,
    may_pass: Option<String>,
}

impl Refused {
    fn new(problem: Box<Problem>, held: &Held) -> Self {
        let may_pass = LET_PASS.contains(&problem.code.as_str()).then(|| held.digest().to_owned());
        Self { problem, may_pass }
    }

    /// The status of the page that shows it.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// The refusal; and, where an admin may let the file pass, how: `action` is where that word is sent.
    pub(super) fn shown(&self, action: &str, csrf: &str) -> Markup {
        html! {
            (parts::refusal(&self.problem))
            @if let Some(digest) = &self.may_pass { (word(action, digest, csrf)) }
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), may_pass: None }
    }
}

fn word(action: &str, digest: &str, csrf: &str) -> Markup {
    let fields = html! {
        input type="hidden" name="digest" value=(digest);
        (Field { help: texts::LET_PASS_HELP, ..Field::of("let-pass", texts::LET_PASS, FieldKind::Tick) })
    };
    html! {
        section class="panel let-pass" {
            h3 { (texts::LET_PASS_TITLE) }
            (Form { action, csrf, multipart: false, fields, buttons: secondary(texts::LET_PASS_NEXT) })
        }
    }
}

/// Has the agent read what was uploaded, and keeps it with the session if there is any way on from there.
pub(super) async fn keep(console: &Console, upload: &Upload) -> Result<Result<(), Refused>, Failed> {
    if upload.file.is_empty() {
        return Ok(Err(refused::problem(&texts::NO_FILE, vec![]).into()));
    }
    let held = Held::new(upload.file.clone());
    let answer = read(console, &held).await?.map(|_| ());
    if answer.as_ref().err().is_none_or(|refused| refused.may_pass.is_some()) {
        console.sessions.hold(upload.by.session_id(), Some(held));
    }
    Ok(answer)
}

/// What the agent says of a kept file; changes nothing.
pub(super) async fn read(console: &Console, held: &Held) -> Result<Result<Preview, Refused>, Failed> {
    match console.agent.ask_about(&route(routes::PREVIEW, held), held.file()).await {
        Ok(preview) => Ok(Ok(preview)),
        Err(NoAnswer::Refused(problem)) => Ok(Err(Refused::new(problem, held))),
        Err(error) => Err(error.into()),
    }
}

/// An admin's word for the file that they were shown the refusal of.
#[derive(Debug, Deserialize)]
pub(super) struct Word {
    digest: String,
    #[serde(rename = "let-pass", default)]
    let_pass: String,
}

/// Takes the word; the next preview and activation go by it.
pub(super) fn let_pass(console: &Console, by: &SignedIn, word: &Word) -> Result<(), Failed> {
    let held = by.session.held.as_ref().filter(|held| held.digest() == word.digest && word.let_pass == "yes");
    let Some(held) = held else { return Err(refused::problem(&texts::FILE_CHANGED, vec![]).into()) };
    tracing::info!(person = %by.name, digest = held.digest(), "a file is to pass outside its upload window");
    console.sessions.hold(by.session_id(), Some(held.clone().overriding_window()));
    Ok(())
}

/// The agent's route for a kept file, with the admin's word where there is one.
pub(super) fn route(route: &str, held: &Held) -> String {
    let word = match (held.overrides_window(), route.contains('?')) {
        (false, _) => "",
        (true, false) => "?override_window=true",
        (true, true) => "&override_window=true",
    };
    format!("{route}{word}")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn only_an_admins_word_is_handed_on() {
        let held = Held::new(Bytes::from_static(b"file"));
        assert_eq!(route(routes::PREVIEW, &held), "/v1/preview");
        let passed = held.overriding_window();
        assert_eq!(route(routes::PREVIEW, &passed), "/v1/preview?override_window=true");
        assert_eq!(route("/v1/activation?start=now", &passed), "/v1/activation?start=now&override_window=true");
    }
}
