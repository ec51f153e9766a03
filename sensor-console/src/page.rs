//! What handlers answer: a page's own part. The frame around it (navigation, identity strip, messages) is drawn by the
//! gate that let the request in, which knows who asks.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use picket_protocol::refusal::Problem;

use crate::{agent::NoAnswer, refused, texts};

/// A page's own part.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its title, also the `h1`.
    pub title: String,
    /// What stands under it.
    pub body: Markup,
    /// 200 but for refusals.
    pub status: StatusCode,
    /// The page above: where, and its name.
    pub above: Option<(&'static str, &'static str)>,
}

impl Page {
    /// A page that answers 200.
    #[must_use]
    pub fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), body, status: StatusCode::OK, above: None }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same with its parts one under the other, apart.
    #[must_use]
    pub fn stacked(self) -> Self {
        let body = html! { div class="stack" { (self.body) } };
        Self { body, ..self }
    }

    /// The same under another page.
    #[must_use]
    pub fn under(self, href: &'static str, name: &'static str) -> Self {
        Self { above: Some((href, name)), ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Why a request was not answered with what it asked for. Each becomes a page.
#[derive(Debug)]
pub enum Failed {
    /// The agent refused, or does not answer.
    Agent(NoAnswer),
    /// The console refused.
    Refused(Box<Problem>),
    /// Only an admin may.
    NotAdmin,
    /// Only admins and analysts may.
    MayNotExport,
    /// The form is not from a page of this session.
    Forged,
    /// There is nothing here.
    NotFound,
    /// Elsewhere first.
    Elsewhere(&'static str),
}

impl From<NoAnswer> for Failed {
    fn from(no_answer: NoAnswer) -> Self {
        Self::Agent(no_answer)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        match self {
            Self::Agent(NoAnswer::Refused(problem)) | Self::Refused(problem) => refused::page(&problem).into_response(),
            Self::Agent(error) => {
                tracing::warn!(%error, source = std::error::Error::source(&error).map(tracing::field::display), "the agent gave no answer");
                refused::page(&refused::no_agent(&error)).into_response()
            }
            Self::NotAdmin => refused::page(&refused::problem(&texts::refused::NOT_ADMIN, vec![])).into_response(),
            Self::MayNotExport => {
                refused::page(&refused::problem(&texts::refused::MAY_NOT_EXPORT, vec![])).into_response()
            }
            Self::Forged => refused::page(&refused::problem(&texts::refused::FORGED, vec![])).into_response(),
            Self::NotFound => refused::page(&refused::problem(&texts::refused::NOT_FOUND, vec![])).into_response(),
            Self::Elsewhere(path) => Redirect::to(path).into_response(),
        }
    }
}
