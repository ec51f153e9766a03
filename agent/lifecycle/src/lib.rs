//! The state machine of a sensor: events in, effects out; time and chance as values. All decisions of the agent are here.
//!
//! No I/O, no clock, no randomness, no log: `no_std`, so that the compiler keeps it so. [`State::on`] is total: whatever
//! happens, in whatever state, there is an answer.
//!
//! Where to look: [`event`] and [`effect`] are the two sides; [`phase`] the three conditions of a sensor; `offer.rs` what
//! becomes of an upload, `commit.rs` how one comes into force or is ended, `pairing.rs` how a person changes its management
//! console, `answer.rs` what a heartbeat brings back;
//! [`connection`] how one activation gets and keeps its link; [`routes`] where alerts go.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod accepted;
mod answer;
pub mod appliance;
pub mod audit;
pub mod candidate;
pub mod chain;
pub mod clock;
mod commit;
pub mod connection;
pub mod delivery;
pub mod effect;
pub mod enrolled;
pub mod epochs;
pub mod event;
pub mod filing;
pub mod health;
pub mod identity;
mod links;
pub mod moment;
mod offer;
pub mod outcome;
mod pairing;
mod people;
pub mod phase;
pub mod probation;
pub mod proxy;
pub mod pursuit;
mod recovery;
pub mod renewal;
pub mod routes;
pub mod settings;
mod setup;
pub mod stamp;
mod start;
mod state;
#[cfg(test)]
mod tests;
pub mod time_floor;
mod trust;
mod turn;
pub mod view;
mod words;

pub use state::State;
