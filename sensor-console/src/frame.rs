//! The frame around a page's own part.

use maud::{DOCTYPE, Markup, html};

use crate::{console::Console, guard::SignedIn, page::Page, texts::frame};

/// Around pages of people who signed in.
#[must_use]
pub(crate) fn signed_in(_console: &Console, by: &SignedIn, _path: &str, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (page.title) " · " (frame::PRODUCT) } }
            body {
                header {
                    (by.name) " (" (by.role.word()) ")"
                    form method="post" action="/sign-out" {
                        input type="hidden" name="csrf" value=(by.csrf);
                        button { (frame::SIGN_OUT) }
                    }
                }
                main { h1 { (page.title) } (page.body) }
            }
        }
    }
}

/// Around pages before the sign-in.
#[must_use]
pub(crate) fn open(_console: &Console, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (page.title) " · " (frame::PRODUCT) } }
            body { main { h1 { (page.title) } (page.body) } }
        }
    }
}
