//! What Reactivation shows. Pure.

use maud::{Markup, html};
use picket_look::{Button, Definitions, Field, FieldKind, Form, Tone, button_link, exact, message, primary};
use picket_protocol::local_api::{Manner, ModeView, Outcome, Preview, SensorState, Status};

use super::{HERE, candidate, changes, past};
use crate::{
    pages::overview::view::{mode, now},
    parts,
    texts::{overview, settings::reactivation as texts},
};

/// The page.
pub(super) fn body(status: &Status, outcomes: &[Outcome], may_change: bool, csrf: &str) -> Markup {
    html! {
        div class="stack" {
            (state(status, may_change, csrf))
            section class="panel" {
                h2 { (texts::UPLOAD) }
                @if may_change { (upload(csrf)) } @else { p class="muted" { (texts::ONLY_ADMIN) } }
            }
            h2 { (texts::PAST) }
            div id="past" { (past::table(outcomes)) }
        }
    }
}

/// What is in force and what is to follow it. While that is being proved, it is looked at again where a script runs: this part
/// and the past alone, so that nobody loses what they are filling in.
fn state(status: &Status, may_change: bool, csrf: &str) -> Markup {
    let again = |word: &'static str| status.candidate.is_some().then_some(word);
    html! {
        div class="stack" id="state" hx-get=[again(HERE)] hx-trigger=[again("every 3s")] hx-select=[again("#state")]
            hx-select-oob=[again("#past")] {
            @if let Some(candidate) = &status.candidate {
                (parts::load_again(HERE, now(status)))
                (candidate::running(candidate, may_change, csrf))
            } @else if let Some(failed) = &status.retry { (candidate::failed(failed, may_change, csrf)) }
            section class="panel" { h2 { (texts::PRESENT) } (present(&status.state)) }
        }
    }
}

fn present(state: &SensorState) -> Markup {
    let (view, since) = match state {
        SensorState::Unactivated => return html! { p { (texts::NOTHING) } },
        SensorState::Active { active } => (&active.activation, active.committed_at),
        SensorState::Deactivated { deactivated } => (&deactivated.activation, deactivated.at),
    };
    let hub = match &view.mode {
        ModeView::CloudConnected { hub, .. } => Some(hub.url.as_str()),
        ModeView::LocallyManaged { .. } => None,
    };
    html! {
        (Definitions::new()
            .with(overview::MODE, mode(state))
            .with(overview::NAME, view.name.as_str())
            .with_some(overview::HUB, hub)
            .with(overview::SINCE, exact(since))
            .with_some(overview::LICENCE, view.licence_until.map(exact)))
    }
}

fn upload(csrf: &str) -> Markup {
    let file =
        Field { required: false, ..Field::of("file", texts::FILE, FieldKind::File { accept: ".activation,.txt" }) };
    let text = Field {
        help: texts::TEXT_HELP,
        required: false,
        ..Field::of("text", texts::TEXT, FieldKind::Area { rows: 6 })
    };
    html! {
        p class="help" { (texts::UPLOAD_HELP) }
        (Form {
            action: HERE,
            csrf,
            multipart: true,
            fields: html! { (file) details { summary { (texts::OR_TEXT) } (text) } },
            buttons: primary(texts::PREVIEW),
        })
    }
}

/// What the file would change, and the decision.
pub(super) fn preview(preview: &Preview, digest: &str, csrf: &str) -> Markup {
    let back = button_link(Button::Secondary, HERE, texts::BACK, None);
    let now = Field { help: texts::AT_ONCE_HELP, required: false, ..Field::of("now", texts::AT_ONCE, FieldKind::Tick) };
    html! {
        div class="stack" {
            h2 class="visually-hidden" { (texts::UPLOAD) }
            (parts::preview(preview))
            @if changes(preview) {
                (Form {
                    action: "/settings/reactivation/activate",
                    csrf,
                    multipart: false,
                    fields: html! {
                        input type="hidden" name="digest" value=(digest);
                        @if preview.manner == Manner::OnceProved { (now) }
                    },
                    buttons: html! { (primary(texts::ACTIVATE)) (back) },
                })
            } @else {
                (message(Tone::Notice, texts::ALREADY, ""))
                div class="buttons" { (back) }
            }
        }
    }
}
