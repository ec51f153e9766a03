//! The state machine of a sensor: events in, effects out; time and chance as values. All decisions of the agent are here.
//!
//! No I/O, no clock, no randomness, no log: `no_std`, so that the compiler keeps it so. [`State::on`] is total: whatever
//! happens, in whatever state, there is an answer.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod accepted;
pub mod audit;
pub mod effect;
pub mod event;
pub mod identity;
pub mod moment;
pub mod outcome;
pub mod proxy;
pub mod settings;
pub mod stamp;
