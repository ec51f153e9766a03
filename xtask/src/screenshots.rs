//! `cargo xtask screenshots`: every page of the sensor console and of the portal, as PNG, on a phone, a laptop and a large screen, by day and
//! by night. For looking at; judges nothing.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use picket_lab::{
    Agent, Binaries, Browser, Console, Generator, Person, Portal, PrivateFolder, Role, Settings, browser::Screen,
    ending, portal::text, ports::free_port,
};
use picket_protocol::time::UnixSeconds;
use serde_json::Value;

use crate::{
    builds::{ALL_BUT_XTASK, build, target_folder},
    demo::SAMPLE,
};

/// The portal's pages; `ID` is a sensor, `HUB` a hub, `DESTINATION` a destination.
const PORTAL_PAGES: [&str; 20] = [
    "/",
    "/onboard",
    "/onboard/many",
    "/sensors",
    "/sensors?search=nothing",
    "/sensors/ID",
    "/sensors/ID/file",
    "/sensors/ID/edit",
    "/sensors/ID/reissue",
    "/sensors/ID/delete",
    "/alerts",
    "/hubs",
    "/hubs/one?id=HUB",
    "/sharing",
    "/sharing/edit?id=DESTINATION",
    "/places",
    "/settings",
    "/people",
    "/tokens",
    "/audit",
];

/// CSS pixels.
const WIDTHS: [(u32, u32); 3] = [(360, 740), (1366, 768), (2560, 1440)];
/// Hours of the past day in which something was detected.
const HOURS: i64 = 23;
const REACTIVATION: &str = "/settings/reactivation";
const MANAGEMENT_CONSOLE: &str = "/settings/management-console";

#[derive(Args)]
pub(crate) struct Screenshots {
    /// Where to; `screenshots/` of the target folder unless named
    folder: Option<PathBuf>,
}

impl Screenshots {
    pub(crate) fn run(&self) -> Result<bool> {
        ending::end_cleanly_on_signals()?;
        build("dev", &ALL_BUT_XTASK)?;
        let to = self.folder.clone().map_or_else(|| Ok(target_folder()?.join("screenshots")), anyhow::Ok)?;
        fs::create_dir_all(&to)?;
        let stage = Stage::set_up()?;
        let camera = Camera { browser: &stage.browser, to };
        let sensor = stage.first_sign_in(&camera)?;
        for page in stage.console.pages()? {
            let path = page["path"].as_str().context("a page without a path")?;
            stage.person().open(path)?;
            camera.take(path)?;
        }
        stage.reactivation(&camera, &sensor)?;
        stage.under_a_management_console(&camera, &sensor)?;
        stage.portal_pages(&camera)?;
        println!("{}", camera.to.display());
        Ok(true)
    }
}

/// A sensor with its portal, console and browser. Programs end before their folder goes.
struct Stage {
    browser: Browser,
    console: Console,
    agent: Agent,
    portal: Portal,
    folder: PrivateFolder,
}

impl Stage {
    fn set_up() -> Result<Self> {
        let (folder, binaries) = (PrivateFolder::new()?, Binaries::beside_this_program()?);
        let mut portal = Portal::init(&binaries, Role::Portal, &folder.join("portal"))?;
        portal.start()?;
        let room = folder.join("sensor");
        fs::create_dir(&room)?;
        let mut agent = Agent::set_up(&binaries, &room, &Settings::default())?;
        portal.export_root(&agent.trust_directory().join("portal.root"))?;
        agent.start()?;
        let mut console = Console::set_up(&binaries, &folder.join("sensor-console"), &agent)?;
        console.start()?;
        let browser = Browser::start(&folder.join("browser"))?;
        Ok(Self { browser, console, agent, portal, folder })
    }

    fn person(&self) -> Person<'_> {
        Person { browser: &self.browser, console: &self.console }
    }

    /// Before the sign-in, with nothing, and with a few sensors.
    fn portal_pages(&self, camera: &Camera<'_>) -> Result<()> {
        let open = |path: &str| self.browser.open(&format!("{}{path}", self.portal.pages_url()?));
        for path in ["/sign-in", "/choose-password"] {
            open(path)?;
            camera.take(&format!("portal{path}"))?;
        }
        self.browser.write("#name", "owner")?;
        self.browser.write("#code", &self.portal.owner_code()?)?;
        self.browser.write("#password", "three grey pumps hum")?;
        self.browser.write("#again", "three grey pumps hum")?;
        self.browser.click("main button[type=submit]")?;
        self.browser.until("[data-step=onboard]")?;
        let place = ["--site", "South works", "--tag", "owner=maintenance", "--mode", "locally-managed"];
        for number in 1..8 {
            self.portal.add_sensor(&format!("pump-house-{number} 10.4.1.{number}"), &place)?;
        }
        self.portal.ask(&["user", "add", "mira", "--role", "contributor", "--subscription", "Plant One"])?;
        let listed = self.portal.ask(&["sensor", "list"])?;
        let id = listed["sensors"][0]["id"].as_str().context("the portal has no sensor")?.to_owned();
        let authority = self.portal.authority();
        let authority = authority.to_str().context("a path in UTF-8")?;
        let hub = ["hub", "add", "Plant hub", "--url", "https://hub.north.example:8443", "--ca", authority];
        let hub = text(&self.portal.ask(&hub)?, "id")?;
        let siem = ["share", "add", "SIEM", "--syslog", "siem.north.example", "--ca", authority];
        let destination = text(&self.portal.ask(&siem)?, "id")?;
        for path in PORTAL_PAGES {
            open(&path.replace("HUB", &hub).replace("DESTINATION", &destination).replace("/ID", &format!("/{id}")))?;
            let name = path.replace("/ID", "/one").replace("?id=HUB", "").replace("?id=DESTINATION", "");
            camera.take(&format!("portal{}", name.replace('?', "/")))?;
        }
        self.many_at_once(camera)
    }

    /// A table that is refused and one that is taken; what is done with several sensors.
    fn many_at_once(&self, camera: &Camera<'_>) -> Result<()> {
        let open = |path: &str| self.browser.open(&format!("{}{path}", self.portal.pages_url()?));
        let tables = [
            (
                "name,subscription,zone,licence_until\nmixer-1 10.4.2.1,Plant One,Mixing,31.1.2031\n-,,,\n",
                "[data-refusal]",
                "refused",
            ),
            (
                "name,subscription,zone\nmixer-1 10.4.2.1,Plant One,Mixing\nmixer-2 10.4.2.2,Plant One,Mixing\n",
                "form[action='/sensors/files']",
                "done",
            ),
        ];
        for (table, wanted, name) in tables {
            open("/onboard/many")?;
            self.browser.write("#text", table)?;
            self.browser.click("main form button[type=submit]")?;
            self.browser.until(wanted)?;
            camera.take(&format!("portal/onboard/many/{name}"))?;
        }
        for deed in ["edit", "files", "delete"] {
            open("/sensors?search=mixer")?;
            self.browser.click("tbody tr:nth-child(1) [name=sensor]")?;
            self.browser.click("tbody tr:nth-child(2) [name=sensor]")?;
            self.browser.click(&format!("[name=deed][value={deed}]"))?;
            self.browser.until("main ul li")?;
            camera.take(&format!("portal/sensors/chosen-{deed}"))?;
        }
        Ok(())
    }

    /// From the setup code to a sensor that has detected something. Its id.
    fn first_sign_in(&self, camera: &Camera<'_>) -> Result<String> {
        let place = ["--mode", "cloud-connected", "--site", "North works", "--zone", "Line 3"];
        let sensor = self.portal.add_sensor("line-3-switch-room", &place)?;
        let file = self.portal.download(&sensor, &self.folder.join("line-3.activation"))?;
        self.person().open("/first-sign-in")?;
        camera.take("/first-sign-in")?;
        self.person().become_admin(&self.agent)?;
        self.browser.until("form[action='/first-sign-in/activation']")?;
        camera.take("/first-sign-in/activation")?;
        self.person().upload("/first-sign-in/activation", &self.folder.join("sensor/agent.toml"))?;
        self.browser.until("[data-refusal]")?;
        camera.take("/first-sign-in/refusal")?;
        self.person().upload("/first-sign-in/activation", &file)?;
        self.browser.until("[data-step=preview]")?;
        camera.take("/first-sign-in/preview")?;
        // Under way, for as long as a dead proxy keeps it from its portal.
        self.agent.ask(&["proxy", "set", &format!("http://127.0.0.1:{}", free_port()?)])?;
        self.person().submit("/first-sign-in/activation/activate")?;
        self.browser.until("#progress [data-refusal]")?;
        camera.take("/first-sign-in/under-way")?;
        self.agent.ask(&["proxy", "clear"])?;
        self.browser.until("#progress[data-state=proved]")?;
        self.browser.click("#continue")?;
        self.person().submit_when_there("/first-sign-in/certificate/keep")?;
        self.browser.until("[data-mode]")?;
        self.detect_for_a_day()?;
        Ok(sensor)
    }

    /// The demo's alerts again and again, some in each of the past hours.
    fn detect_for_a_day(&self) -> Result<()> {
        let records = SAMPLE.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
        let mut alerts = records.into_iter().filter(|record| record["event_type"] == "alert").cycle();
        let mut generator = Generator::new(&self.agent.eve_file(), 1)?;
        let now = self.agent.status()?["clock"]["wall"].as_i64().context("a status has a clock")?;
        let mut written = 0;
        for hour in (0..HOURS).rev() {
            for minute in (0..2 + (hour * 7 + hour * hour) % 11).rev() {
                let mut record = alerts.next().context("the sample has alerts")?;
                let at = UnixSeconds(now - hour * 3600 - minute * 60).to_string();
                record["timestamp"] = at.replace('Z', ".104221+0000").into();
                written = generator.alert(record)?;
            }
        }
        self.agent.until("the alerts are there to be shown", |status| {
            status["alerts"]["counters"]["logged"].as_u64().unwrap_or(0) >= written
        })?;
        Ok(())
    }

    /// A file that is refused, and one whose hub does not answer.
    fn reactivation(&self, camera: &Camera<'_>, sensor: &str) -> Result<()> {
        self.person().open(REACTIVATION)?;
        self.person().upload(REACTIVATION, &self.agent.configuration())?;
        self.browser.until("[data-refusal]")?;
        camera.take("/settings/reactivation/refused")?;
        let hub = "https://hub.north.example";
        let authority = self.portal.authority();
        let authority = authority.to_str().context("a path in UTF-8")?;
        self.portal.ask(&["sensor", "reissue", sensor, "--hub-url", hub, "--hub-ca", authority])?;
        let file = self.portal.download(sensor, &self.folder.join("another-hub.activation"))?;
        self.person().upload(REACTIVATION, &file)?;
        self.person().submit_when_there("/settings/reactivation/activate")?;
        self.browser.until("#state [data-refusal]")?;
        camera.take("/settings/reactivation/candidate")
    }

    /// Locally managed: before, connected, and what is refused.
    fn under_a_management_console(&self, camera: &Camera<'_>, sensor: &str) -> Result<()> {
        self.portal.ask(&["sensor", "reissue", sensor, "--mode", "locally-managed"])?;
        self.agent.activate(&self.portal.download(sensor, &self.folder.join("local.activation"))?)?;
        let folder = self.folder.join("management-console");
        let mut console = Portal::init(&Binaries::beside_this_program()?, Role::ManagementConsole, &folder)?;
        console.start()?;
        let token = console.pairing_token(&self.folder.join("pairing-token"))?;
        for (token, wanted, name) in [
            ("hunter2", "[data-refusal]", "refused"),
            (&fs::read_to_string(token)?, "form[action='/settings/management-console/disconnect']", "connected"),
        ] {
            self.person().open(MANAGEMENT_CONSOLE)?;
            camera.take(&format!("{MANAGEMENT_CONSOLE}/before"))?;
            let field = |name: &str| format!("form[action='{MANAGEMENT_CONSOLE}'] [name={name}]");
            self.browser.write(&field("url"), console.url())?;
            self.browser.write(&field("token"), token)?;
            self.person().upload(MANAGEMENT_CONSOLE, &console.authority())?;
            self.browser.until(wanted)?;
            camera.take(&format!("{MANAGEMENT_CONSOLE}/{name}"))?;
        }
        self.agent.until("it is connected", |status| status["upstream"]["link"] == "connected")?;
        self.person().open(MANAGEMENT_CONSOLE)?;
        camera.take(&format!("{MANAGEMENT_CONSOLE}/connected"))?;
        console.stop()
    }
}

struct Camera<'a> {
    browser: &'a Browser,
    to: PathBuf,
}

impl Camera<'_> {
    /// The page that the browser shows, on each screen.
    fn take(&self, path: &str) -> Result<()> {
        let name = path.trim_matches('/').replace('/', "-");
        let name = if name.is_empty() { "overview" } else { &name };
        for (width, height) in WIDTHS {
            for (dark, by) in [(false, "light"), (true, "dark")] {
                self.browser.show_on(Screen { width, height, dark })?;
                fs::write(self.to.join(format!("{name}-{width}-{by}.png")), self.browser.screenshot()?)?;
            }
        }
        self.browser.show_on(picket_lab::browser::LAPTOP)
    }
}
