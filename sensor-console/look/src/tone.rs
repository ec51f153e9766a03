//! The states a thing can be in, shown by icon, word and colour together: never by colour alone.

use maud::{Markup, html};

use crate::icon::{Icon, icon};

/// How good or bad something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Neither.
    #[default]
    Neutral,
    /// As it should be.
    Ok,
    /// Worth knowing.
    Notice,
    /// Needs somebody soon.
    Warning,
    /// Needs somebody now.
    Critical,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Neutral => Icon::Dot,
            Self::Ok => Icon::Check,
            Self::Notice => Icon::Info,
            Self::Warning => Icon::Warning,
            Self::Critical => Icon::Critical,
        }
    }
}

/// A state in a word.
#[must_use]
pub fn badge(tone: Tone, word: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (icon(tone.icon())) (word) } }
}
