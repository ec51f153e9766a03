//! Overview.

use maud::html;

use crate::{
    guard::SignedIn,
    page::{Failed, Page},
};

pub(super) async fn overview(by: SignedIn) -> Result<Page, Failed> {
    let status = by.status()?;
    Ok(Page::new("Overview", html! { p { "Appliance " code { (status.appliance) } } }))
}
