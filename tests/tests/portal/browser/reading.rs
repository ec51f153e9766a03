//! Every page by what every reader needs: axe-core finds nothing serious, and nothing is wider than a phone.

use anyhow::{Context, Result, ensure};
use picket_lab::{
    axe,
    browser::{LAPTOP, Screen},
    portal::text,
};
use picket_portal::web;

use super::Desk;

const PHONE: Screen = Screen { width: 360, height: 740, dark: true };

#[test]
fn axe_finds_nothing_serious_on_any_page_on_a_laptop_and_a_dark_phone() -> Result<()> {
    let axe = axe::source()?;
    let desk = Desk::new()?;
    let mut all = Vec::new();
    let mut look = |path: &str| -> Result<()> {
        desk.open(path)?;
        for screen in [LAPTOP, PHONE] {
            desk.browser.show_on(screen)?;
            all.extend(axe::findings(&desk.browser, &axe, path)?);
        }
        desk.browser.show_on(LAPTOP)
    };
    look("/sign-in")?;
    look("/choose-password")?;
    desk.first_sign_in()?;
    look("/")?;
    look("/sensors")?;
    let place = ["--site", "North works", "--zone", "Line 3", "--tag", "owner=maintenance"];
    let sensor = desk.portal.add_sensor("line-3 10.4.1.17", &place)?;
    desk.portal.download(&sensor, &desk.folder.join("x.activation"))?;
    let is_page = |path: &str| !["export", "template"].iter().any(|file| path.contains(file));
    for route in web::listed().iter().filter(|route| route.method == "GET" && is_page(route.path)) {
        look(&route.path.replace("{id}", &sensor))?;
    }
    let authority = desk.portal.authority();
    let authority = authority.to_str().context("a path in UTF-8")?;
    let siem = ["share", "add", "SIEM", "--syslog", "siem.example", "--ca", authority];
    let hub = ["hub", "add", "Plant hub", "--url", "https://hub.example", "--ca", authority];
    for (path, added) in [("/sharing/edit", &siem), ("/hubs/one", &hub)] {
        look(&format!("{path}?id={}", text(&desk.portal.ask(added)?, "id")?))?;
    }
    look("/sharing")?;
    look("/hubs")?;
    desk.browser.open("about:blank").context("leave the portal")?;
    ensure!(all.is_empty(), "{} findings:\n{}", all.len(), all.join("\n"));
    Ok(())
}
