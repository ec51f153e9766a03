//! A whole page: head, navigation, identity strip, system messages, title, content.

use maud::{DOCTYPE, Markup, html};

use crate::{
    Tone, assets, badge, copyable,
    icon::{Icon, icon, sprite},
    message::{Message, messages},
    words,
};

/// A link of the main navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavLink<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// Its word.
    pub label: &'a str,
    /// Its icon.
    pub icon: Icon,
    /// Whether this page is there, or below it.
    pub current: bool,
}

/// Who has signed in.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their role.
    pub role: &'a str,
    /// Where signing out is posted to.
    pub sign_out: &'a str,
}

/// Which sensor (or subscription) this is: on every page, so that nobody must wonder.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// What the strip is called by screen readers.
    pub what: &'a str,
    /// Its name, or that it has none yet.
    pub name: &'a str,
    /// Its mode.
    pub mode: &'a str,
    /// Its health in a word, and how good that is.
    pub health: (Tone, &'a str),
    /// The appliance id; empty: none is shown.
    pub appliance: &'a str,
}

/// What surrounds a page's content.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// The page's title, its one `h1`.
    pub title: &'a str,
    /// What stands behind the title in the browser's tab: the sensor's name.
    pub site: &'a str,
    /// The main navigation.
    pub nav: &'a [NavLink<'a>],
    /// The page above: where and its name.
    pub above: Option<(&'a str, &'a str)>,
    /// Which sensor this is.
    pub identity: Option<Identity<'a>>,
    /// System messages.
    pub messages: &'a [Message],
    /// Who has signed in.
    pub person: Option<Person<'a>>,
    /// The session's token.
    pub csrf: &'a str,
}

/// A page with navigation.
#[must_use]
pub fn page(layout: &Layout<'_>, content: &Markup) -> Markup {
    html! {
        (head(layout))
        body {
            (sprite())
            a class="skip" href="#content" { (words::SKIP) }
            div class="frame" {
                (side(layout))
                div class="main" {
                    @if let Some(identity) = &layout.identity { (strip(identity)) }
                    main id="content" tabindex="-1" {
                        (messages(layout.messages))
                        @if let Some((href, label)) = layout.above {
                            a class="above" href=(href) { (icon(Icon::Back)) (label) }
                        }
                        h1 { (layout.title) }
                        (content)
                    }
                }
            }
        }
    }
}

/// A page without navigation, for before sign-in and for flows: one column in the middle.
#[must_use]
pub fn bare(layout: &Layout<'_>, content: &Markup) -> Markup {
    html! {
        (head(layout))
        body class="bare" {
            (sprite())
            a class="skip" href="#content" { (words::SKIP) }
            header class="top" {
                (brand(layout.site))
                div class="tools" {
                    @if let Some(person) = &layout.person { (signed_in(person, layout.csrf)) }
                    (scheme())
                }
            }
            main id="content" tabindex="-1" {
                (messages(layout.messages))
                @if let Some((href, label)) = layout.above {
                    a class="above" href=(href) { (icon(Icon::Back)) (label) }
                }
                h1 { (layout.title) }
                (content)
            }
            @if let Some(identity) = &layout.identity { footer { (strip(identity)) } }
        }
    }
}

fn head(layout: &Layout<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en";
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="htmx-config" content=(assets::HTMX_CONFIG);
            title { (layout.title) " · " (layout.site) }
            link rel="icon" type="image/svg+xml" href=(assets::ICON.path);
            link rel="stylesheet" href=(assets::STYLE.path);
            // First, so that a chosen scheme is there before anything is painted.
            script src=(assets::SCRIPT.path) {}
            script src=(assets::HTMX.path) defer {}
        }
    }
}

fn side(layout: &Layout<'_>) -> Markup {
    html! {
        header class="side" {
            (brand("Picket"))
            nav aria-label=(words::MAIN_NAVIGATION) {
                ul {
                    @for link in layout.nav {
                        li {
                            a href=(link.href) aria-current=[link.current.then_some("page")] {
                                (icon(link.icon)) span { (link.label) }
                            }
                        }
                    }
                }
            }
            div class="tools" {
                @if let Some(person) = &layout.person { (signed_in(person, layout.csrf)) }
                (scheme())
            }
        }
    }
}

fn brand(name: &str) -> Markup {
    html! { a class="brand" href="/" { (icon(Icon::Picket)) span { (name) } } }
}

fn signed_in(person: &Person<'_>, csrf: &str) -> Markup {
    html! {
        div class="person" {
            span class="visually-hidden" { (words::SIGNED_IN_AS) " " }
            span class="person-name" { (person.name) } span class="muted" { (person.role) }
        }
        form class="sign-out" method="post" action=(person.sign_out) {
            input type="hidden" name="csrf" value=(csrf);
            button class="quiet" type="submit" { (icon(Icon::SignOut)) span { (words::SIGN_OUT) } }
        }
    }
}

/// Only a script can keep a choice; without one the system's setting counts.
fn scheme() -> Markup {
    html! {
        button class="quiet scheme" type="button" data-scheme-switch hidden {
            (icon(Icon::Scheme)) span { (words::SCHEME) }
        }
    }
}

fn strip(identity: &Identity<'_>) -> Markup {
    let (tone, word) = identity.health;
    html! {
        section class="strip" id="identity" aria-label=(identity.what) {
            strong class="strip-name" { (identity.name) }
            span { (identity.mode) }
            (badge(tone, word))
            @if !identity.appliance.is_empty() {
                span class="strip-id" {
                    span class="muted" { (words::APPLIANCE) " " } (copyable(identity.appliance, "appliance id"))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout<'a>(nav: &'a [NavLink<'a>]) -> Layout<'a> {
        Layout {
            title: "Overview",
            site: "line-3",
            nav,
            above: None,
            identity: Some(Identity {
                what: words::IDENTITY,
                name: "line-3\"><script>",
                mode: "Locally managed",
                health: (Tone::Ok, "Healthy"),
                appliance: "ABCD",
            }),
            messages: &[],
            person: Some(Person { name: "anna", role: "admin", sign_out: "/sign-out" }),
            csrf: "token",
        }
    }

    #[test]
    fn has_one_title_and_no_inline_style_or_script() {
        let nav = [NavLink { href: "/", label: "Overview", icon: Icon::Overview, current: true }];
        for shown in [page(&layout(&nav), &html! { p { "x" } }), bare(&layout(&nav), &html! { p { "x" } })] {
            let shown = shown.into_string();
            assert_eq!(shown.matches("<h1").count(), 1);
            assert!(!shown.contains(" style=") && !shown.contains("<style"));
            assert_eq!(shown.matches("<script").count(), shown.matches("<script src=\"/assets/").count());
            assert!(shown.contains("aria-label=\"This sensor\""));
        }
    }
}
