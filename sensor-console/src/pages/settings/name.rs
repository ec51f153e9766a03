//! Sensor name: editable where the sensor is locally managed; else says whose it is.

use axum::{extract::State, response::Redirect};
use maud::{Markup, html};
use picket_look::{Definitions, Field, Form, primary};
use picket_protocol::local_api::{ModeView, SensorState, Status, routes};
use serde::{Deserialize, Serialize};

use super::page;
use crate::{
    console::Shared,
    guard::{Changing, SignedIn},
    page::{Failed, Page},
    pages::overview::view,
    texts::settings::{self as texts, name as words},
};

const HERE: &str = "/settings/name";

pub(in crate::pages) async fn show(by: SignedIn) -> Result<Page, Failed> {
    Ok(page(texts::NAME, body(by.status()?, by.role.may_change(), &by.csrf)))
}

/// The name as it was typed: the agent judges it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::pages) struct NewName {
    name: String,
}

pub(in crate::pages) async fn rename(
    State(console): State<Shared>,
    Changing { by, form }: Changing<NewName>,
) -> Result<Redirect, Failed> {
    console.agent.by(&by.name).put_json(routes::NAME, &form).await?;
    Ok(Redirect::to(HERE))
}

fn body(status: &Status, may_change: bool, csrf: &str) -> Markup {
    let name = view::name(&status.state);
    match why_fixed(&status.state, may_change) {
        Some(why) => html! {
            section class="panel narrow" { (Definitions::new().with_help(words::LABEL, name, why)) }
        },
        None => html! {
            section class="panel narrow" {
                (Form {
                    action: HERE,
                    csrf,
                    multipart: false,
                    fields: html! {
                        (Field { help: words::HELP, value: &name, max_length: 64, ..Field::text("name", words::LABEL) })
                    },
                    buttons: primary(words::SAVE),
                })
            }
        },
    }
}

/// Why the name cannot be changed here; none when it can.
fn why_fixed(state: &SensorState, may_change: bool) -> Option<&'static str> {
    let SensorState::Active { active } = state else { return Some(words::FIXED_NONE) };
    match active.activation.mode {
        ModeView::CloudConnected { .. } => Some(words::FIXED_CLOUD),
        ModeView::LocallyManaged { .. } => (!may_change).then_some(words::FIXED_ROLE),
    }
}
