//! The frame around a page's own part: navigation, whose portal this is, who signed in; bare before the sign-in.

use picket_look::{Icon, Identity, Layout, Markup, NavLink, Person, Tone, bare, page as framed};

use super::{gate::SignedIn, page::Page, words};
use crate::{domain::access::Right, portal::Portal};

const PRODUCT: &str = "Picket portal";

/// Around pages of people who signed in.
pub(super) fn signed_in(portal: &Portal, by: &SignedIn, path: &str, page: &Page) -> Markup {
    let caller = by.caller();
    let all = [
        (Right::See, "/", "Getting started", Icon::Overview),
        (Right::See, "/sensors", "Sites and Sensors", Icon::Sites),
        (Right::See, "/alerts", "Alerts", Icon::Alerts),
        (Right::See, "/hubs", "Hubs", Icon::Hub),
        (Right::Secure, "/sharing", "Sharing", Icon::Share),
        (Right::See, "/places", "Places", Icon::Network),
        (Right::Own, "/people", "Users", Icon::People),
        (Right::Own, "/tokens", "API tokens", Icon::Key),
        (Right::Secure, "/audit", "Audit", Icon::Audit),
        (Right::See, "/settings", "Settings", Icon::Settings),
        (Right::See, "/account", "Account", Icon::Name),
    ];
    let here =
        |href: &str| if href == "/" { path == "/" || path.starts_with("/onboard") } else { path.starts_with(href) };
    let nav: Vec<NavLink<'_>> = all
        .into_iter()
        .filter(|(right, ..)| caller.may(*right).is_ok())
        .map(|(_, href, label, icon)| NavLink { href, label, icon, current: here(href) })
        .collect();
    let scope = match &caller.scope.0 {
        None => "All subscriptions".to_owned(),
        Some(listed) if listed.len() == 1 => "1 subscription".to_owned(),
        Some(listed) => format!("{} subscriptions", listed.len()),
    };
    let name = portal.endpoint.url.trim_start_matches("https://");
    let layout = Layout {
        title: &page.title,
        site: PRODUCT,
        nav: &nav,
        above: page.above.as_ref().map(|(href, name)| (href.as_str(), name.as_str())),
        identity: Some(Identity {
            what: "This portal",
            name,
            mode: words::server(portal.role),
            health: (Tone::Neutral, &scope),
            appliance: "",
        }),
        messages: &[],
        person: Some(Person { name: &caller.name, role: words::role(caller.role), sign_out: "/sign-out" }),
        csrf: by.csrf(),
    };
    framed(&layout, &page.body)
}

/// Around pages before the sign-in.
pub(super) fn open(page: &Page) -> Markup {
    let layout = Layout {
        title: &page.title,
        site: PRODUCT,
        nav: &[],
        above: None,
        identity: None,
        messages: &[],
        person: None,
        csrf: "",
    };
    bare(&layout, &page.body)
}
