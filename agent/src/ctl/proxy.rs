//! `picketctl proxy`: shows, sets or clears the proxy. Its password comes from a file, never from the command line.

use picket_protocol::local_api::{ProxySettings, ProxyView, routes};

use super::{cli::ProxyCommand, client::Client, failure::Failure, files, screen::Screen};

pub(super) fn run(command: ProxyCommand, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    match command {
        ProxyCommand::Show => {
            let answer = agent.get(routes::PROXY)?;
            if screen.json_answer(&answer)? { Ok(()) } else { show(answer.value()?, screen) }
        }
        ProxyCommand::Set { url, user, password_file } => {
            let password = password_file.map(|path| files::password(&path)).transpose()?.map(Into::into);
            let answer = agent.put_json(routes::PROXY, &ProxySettings { url, user, password })?;
            let done = "The proxy is set. To see whether it works: picketctl check";
            if screen.json_answer(&answer)? { Ok(()) } else { screen.line(done) }
        }
        ProxyCommand::Clear => {
            let answer = agent.delete(routes::PROXY)?;
            if screen.json_answer(&answer)? { Ok(()) } else { screen.line("The sensor connects without a proxy.") }
        }
    }
}

fn show(proxy: Option<ProxyView>, screen: &Screen) -> Result<(), Failure> {
    let Some(proxy) = proxy else {
        return screen.line("No proxy is set: the sensor connects directly.");
    };
    screen.line(&format!("The sensor connects through the proxy {}.", proxy.url))?;
    screen.list(&[("user", proxy.user), ("password", Some(if proxy.password_set { "set" } else { "none" }.to_owned()))])
}
