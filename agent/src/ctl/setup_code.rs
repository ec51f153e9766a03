//! `picketctl setup-code`: the code for the first sign-in at the sensor console. Root, or the agent's own user.

use picket_protocol::local_api::{SetupCodeView, routes};

use super::{client::Client, failure::Failure, screen::Screen};

pub(super) fn run(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::SETUP_CODE)?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let SetupCodeView { code } = answer.value()?;
    screen.line(&format!("Setup code: {code}"))?;
    screen.line("It is for the first sign-in at the sensor console, and is gone once the console has an admin.")
}
