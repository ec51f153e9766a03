//! Network and proxy: the proxy with a test all the way, what the operating system owns, what a firewall must allow.

mod check;
mod firewall;
mod view;

use std::path::Path;

use axum::{extract::State, response::Redirect};
use picket_protocol::local_api::{ProxyPassword, ProxySettings, routes};
use serde::Deserialize;

pub(in crate::pages) use self::{check::check, firewall::endpoints};
use super::page;
use crate::{
    console::Shared,
    guard::{Changing, SignedIn, forms::Nothing},
    page::{Failed, Page},
    people, surroundings,
    texts::settings as texts,
};

const HERE: &str = "/settings/network";

pub(in crate::pages) async fn show(by: SignedIn) -> Result<Page, Failed> {
    let surroundings = people::away(|| surroundings::read(Path::new("/"))).await?;
    Ok(page(texts::NETWORK, view::body(by.status()?, &surroundings, by.role.may_change(), &by.csrf)))
}

/// The form of the proxy. An empty user or password is none.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct ProxyForm {
    url: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
}

pub(in crate::pages) async fn save(
    State(console): State<Shared>,
    Changing { by, form }: Changing<ProxyForm>,
) -> Result<Redirect, Failed> {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let settings = ProxySettings {
        url: form.url.trim().to_owned(),
        user: given(form.user),
        password: given(form.password).map(ProxyPassword::from),
    };
    console.agent.by(&by.name).put_json(routes::PROXY, &settings).await?;
    Ok(Redirect::to(HERE))
}

pub(in crate::pages) async fn remove(
    State(console): State<Shared>,
    Changing { by, .. }: Changing<Nothing>,
) -> Result<Redirect, Failed> {
    console.agent.by(&by.name).delete(routes::PROXY).await?;
    Ok(Redirect::to(HERE))
}
