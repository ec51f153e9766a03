//! An agent whose state folder lies on another file system than it seems to.

use anyhow::Result;
use picket_lab::Agent;

/// Makes the state folder one that can be read, and written to by nobody.
pub const READ_ONLY: &str = "mount --bind \"$STATE\" \"$STATE\"; mount -o remount,bind,ro \"$STATE\"";

/// Starts the agent in a mount namespace of its own, after `prepare` has changed what lies at `$STATE`.
///
/// # Errors
/// When the agent does not answer.
pub fn start_with(agent: &mut Agent, prepare: &str) -> Result<()> {
    let script = format!("set -e; {prepare}; exec \"$@\"");
    let state = agent.state();
    let mut command =
        agent.command_under("unshare", &["--map-current-user", "--mount", "--keep-caps", "sh", "-c", &script, "sh"]);
    command.env("STATE", state);
    agent.start_as(command)?;
    agent.until_it_answers()
}
