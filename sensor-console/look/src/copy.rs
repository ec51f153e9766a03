//! Identifiers: monospaced, whole, with a button that copies them. Without a script the text is selected by one click.

use maud::{Markup, html};

use crate::{
    icon::{Icon, icon},
    words,
};

/// An identifier, hash or address, in full.
#[must_use]
pub fn identifier(text: &str) -> Markup {
    html! { code class="id" { (text) } }
}

/// An identifier with a button that copies it. `what` names it for screen readers.
#[must_use]
pub fn copyable(text: &str, what: &str) -> Markup {
    html! {
        span class="copyable" {
            (identifier(text))
            button class="quiet copy" type="button" data-copy=(text) hidden
                aria-label={ (words::COPY) " " (what) } { (icon(Icon::Copy)) }
        }
    }
}
