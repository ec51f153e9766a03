//! picketctl: the agent's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    picket_agent::ctl::main()
}
