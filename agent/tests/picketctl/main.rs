//! picketctl as it is run: what it prints, and its exit codes. The agent is a socket that gives set answers, or none.

#![expect(clippy::disallowed_methods, reason = "the tests run the program")]

mod agent;
mod agentless;
mod answers;
mod asking;
mod image;
mod issuer;
mod together;
