//! Tables and random walks over the state machine.

mod activation;
mod candidate;
mod clocks;
mod console;
mod deactivation;
mod epochs;
mod fixtures;
mod heartbeats;
mod pairing;
mod people;
mod reissue;
mod renewal;
mod restarts;
mod rig;
mod routes;
mod trust;
mod walker;
mod walks;
