//! What handlers answer: a page's own part. The frame around it is drawn by the gate, which knows who asks.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use picket_look::{Finding, Markup, html};

use crate::{domain::refused::Refused, people::problem::Problem};

/// What a page's handler returns.
pub(super) type Shown = Result<Page, Problem>;
/// What a handler returns that does something and sends the browser elsewhere.
pub(super) type Done = Result<axum::response::Redirect, Problem>;

/// A page's own part.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Its title, also the `h1`.
    pub(super) title: String,
    /// What stands under it.
    pub(super) body: Markup,
    pub(super) status: StatusCode,
    /// The page above: where, and its name.
    pub(super) above: Option<(String, String)>,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, body: &Markup) -> Self {
        let body = html! { div class="stack" { (body) } };
        Self { title: title.into(), body, status: StatusCode::OK, above: None }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn under(self, href: impl Into<String>, name: impl Into<String>) -> Self {
        Self { above: Some((href.into(), name.into())), ..self }
    }

    /// The page that shows a refusal alone.
    pub(super) fn of_refusal(refused: &Refused) -> Self {
        let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(refused.problem().title, &refusal(refused)).with_status(status)
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A refusal: title, what was found, what to do next, the code small at the end.
pub(super) fn refusal(refused: &Refused) -> Markup {
    let problem = refused.problem();
    let found: Vec<Finding<'_>> =
        problem.found.iter().map(|found| Finding { label: &found.label, value: &found.value }).collect();
    picket_look::refusal(&picket_look::Refusal {
        code: &problem.code,
        title: &problem.title,
        found: &found,
        next: &problem.next,
        page: None,
    })
}
