//! The browser, on pages of a few lines.

use anyhow::{Context, Result, ensure};
use picket_lab::{
    Browser, PrivateFolder,
    browser::{Key, Screen},
};

const FORM: &str = "data:text/html,<title>A</title><h1>Form</h1><form><input id=name><input id=file type=file>\
                    <button type=button onclick=\"this.textContent=document.getElementById('name').value\">Go</button></form>";
const THEMED: &str = "data:text/html,<style>body{margin:0;background:rgb(255,255,255);height:3000px}\
                      @media (prefers-color-scheme:dark){body{background:rgb(0,0,0)}}</style>";
const SCRIPTED: &str =
    "data:text/html,<p id=said>without</p><script>document.getElementById('said').textContent='with'</script>";

#[test]
fn fills_in_chooses_files_and_clicks() -> Result<()> {
    let folder = PrivateFolder::new()?;
    let browser = Browser::start(&folder.join("browser"))?;
    browser.open(FORM)?;
    ensure!(browser.text("h1")? == "Form" && browser.count("input")? == 2, "{}", browser.shown());
    browser.write("#name", "line-3")?;
    browser.choose_file("#file", &folder.join("browser/chromedriver.log"))?;
    browser.click("button")?;
    ensure!(browser.text("button")? == "line-3", "{}", browser.shown());
    let chosen = browser.run("return document.getElementById('file').files[0].name")?;
    ensure!(chosen == "chromedriver.log", "{chosen}");
    Ok(())
}

#[test]
fn is_used_by_the_keyboard_alone() -> Result<()> {
    let folder = PrivateFolder::new()?;
    let browser = Browser::start(&folder.join("browser"))?;
    browser.open(FORM)?;
    browser.press(&[Key::Tab])?;
    ensure!(browser.has_focus("#name")?, "the first field has no focus");
    browser.type_text("by keys")?;
    browser.press(&[Key::Tab, Key::Tab, Key::Enter])?;
    ensure!(browser.text("button")? == "by keys", "{}", browser.shown());
    Ok(())
}

#[test]
fn shows_pages_on_a_phone_in_the_dark_and_without_scripts() -> Result<()> {
    let folder = PrivateFolder::new()?;
    let browser = Browser::start(&folder.join("browser"))?;
    browser.show_on(Screen { width: 360, height: 740, dark: true })?;
    browser.open(THEMED)?;
    let dark = browser.run("return getComputedStyle(document.body).backgroundColor")?;
    ensure!(dark == "rgb(0, 0, 0)" && browser.run("return innerWidth")? == 360, "{dark}");
    let picture = browser.screenshot()?;
    // PNG §11.2.2: width and height follow the signature and the head of the first chunk.
    let number = |at: usize| -> Result<u32> {
        Ok(u32::from_be_bytes(picture.get(at..at + 4).context("a picture")?.try_into()?))
    };
    ensure!((number(16)?, number(20)?) == (360, 3000), "{} x {}", number(16)?, number(20)?);
    browser.without_scripts()?;
    browser.open(SCRIPTED)?;
    ensure!(browser.text("#said")? == "without", "a script ran");
    Ok(())
}
