//! A person at the console of a machine, by curl in the machine's network: pages, forms, files. Judges nothing.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::Machine;
use crate::{folder::PrivateFolder, process::run};

/// A browser without JavaScript, with its cookies.
#[derive(Debug)]
pub struct Web {
    folder: PrivateFolder,
    url: String,
}

impl Web {
    /// One that was nowhere yet.
    ///
    /// # Errors
    /// When there is no place for its cookies.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { folder: PrivateFolder::new()?, url: url.to_owned() })
    }

    /// The page, after all redirections.
    ///
    /// # Errors
    /// When the console does not answer, or says an error.
    pub fn page(&self, machine: &Machine, path: &str) -> Result<String> {
        self.curl(machine, path, &[])
    }

    /// Fills in the form of a page and sends it to the form's own address; the token goes along as it stands in the page.
    ///
    /// # Errors
    /// As [`Self::page`]; and when the page has no such form.
    pub fn submit(&self, machine: &Machine, page: &str, action: &str, fields: &[(&str, &str)]) -> Result<String> {
        let form = form(page, action)?;
        let mut arguments = Vec::new();
        for (name, value) in hidden_fields(form).into_iter().chain(fields.iter().copied()) {
            arguments.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
        }
        self.curl(machine, action, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Chooses a file in the form of a page and sends it.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn upload(&self, machine: &Machine, page: &str, action: &str, file: &Path) -> Result<String> {
        let mut arguments = Vec::new();
        for (name, value) in hidden_fields(form(page, action)?) {
            arguments.extend(["--form-string".to_owned(), format!("{name}={value}")]);
        }
        arguments.extend(["--form".to_owned(), format!("file=@{}", file.display())]);
        self.curl(machine, action, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn curl(&self, machine: &Machine, path: &str, more: &[&str]) -> Result<String> {
        let (cookies, body) = (self.folder.join("cookies"), self.folder.join("body"));
        let mut command: Command = machine.in_its_network("curl")?;
        command.args(["--silent", "--show-error", "--insecure", "--location", "--max-time", "60"]);
        command.arg("--cookie").arg(&cookies).arg("--cookie-jar").arg(&cookies).arg("--output").arg(&body);
        command.args(["--write-out", "%{http_code}"]).args(more).arg(format!("{}{path}", self.url));
        let status = run(&mut command)?;
        let page = fs::read_to_string(&body).with_context(|| format!("{path} answered {status} and nothing"))?;
        anyhow::ensure!(status.starts_with('2'), "{path} answered {status}: {page}");
        Ok(page)
    }
}

fn form<'a>(page: &'a str, action: &str) -> Result<&'a str> {
    let start = page.find(&format!("action=\"{action}\"")).with_context(|| format!("no form {action} in {page}"))?;
    let form = &page[start..];
    Ok(&form[..form.find("</form>").unwrap_or(form.len())])
}

/// `<input type="hidden" name="…" value="…">`, whatever their order of attributes.
fn hidden_fields(form: &str) -> Vec<(&str, &str)> {
    let inputs = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let hidden = inputs.filter(|input| input.contains("type=\"hidden\""));
    hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?))).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
