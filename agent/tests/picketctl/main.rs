//! picketctl as it is run: what it prints, and its exit codes. The agent is a socket that gives set answers, or none.

#![expect(clippy::disallowed_methods, reason = "the tests run the programs, and wait by a clock of their own")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod agent;
mod agentless;
mod answers;
mod asking;
mod image;
mod issuer;
mod together;
