//! The page of a refusal's code. It says nothing of this sensor, so it is there before the sign-in, too: whoever is refused a
//! setup code has to be able to read why.

use axum::extract::Path;
use maud::html;
use picket_protocol::refusal::{self, Refusal};

use crate::{
    page::{Failed, Page},
    texts::frame as texts,
};

pub(super) async fn explain(Path(code): Path<String>) -> Result<Page, Failed> {
    let Some(words) = refusal::explain(&code) else {
        return Err(Refusal::NotFound { what: format!("code {code}") }.problem().into());
    };
    let body = html! {
        p { (words.why) }
        h2 { (texts::WHAT_NEXT) }
        ol { @for step in words.next { li { (step) } } }
        p class="muted" { code { (words.code) } }
    };
    Ok(Page::new(words.title, body).stacked())
}
