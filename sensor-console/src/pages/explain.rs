//! The docs page of a refusal, as the agent has it.

use axum::extract::{Path, State};
use maud::html;
use picket_protocol::local_api::{Explanation, routes};

use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::frame as texts,
};

pub(super) async fn explain(
    State(console): State<Shared>,
    _: SignedIn,
    Path(code): Path<String>,
) -> Result<Page, Failed> {
    let explanation: Explanation = console.agent.get(&format!("{}/{code}", routes::EXPLAIN)).await?;
    let body = html! {
        p { (explanation.why) }
        h2 { (texts::WHAT_NEXT) }
        ol { @for step in &explanation.next { li { (step) } } }
        p class="muted" { code { (explanation.code) } }
    };
    Ok(Page::new(explanation.title, body).stacked())
}
