//! The program: `init`, `root`, `serve`, `backup`, `restore` and `move` work on the data folder; everything else asks the running server.

mod alert_commands;
mod audit_commands;
mod backup;
mod client;
mod descriptors;
mod explain;
mod failure;
mod folder;
mod init;
mod output;
mod people_commands;
mod place_commands;
mod recover;
mod root_draft;
mod roots;
mod sensor_commands;
mod sensor_table;
mod serve;
mod share;
mod simple_commands;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::people;

/// Registers sensors, issues activation files, receives heartbeats; also the management console.
#[derive(Debug, Parser)]
#[command(name = "picket-portal", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a data folder: keys, CAs, certificates, database, an API token.
    Init(init::Init),
    /// Serve sensors and people.
    Serve(serve::Serve),
    /// Make another admin's API token, while the server is stopped.
    ApiToken(init::ApiToken),
    /// Write everything into one file, sealed by a passphrase, while the server runs or not.
    Backup(backup::Backup),
    /// Make a data folder and a database of a backup.
    Restore(backup::Restore),
    /// Move everything from the files of the data folder to a PostgreSQL server, while the server is stopped.
    Move(backup::Move),
    /// The trust root: works on files, no server needed.
    #[command(subcommand)]
    Root(roots::Root),
    /// Sensors.
    #[command(subcommand)]
    Sensor(sensor_commands::Sensor),
    /// Alerts that sensors delivered.
    #[command(subcommand)]
    Alert(alert_commands::Alert),
    /// Hubs.
    #[command(subcommand)]
    Hub(simple_commands::Hub),
    /// Where alerts and health events are sent on.
    #[command(subcommand)]
    Share(share::Share),
    /// Subscriptions: whose sensors are.
    #[command(subcommand)]
    Subscription(place_commands::Subscription),
    /// Sites and zones: where sensors stand.
    #[command(subcommand)]
    Place(place_commands::Place),
    /// Pairing tokens of a management console.
    #[command(subcommand)]
    PairingToken(simple_commands::PairingToken),
    /// What people should look into.
    #[command(subcommand)]
    Alarm(simple_commands::Alarm),
    /// Who changed what.
    Audit(audit_commands::Audit),
    /// People who may use the portal.
    #[command(subcommand)]
    User(people_commands::User),
    /// API tokens.
    #[command(subcommand)]
    Token(people_commands::Token),
    /// What a code of a refusal means, and what to do.
    Explain(explain::Explain),
    /// Print the description of the API, OpenAPI 3.1. A running server has it at /api/v1/openapi.json.
    Openapi,
}

/// The command line, for its manual page and completions.
#[must_use]
pub fn command_line() -> clap::Command {
    Arguments::command()
}

/// Runs the program; how it went is the exit code: 1 failed, 2 not understood, 3 refused, 4 server not reached.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return output::failure(&error.into()),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failure(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Init(init) => init.run().await,
        Command::Serve(serve) => serve.run().await,
        Command::ApiToken(token) => token.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::Move(to) => to.run().await,
        Command::Root(root) => root.run(),
        Command::Sensor(sensor) => sensor.run().await,
        Command::Alert(alert) => alert.run().await,
        Command::Hub(hub) => hub.run().await,
        Command::Share(share) => share.run().await,
        Command::Subscription(subscription) => subscription.run().await,
        Command::Place(place) => place.run().await,
        Command::PairingToken(token) => token.run().await,
        Command::Alarm(alarm) => alarm.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::User(user) => user.run().await,
        Command::Token(token) => token.run().await,
        Command::Explain(explain) => explain.run(),
        Command::Openapi => {
            output::line(serde_json::to_string_pretty(&people::openapi::document())?);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
