//! The real browser, Chromium, as a person uses it: headless, with a profile of its own, and no request of its own.
//!
//! Elements are named by CSS selectors. Looks at pages and acts on them; judges nothing.

mod driver;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use self::driver::Driver;
use crate::{
    ports::free_port,
    process::Program,
    waiting::{PATIENCE, Waited, until},
};

/// How often an element may be replaced by another under what is done with it.
const REPLACED: usize = 8;

/// W3C WebDriver §12.1: the key under which an element's name is told.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What a person's screen is like.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Whether the person asked for dark pages.
    pub dark: bool,
}

/// A laptop in daylight.
pub const LAPTOP: Screen = Screen { width: 1366, height: 768, dark: false };

/// A running browser. It ends when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    /// Where downloads go.
    downloads: PathBuf,
    /// Ends the driver, which ends the browser.
    _program: Program,
}

/// A key that is no letter, by its name (W3C WebDriver §17.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next field or button.
    Tab,
    /// Does what has the focus.
    Enter,
    /// Chooses what has the focus.
    Space,
}

impl Key {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tab => "\u{e004}",
            Self::Enter => "\u{e007}",
            Self::Space => " ",
        }
    }
}

impl Browser {
    /// Starts one whose profile lies in `folder`, which is made. Certificates are not checked: a first sign-in cannot.
    ///
    /// # Errors
    /// When Chromium is not installed, or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let port = free_port()?;
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env("HOME", folder).env("TMPDIR", folder);
        let mut program = Program::start("chromedriver", &mut command, &folder.join("chromedriver.log"))
            .context("chromium-driver is needed: cargo xtask test --install")?;
        let driver = until("the browser has started", PATIENCE, || {
            program.must_run()?;
            Ok(match Driver::open(port, &capabilities(folder)) {
                Ok(driver) => Waited::Holds(driver),
                Err(error) => Waited::NotYet(format!("{error:#}")),
            })
        })?;
        let browser = Self { driver, downloads: downloads(folder), _program: program };
        browser.show_on(LAPTOP)?;
        Ok(browser)
    }

    /// Goes to an address.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(&self, url: &str) -> Result<()> {
        self.driver.post("url", &json!({ "url": url })).map(drop)
    }

    /// The address of the page.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn address(&self) -> Result<String> {
        Ok(self.driver.get("url")?.as_str().unwrap_or_default().to_owned())
    }

    /// What an element shows.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, css: &str) -> Result<String> {
        let shown = self.with(css, |element| self.driver.get(&format!("element/{element}/text")))?;
        Ok(shown.as_str().unwrap_or_default().to_owned())
    }

    /// An attribute of an element, if it has it.
    ///
    /// # Errors
    /// When there is no such element.
    pub fn attribute(&self, css: &str, name: &str) -> Result<Option<String>> {
        let value = self.with(css, |element| self.driver.get(&format!("element/{element}/attribute/{name}")))?;
        Ok(value.as_str().map(str::to_owned))
    }

    /// How many elements there are.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn count(&self, css: &str) -> Result<usize> {
        let found = self.driver.post("elements", &json!({ "using": "css selector", "value": css }))?;
        Ok(found.as_array().map_or(0, Vec::len))
    }

    /// Waits until there is such an element.
    ///
    /// # Errors
    /// When it does not come; says what the page shows instead.
    pub fn until(&self, css: &str) -> Result<()> {
        until(&format!("the page has {css}"), PATIENCE, || {
            // While a page gives way to the next one, there is nothing to look at.
            match self.count(css) {
                Ok(count) if count > 0 => Ok(Waited::Holds(())),
                Ok(_) => Ok(Waited::NotYet(self.shown())),
                Err(error) => Ok(Waited::NotYet(format!("{error:#}"))),
            }
        })
    }

    /// Where the browser is and what the page says, for the message of a failure.
    #[must_use]
    pub fn shown(&self) -> String {
        let page = self.text("body").unwrap_or_else(|error| format!("{error:#}"));
        format!("{}: {page}", self.address().unwrap_or_default())
    }

    /// Clicks.
    ///
    /// # Errors
    /// When there is nothing to click on.
    pub fn click(&self, css: &str) -> Result<()> {
        self.with(css, |element| self.driver.post(&format!("element/{element}/click"), &json!({}))).map(drop)
    }

    /// Writes into a field in place of what it holds.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn write(&self, css: &str, text: &str) -> Result<()> {
        let written = self.with(css, |element| {
            self.driver.post(&format!("element/{element}/clear"), &json!({}))?;
            self.driver.post(&format!("element/{element}/value"), &json!({ "text": text }))
        });
        written.map(drop)
    }

    /// Chooses a file in a field for files.
    ///
    /// # Errors
    /// When there is no such field, or no such file.
    pub fn choose_file(&self, css: &str, file: &Path) -> Result<()> {
        let element = self.element(css)?;
        let path = file.to_str().context("a path in UTF-8")?;
        self.driver.post(&format!("element/{element}/value"), &json!({ "text": path })).map(drop)
    }

    /// Waits for the file that a click began to download, and moves it to `to`.
    ///
    /// # Errors
    /// When it does not come.
    pub fn take_download(&self, to: &Path) -> Result<()> {
        let file = until("the download has ended", PATIENCE, || {
            let files = fs::read_dir(&self.downloads).into_iter().flatten().filter_map(Result::ok);
            let files: Vec<_> = files.map(|entry| entry.path()).collect();
            // The browser writes under another name until it has all of it, and may hold the file's own name by an empty one.
            let whole = |file: &PathBuf| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let written = fs::metadata(file).is_ok_and(|about| about.len() > 0);
                written && !name.starts_with('.') && !name.ends_with(".crdownload")
            };
            Ok(match files.iter().find(|file| whole(file)) {
                Some(file) => Waited::Holds(file.clone()),
                None => Waited::NotYet(format!("{files:?}; {}", self.shown())),
            })
        })?;
        Ok(fs::rename(file, to)?)
    }

    /// Presses keys one after another on whatever has the focus.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn press(&self, keys: &[Key]) -> Result<()> {
        self.keys(keys.iter().map(|key| key.as_str().to_owned()))
    }

    /// Types on whatever has the focus.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.keys(text.chars().map(|letter| if letter == '\n' { Key::Enter.as_str().into() } else { letter.into() }))
    }

    fn keys(&self, keys: impl Iterator<Item = String>) -> Result<()> {
        let strokes =
            keys.flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        let actions = json!([{ "type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>() }]);
        self.driver.post("actions", &json!({ "actions": actions })).map(drop)
    }

    /// Moves the focus on by the keyboard until it is where `css` says.
    ///
    /// # Errors
    /// When it does not come there in a hundred steps.
    pub fn tab_to(&self, css: &str) -> Result<()> {
        self.until(css)?;
        for _ in 0..100 {
            if self.has_focus(css)? {
                return Ok(());
            }
            self.press(&[Key::Tab])?;
        }
        bail!("the keyboard does not lead to {css}: {}", self.shown())
    }

    /// Whether what has the focus is what `css` names.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn has_focus(&self, css: &str) -> Result<bool> {
        let focused = self.driver.get("element/active")?;
        let found = self.driver.post("elements", &json!({ "using": "css selector", "value": css }))?;
        Ok(found.as_array().is_some_and(|found| found.contains(&focused)))
    }

    /// Runs a script in the page, as somebody at the browser's own console could; its `return` is the answer.
    ///
    /// # Errors
    /// When it throws.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.driver.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// As [`Self::run`], for a script that calls its last argument with the answer.
    ///
    /// # Errors
    /// When it throws, or does not answer.
    pub fn run_async(&self, script: &str) -> Result<Value> {
        self.driver.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Shows pages on another screen from now on.
    ///
    /// # Errors
    /// When the browser does not take it.
    pub fn show_on(&self, screen: Screen) -> Result<()> {
        let Screen { width, height, dark } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)?;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &media).map(drop)
    }

    /// Keeps pages from running scripts from now on.
    ///
    /// # Errors
    /// When the browser does not take it.
    pub fn without_scripts(&self) -> Result<()> {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).map(drop)
    }

    /// The whole page, beyond what the screen shows, as PNG.
    ///
    /// # Errors
    /// When the browser does not make it.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let size = &self.devtools("Page.getLayoutMetrics", &json!({}))?["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let answer = self.devtools("Page.captureScreenshot", &asked)?;
        STANDARD.decode(answer["data"].as_str().context("no picture")?).context("a picture in base64")
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.driver.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Does something with an element. A page that brings itself up to date may put another in its place meanwhile.
    fn with(&self, css: &str, work: impl Fn(&str) -> Result<Value>) -> Result<Value> {
        for _ in 0..REPLACED {
            match work(&self.element(css)?) {
                Err(error) if format!("{error:#}").contains("stale element reference") => {}
                done => return done,
            }
        }
        work(&self.element(css)?)
    }

    fn element(&self, css: &str) -> Result<String> {
        let found = self.driver.post("element", &json!({ "using": "css selector", "value": css }));
        let found = found.with_context(|| format!("no {css} at {}", self.shown_if(css)))?;
        found[ELEMENT].as_str().map(str::to_owned).with_context(|| format!("no element in {found}"))
    }

    /// What the page shows, unless that is what cannot be had.
    fn shown_if(&self, css: &str) -> String {
        if css == "body" { "a page without a body".into() } else { self.shown() }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser; killed, it would leave it behind.
        let _ = self.driver.end();
    }
}

fn downloads(folder: &Path) -> PathBuf {
    folder.join("downloads")
}

/// Nothing of the browser's own on the network, and nothing of the machine's own profile.
fn capabilities(folder: &Path) -> Value {
    let profile: PathBuf = folder.join("profile");
    let arguments = [
        "--headless",
        // In a container that has no namespaces of its own for it; what it opens is ours.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
        "--disable-extensions",
        // The driver's end is the browser's, however it comes.
        "--remote-debugging-pipe",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
    ];
    let mut arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    json!({
        "acceptInsecureCerts": true,
        "goog:chromeOptions": { "args": arguments, "prefs": { "download": { "default_directory": downloads(folder) } } },
        "timeouts": { "script": 30_000, "pageLoad": 30_000, "implicit": 0 },
    })
}
