//! Icons of our own drawing: 20 px, strokes of 1.5 px, one sprite a page. Always beside a word, so hidden from readers.

use maud::{Markup, PreEscaped, html};

/// An icon of the sprite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Icon {
    Overview,
    Alerts,
    Settings,
    Reactivation,
    Name,
    Network,
    Certificate,
    People,
    Audit,
    Diagnostics,
    Key,
    About,
    Check,
    Info,
    Warning,
    Critical,
    Dot,
    Waiting,
    Copy,
    Download,
    Upload,
    Forward,
    Back,
    Scheme,
    SignOut,
    Picket,
    Sites,
    Hub,
    Share,
    Add,
}

impl Icon {
    const ALL: [Self; 30] = [
        Self::Overview,
        Self::Alerts,
        Self::Settings,
        Self::Reactivation,
        Self::Name,
        Self::Network,
        Self::Certificate,
        Self::People,
        Self::Audit,
        Self::Diagnostics,
        Self::Key,
        Self::About,
        Self::Check,
        Self::Info,
        Self::Warning,
        Self::Critical,
        Self::Dot,
        Self::Waiting,
        Self::Copy,
        Self::Download,
        Self::Upload,
        Self::Forward,
        Self::Back,
        Self::Scheme,
        Self::SignOut,
        Self::Picket,
        Self::Sites,
        Self::Hub,
        Self::Share,
        Self::Add,
    ];

    /// Name in the sprite, and what is drawn on 20 × 20.
    const fn drawing(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("overview", "M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z"),
            Self::Alerts => ("alerts", "M10 3a5 5 0 0 0-5 5v4l-1.5 2.5h13L15 12V8a5 5 0 0 0-5-5zM8 17h4"),
            Self::Settings => ("settings", "M3 6h6M13 6h4M11 4v4M3 14h3M10 14h7M8 12v4"),
            Self::Reactivation => {
                ("reactivation", "M16 8a6.5 6.5 0 0 0-12-1M4 3v4h4M4 12a6.5 6.5 0 0 0 12 1M16 17v-4h-4")
            }
            Self::Name => ("name", "M3 4h7l7 7-6 6-8-8zM6.5 7.5h.01"),
            Self::Network => ("network", "M7 3h6v4H7zM2.5 13h5v4h-5zM12.5 13h5v4h-5zM10 7v3M5 13v-3h10v3"),
            Self::Certificate => ("certificate", "M10 2.5l6 2v5c0 4-2.5 6.5-6 8-3.5-1.5-6-4-6-8v-5zM7.5 9.5l2 2 3.5-4"),
            Self::People => (
                "people",
                "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5M13 4a3 3 0 0 1 0 5.5M15 12.5c2 .7 3 2 3 4",
            ),
            Self::Audit => ("audit", "M5 2.5h7l3 3v12H5zM7.5 8h5M7.5 11h5M7.5 14h3"),
            Self::Diagnostics => ("diagnostics", "M2 10h4l2-5 4 10 2-5h4"),
            Self::Key => ("key", "M6.5 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 10h8M15 10v3M18 10v2"),
            Self::About => ("about", "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9v5M10 6.2h.01"),
            Self::Check => ("check", "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM6.5 10l2.5 2.5 4.5-5"),
            Self::Info => ("info", "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9.5v4.5M10 6.5h.01"),
            Self::Warning => ("warning", "M10 3l8 14H2zM10 8v4M10 14.5h.01"),
            Self::Critical => ("critical", "M6.5 2.5h7l4 4v7l-4 4h-7l-4-4v-7zM7.5 7.5l5 5M12.5 7.5l-5 5"),
            Self::Dot => ("dot", "M10 14a4 4 0 1 0 0-8 4 4 0 0 0 0 8z"),
            Self::Waiting => ("waiting", "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 6v4.5l3 1.5"),
            Self::Copy => ("copy", "M7 7h9v10H7zM4 13V3h9"),
            Self::Download => ("download", "M10 3v9M6 8.5l4 4 4-4M3.5 16.5h13"),
            Self::Upload => ("upload", "M10 13V4M6 7.5l4-4 4 4M3.5 16.5h13"),
            Self::Forward => ("forward", "M7.5 4.5l5.5 5.5-5.5 5.5"),
            Self::Back => ("back", "M12.5 4.5L7 10l5.5 5.5"),
            Self::Scheme => {
                ("scheme", "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 2.5v15M10 6h5.8M10 10h7.3M10 14h5.8")
            }
            Self::SignOut => ("sign-out", "M11 3.5H4v13h7M8.5 10h9M14.5 7l3 3-3 3"),
            Self::Picket => ("picket", "M4 17V6l2-3 2 3v11zM12 17V6l2-3 2 3v11zM2 10h16M2 13.5h16"),
            Self::Sites => {
                ("sites", "M10 18s6-5.5 6-10A6 6 0 0 0 4 8c0 4.5 6 10 6 10zM10 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z")
            }
            Self::Hub => ("hub", "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM10 7.5V3M8 11.5l-4 4M12 11.5l4 4"),
            Self::Share => ("share", "M4 10v6.5h12V10M10 12.5V3M6.5 6.5L10 3l3.5 3.5"),
            Self::Add => ("add", "M10 4v12M4 10h12"),
        }
    }
}

/// The icon, by reference into the page's sprite.
#[must_use]
pub fn icon(which: Icon) -> Markup {
    let (name, _) = which.drawing();
    html! {
        svg class="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false" {
            use href={ "#i-" (name) } {}
        }
    }
}

/// Every icon once, for the start of a page's body.
pub(crate) fn sprite() -> Markup {
    let symbols: String = Icon::ALL
        .iter()
        .map(|icon| icon.drawing())
        .map(|(name, path)| format!("<symbol id=\"i-{name}\" viewBox=\"0 0 20 20\"><path d=\"{path}\"/></symbol>"))
        .collect();
    // Ours alone: names and paths are constants of this file.
    html! { svg class="sprite" width="0" height="0" aria-hidden="true" { (PreEscaped(symbols)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_is_in_the_sprite_once() {
        let sprite = sprite().into_string();
        for which in Icon::ALL {
            let (name, _) = which.drawing();
            assert_eq!(sprite.matches(&format!("id=\"i-{name}\"")).count(), 1, "{name}");
        }
    }
}
