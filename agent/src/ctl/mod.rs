//! picketctl: what a person or a script may ask of the agent. Decides only how to ask and how to show the answer.
//!
//! One file per command. Without an agent work `verify`, `preview` (given a trust root), `explain`, `image-prepare`.

mod activate;
mod alerts;
mod audit;
mod candidate;
mod check;
mod cli;
mod client;
mod console;
mod deliveries;
mod diagnose;
mod explain;
mod failure;
mod files;
mod image_prepare;
mod name;
mod offline;
mod preview;
mod proxy;
mod request;
mod reset;
mod screen;
mod setup_code;
mod status;
mod trust;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use self::{
    cli::{Cli, Command},
    client::Client,
    failure::Failure,
    screen::Screen,
};

/// The command line, for its manual page and completions.
#[must_use]
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// Runs one command line, and says how it went by the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failure; clap tells them apart.
            let code = if error.use_stderr() { failure::USAGE } else { failure::OK };
            return error.print().map_or(ExitCode::from(failure::FAILED), |()| ExitCode::from(code));
        }
    };
    let mut screen = Screen::new(cli.json);
    match run(cli, &mut screen) {
        Ok(()) => ExitCode::from(failure::OK),
        Err(failure) => {
            screen.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(cli: Cli, screen: &mut Screen) -> Result<(), Failure> {
    let agent = Client::new(cli.socket)?;
    match cli.command {
        Command::Status => status::run(&agent, screen),
        Command::Trust(command) => trust::run(command, &agent, screen),
        Command::Verify(file) => verify::run(&file, &agent, screen),
        Command::Preview(file) => preview::run(&file, &agent, screen),
        Command::Activate(order) => activate::run(&order, &agent, screen),
        Command::Candidate { decision } => candidate::run(decision, &agent, screen),
        Command::Activations => candidate::past(&agent, screen),
        Command::Name { name } => name::run(name, &agent, screen),
        Command::Console(command) => console::run(command, &agent, screen),
        Command::Proxy(command) => proxy::run(command, &agent, screen),
        Command::Alerts(command) => alerts::run(command, &agent, screen),
        Command::Check => check::run(&agent, screen),
        Command::Request { out } => request::run(&out, &agent, screen),
        Command::Diagnose => diagnose::run(&agent, screen),
        Command::Audit { after, limit } => audit::run(after, limit, &agent, screen),
        Command::Explain { page: true, .. } => explain::page(screen),
        Command::Explain { code, page: false } => explain::run(&code, screen),
        Command::SetupCode => setup_code::run(&agent, screen),
        Command::Reset(order) => reset::run(&order, &agent, screen),
        Command::ImagePrepare(order) => image_prepare::run(&order, screen),
    }
}
