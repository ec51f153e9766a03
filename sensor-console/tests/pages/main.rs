//! The console's pages over an agent that is played: every page in every state that a sensor can be in.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod agent;
mod samples;
mod states;
