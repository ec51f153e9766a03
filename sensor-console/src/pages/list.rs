//! The pages that can be opened by an address, in one list: for screenshots, for checks of access and language, and for
//! crawls that show that nobody changes anything by looking.

use serde::Serialize;

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ListedPage {
    /// Its path.
    pub path: &'static str,
    /// Who sees it.
    pub who: WhoSees,
}

/// Who sees a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhoSees {
    /// Whoever opens it.
    Everybody,
    /// Whoever signed in.
    SignedIn,
    /// An admin.
    Admin,
}

impl ListedPage {
    /// As a line of `picket-console --pages`.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

const fn page(path: &'static str, who: WhoSees) -> ListedPage {
    ListedPage { path, who }
}

/// Every page.
pub const PAGES: &[ListedPage] = &[
    page("/sign-in", WhoSees::Everybody),
    page("/first-sign-in", WhoSees::Everybody),
    page("/recovery", WhoSees::Everybody),
    page("/first-sign-in/trust", WhoSees::Admin),
    page("/first-sign-in/activation", WhoSees::Admin),
    page("/first-sign-in/activation/preview", WhoSees::Admin),
    page("/first-sign-in/activation/progress", WhoSees::SignedIn),
    page("/first-sign-in/certificate", WhoSees::Admin),
    page("/account", WhoSees::SignedIn),
    page("/settings/certificate", WhoSees::SignedIn),
    page("/settings/users", WhoSees::Admin),
    page("/", WhoSees::SignedIn),
    page("/alerts", WhoSees::SignedIn),
    page("/settings", WhoSees::SignedIn),
    page("/settings/reactivation", WhoSees::SignedIn),
    page("/settings/name", WhoSees::SignedIn),
    page("/settings/network", WhoSees::SignedIn),
    page("/settings/management-console", WhoSees::SignedIn),
    page("/settings/audit", WhoSees::SignedIn),
    page("/settings/diagnostics", WhoSees::SignedIn),
    page("/settings/diagnostics/alert-log", WhoSees::SignedIn),
    page("/settings/certificates", WhoSees::SignedIn),
    page("/settings/about", WhoSees::SignedIn),
];
