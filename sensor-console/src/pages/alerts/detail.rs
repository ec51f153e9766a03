//! One alert: what it says, where it stands, and the record as the detection engine wrote it.

use axum::extract::{Path, State};
use maud::{Markup, html};
use picket_look::{Definitions, Tone, badge, copyable, identifier};
use picket_protocol::local_api::{AlertDetail, AlertStanding, routes};

use super::{line::Line, view};
use crate::{
    console::Shared,
    guard::SignedIn,
    page::{Failed, Page},
    texts::alerts as texts,
};

pub(super) async fn detail(
    State(console): State<Shared>,
    Path(place): Path<u64>,
    _by: SignedIn,
) -> Result<Page, Failed> {
    let detail: AlertDetail = console.agent.get(&format!("{}/{place}", routes::ALERTS_AT)).await?;
    let line = Line::of(&detail.alert);
    let title = line.signature().unwrap_or(texts::NO_SIGNATURE).to_owned();
    Ok(Page::new(title, body(&detail, &line)).under("/alerts", texts::BACK))
}

fn body(detail: &AlertDetail, line: &Line) -> Markup {
    let alert = &detail.alert;
    html! {
        div class="stack" {
            section class="panel" {
                (Definitions::new()
                    .with(texts::SEVERITY, view::severity(alert.severity))
                    .with(texts::TIME, view::time(&alert.detected_at))
                    .with_some(texts::CATEGORY, line.category())
                    .with_some(texts::PROTOCOL, line.protocol())
                    .with(texts::FROM, identifier(&line.source()))
                    .with(texts::TO, identifier(&line.destination()))
                    .with(texts::STANDING, standing(&detail.standing))
                    .with(texts::EPOCH, alert.epoch.to_string())
                    .with(texts::ID, copyable(&alert.id, texts::ID)))
            }
            h2 { (texts::RECORD) }
            pre tabindex="0" aria-label=(texts::RECORD) { (alert.record.get()) }
        }
    }
}

fn standing(standing: &AlertStanding) -> Markup {
    let (tone, word, more) = match standing {
        AlertStanding::Confirmed { by } => (Tone::Ok, texts::CONFIRMED, texts::confirmed(by)),
        AlertStanding::Delivered { by } => (Tone::Ok, texts::DELIVERED, texts::delivered(by)),
        AlertStanding::Waiting { to } => (Tone::Notice, texts::WAITING, texts::waiting(to)),
        AlertStanding::Kept { why } => (Tone::Neutral, texts::KEPT, why.clone()),
    };
    html! { (badge(tone, word)) p class="help" { (more) } }
}
