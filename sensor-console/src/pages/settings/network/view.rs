//! What Network and proxy shows. Pure.

use maud::{Markup, html};
use picket_look::{
    Button, Definitions, Field, FieldKind, Form, Icon, button_link, danger, exact, identifier, primary, secondary,
};
use picket_protocol::local_api::{ProxyView, Status};

use super::{HERE, firewall};
use crate::{
    parts,
    surroundings::{Named, Surroundings},
    texts::settings::network as texts,
};

/// The page.
pub(super) fn body(status: &Status, surroundings: &Surroundings, may_change: bool, csrf: &str) -> Markup {
    html! {
        div class="stack" {
            section class="panel" {
                h2 { (texts::PROXY) }
                (present(status.proxy.as_ref()))
                @if may_change { (form(status.proxy.as_ref(), csrf)) (others(status.proxy.is_some(), csrf)) }
            }
            (firewall_part(status))
            section class="panel" { h2 { (texts::ADDRESSES) } p class="help" { (texts::ADDRESSES_LEAD) } (owned(status, surroundings)) }
        }
    }
}

fn present(proxy: Option<&ProxyView>) -> Markup {
    let Some(proxy) = proxy else { return html! { p { (texts::NO_PROXY) } } };
    html! {
        (Definitions::new()
            .with(texts::URL, identifier(&proxy.url))
            .with_some(texts::USER, proxy.user.as_deref())
            .with_some(texts::PASSWORD, proxy.password_set.then_some(texts::PASSWORD_SET)))
    }
}

fn form(proxy: Option<&ProxyView>, csrf: &str) -> Markup {
    let url = proxy.map(|proxy| proxy.url.as_str()).unwrap_or_default();
    let user = proxy.and_then(|proxy| proxy.user.as_deref()).unwrap_or_default();
    let optional = |field| Field { required: false, max_length: 255, ..field };
    let password = Field::of("password", texts::PASSWORD, FieldKind::Password { fresh: true });
    html! {
        (Form {
            action: HERE,
            csrf,
            multipart: false,
            fields: html! {
                (Field { value: url, help: texts::URL_HELP, max_length: 255, ..Field::text("url", texts::URL) })
                (Field { value: user, ..optional(Field::text("user", texts::USER)) })
                (Field { help: texts::PASSWORD_HELP, ..optional(password) })
            },
            buttons: primary(texts::SAVE),
        })
    }
}

fn others(set: bool, csrf: &str) -> Markup {
    html! {
        hr;
        p class="help" { (texts::TEST_HELP) }
        div class="buttons" {
            (button("/settings/network/check", csrf, secondary(texts::TEST)))
            @if set { (button("/settings/network/proxy/remove", csrf, danger(texts::REMOVE))) }
        }
    }
}

fn button(action: &str, csrf: &str, button: Markup) -> Markup {
    html! { (Form { action, csrf, multipart: false, fields: html! {}, buttons: button }) }
}

fn firewall_part(status: &Status) -> Markup {
    let rules = firewall::rules(status);
    html! {
        section class="panel" {
            div class="panel-head" {
                h2 { (texts::FIREWALL) }
                @if !rules.is_empty() {
                    (button_link(Button::Secondary, "/settings/network/endpoints.txt", texts::DOWNLOAD, Some(Icon::Download)))
                }
            }
            @if rules.is_empty() { p { (firewall::why_none(status)) } } @else { (parts::firewall(&rules)) }
        }
    }
}

fn owned(status: &Status, surroundings: &Surroundings) -> Markup {
    let addresses = html! {
        @for address in &status.addresses { div { (identifier(address)) } }
        @if status.addresses.is_empty() { (texts::NOT_KNOWN) }
    };
    let servers = |named: &Option<Named>| {
        html! {
            @match named {
                Some(named) => { @for server in &named.servers { div { (identifier(server)) } } }
                None => (texts::NOT_KNOWN),
            }
        }
    };
    let owner = |named: &Option<Named>, owner: &str| match named {
        Some(named) => format!("{owner} {} {}.", texts::AS_SAYS, named.file),
        None => owner.to_owned(),
    };
    let drift = status.clock.drift_seconds.map(|seconds| format!("{seconds} s"));
    html! {
        (Definitions::new()
            .with_help(texts::IP, addresses, texts::IP_OWNER)
            .with_help(texts::DNS, servers(&surroundings.dns), &owner(&surroundings.dns, texts::DNS_OWNER))
            .with_help(texts::NTP, servers(&surroundings.time), &owner(&surroundings.time, texts::NTP_OWNER))
            .with(texts::CLOCK, exact(status.clock.wall))
            .with_some(texts::DRIFT, drift))
    }
}
